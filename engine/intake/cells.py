"""The text cells of each column a mapping names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from engine.errors import InputError, closest
from engine.intake.batches import Batch, shortened
from engine.intake.columns import with_words
from engine.intake.mapping import Mapping
from engine.intake.shapes import ColumnSpec
from engine.vocabulary import Text

if TYPE_CHECKING:
    import polars as pl

_NOTHING_BUT_LETTERS: Final = re.compile(r"[\s_\-:：()（）]+")
LIMIT_KEY: Final = 200


def column_cells(mapping: Mapping, batch: Batch, file: str) -> dict[str, pl.Series]:
    """Texts by name of the mapping's columns and fields, null where empty; products are left out.

    Raises:
        InputError: A needed column is not in the file; the message says which headers were looked for.
    """
    headers = _Headers(batch.cells.columns)
    cells: dict[str, pl.Series] = {}
    missing: list[tuple[str, ColumnSpec]] = []
    for name, spec in (*mapping.columns.items(), *mapping.fields.items()):
        if spec.product is not None:
            continue
        found = _cells(spec, mapping, batch, headers)
        if found is None and batch.headers_fixed and name in needed(mapping):
            missing.append((name, spec))
        cells[name] = _empty(batch) if found is None else found
    if missing:
        raise _no_column(file, missing, headers)
    return cells


def needed(mapping: Mapping) -> tuple[str, ...]:
    """Names that may not be empty on any row."""
    from engine.metrics.sources import SOURCES

    source = SOURCES.get(mapping.entity)
    names = [*mapping.key]
    if source is not None:
        names += ["customer", "occurred_at", *(name for name, field in source.fields.items() if field.required)]
        names += ["recorded_at"] if mapping.clock is None else []
    elif "market" in mapping.columns and mapping.customer.market is None:
        names.append("market")
    names += [name for name, spec in (*mapping.columns.items(), *mapping.fields.items()) if spec.required]
    return tuple(dict.fromkeys(names))


def _cells(spec: ColumnSpec, mapping: Mapping, batch: Batch, headers: _Headers) -> pl.Series | None:
    """Cells of one column: trimmed, empty ones and words for nothing null; None: there is no such header."""
    import polars as pl

    found: pl.Series | None
    if spec.constant is not None:
        found = pl.Series([spec.constant], dtype=pl.String).new_from_index(0, batch.cells.height)
    else:
        header = headers.find(spec.headers)
        found = None if header is None else _trimmed(batch.cells[header], mapping.file.missing)
    if spec.otherwise is None:
        return found
    other = _cells(spec.otherwise, mapping, batch, headers)
    if other is None:
        return found
    other = with_words(other, spec.otherwise.values)
    return other if found is None else found.zip_with(found.is_not_null(), other)


def _trimmed(cells: pl.Series, missing: Sequence[str]) -> pl.Series:
    import polars as pl

    text = cells.str.strip_chars()
    nothing = text.is_in(["", *missing])
    return text.to_frame("c").select(pl.when(~nothing).then(pl.col("c"))).to_series()


def _empty(batch: Batch) -> pl.Series:
    import polars as pl

    return pl.Series([None], dtype=pl.String).new_from_index(0, batch.cells.height)


def key_cells(cells: Sequence[pl.Series]) -> pl.Series:
    """Keys: columns joined by `/`, in normal width, without the `.0` spreadsheets put behind whole numbers."""
    import polars as pl

    plain = [
        part.str.normalize("NFKC").str.strip_chars().str.replace(r"^(\d+)\.0$", "$1").alias(f"part {place}")
        for place, part in enumerate(cells)
    ]
    return pl.DataFrame(plain).select(pl.concat_str(pl.all(), separator="/")).to_series()


class _Headers:
    """Finds a header by any of its names: as written first, then in any case and without blanks and `_`."""

    def __init__(self, headers: Sequence[str]) -> None:
        self.written = [header for header in headers if "\x00" not in header]
        self._folded: dict[str, str] = {}
        for header in self.written:
            self._folded.setdefault(_folded(header), header)

    def find(self, names: Sequence[str]) -> str | None:
        for name in names:
            if name in self.written:
                return name
        return next((self._folded[_folded(name)] for name in names if _folded(name) in self._folded), None)

    def __iter__(self) -> Iterator[str]:
        return iter(self.written)


def _folded(header: str) -> str:
    return _NOTHING_BUT_LETTERS.sub("", header).casefold()


def _no_column(file: str, missing: list[tuple[str, ColumnSpec]], headers: _Headers) -> InputError:
    looked = "; ".join(f"{name}: {' | '.join(spec.headers)}" for name, spec in missing)
    seen = ", ".join(shortened(header) for header in list(headers)[:20])
    near = next((near for _, spec in missing for name in spec.headers if (near := closest(name, headers))), None)
    return InputError(
        Text(
            f"{file} has no column for {looked}. Its columns are: {seen}.",
            f"{file} 缺少以下列：{looked}。现有列：{seen}。",
        ),
        Text(f"Is it {near!r}? Add that name to `from` in the mapping.", f"是否为 {near!r}？请加入映射的 `from`。")
        if near
        else Text("Add the file's name for it to `from` in the mapping.", "请把文件中的列名加入映射的 `from`。"),
        code="FILE",
    )
