"""Reading the files of an import: rows that fit in one frame, and everything that does not."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine.errors import NotFoundError
from engine.intake import Mapping, Quarantined, check_rows, read_file, taken_rows
from engine.vocabulary import Text

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[int, int | None], None]
"""Told how many bytes of how many have been read."""


@dataclass(slots=True)
class Gathered:
    """What was read.

    Attributes:
        rows: Rows that fit, as `taken_rows` gives them, with `file` (position in `names`) and `order`.
        words: Unexpected words: (file, column, word) → (first row, rows, nearest expected word).
    """

    names: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    frames: list[pl.DataFrame] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    words: dict[tuple[str, str, str], tuple[int, int, str | None]] = field(default_factory=dict)
    read: int = 0

    def rows(self) -> pl.DataFrame:
        """All rows that fit, in the order of the files and their rows."""
        import polars as pl

        return pl.concat(self.frames).with_row_index("order")

    def bad_rows(self) -> int:
        """How many rows are quarantined so far."""
        return len({(item.file, item.row) for item in self.quarantined})


def gather(mapping: Mapping, paths: Sequence[str | Path], progress: Progress | None) -> Gathered:
    """Read and check every file.

    Raises:
        NotFoundError: No such file.
        InputError: A file as a whole cannot be read, or lacks a needed column.
    """
    gathered, opened = Gathered(), [_existing(path) for path in paths]
    total, done = sum(path.stat().st_size for path in opened), 0
    for path in opened:
        with path.open("rb") as stream:
            gathered.digests.append("sha256:" + hashlib.file_digest(stream, "sha256").hexdigest())
            stream.seek(0)
            gathered.names.append(path.name)
            _gather_file(mapping, stream, path.name, gathered, _Meter(progress, done, total, stream))
        done += path.stat().st_size
    return gathered


@dataclass(slots=True)
class _Meter:
    """Says how far the reading is; readers that jump about never make it go backwards."""

    progress: Progress | None
    before: int
    total: int
    stream: BinaryIO
    furthest: int = 0

    def tell(self) -> None:
        if self.progress is not None:
            at = self.total if self.stream.closed else self.before + self.stream.tell()
            self.furthest = max(self.furthest, at)
            self.progress(min(self.furthest, self.total), self.total)


def _gather_file(mapping: Mapping, stream: BinaryIO, name: str, gathered: Gathered, meter: _Meter) -> None:
    import polars as pl

    place = len(gathered.names) - 1
    for batch in read_file(stream, name, mapping.file):
        checked = check_rows(mapping, batch, name)
        gathered.read += batch.cells.height + len(batch.rejected)
        gathered.frames.append(taken_rows(checked).with_columns(pl.lit(place, pl.Int32).alias("file")))
        gathered.quarantined += checked.quarantined
        gathered.skipped.update(checked.skipped)
        for (column, word), (row, rows, near) in checked.words.items():
            first, before, _ = gathered.words.get((name, column, word), (row, 0, near))
            gathered.words[name, column, word] = (min(first, row), before + rows, near)
        meter.tell()


def _existing(path: str | Path) -> Path:
    found = Path(path)
    if not found.is_file():
        raise NotFoundError(
            Text(f"There is no file {found}.", f"没有文件 {found}。"),
            Text("Check the path.", "请检查路径。"),
        )
    return found
