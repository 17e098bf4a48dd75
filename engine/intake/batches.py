"""Batches of text cells as readers give them, and what does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from engine.errors import InputError
from engine.vocabulary import Text

if TYPE_CHECKING:
    import polars as pl

BATCH_ROWS: Final = 50_000
LIMIT_COLUMNS: Final = 1_000
LIMIT_CELL: Final = 10_000
"""Characters; a longer cell sends its row to the quarantine, far longer ones end the file."""
LIMIT_ROWS: Final = 20_000_000
SHOWN: Final = 60
"""Characters of an offending value that are kept."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Something that does not fit.

    Attributes:
        row: From 1; the header of CSV and XLSX files is row 1.
        column: Field of the mapping or header of the file; None: the whole row.
        reason: Stable name, a key of `engine.intake.reasons.REASONS`.
        message: One sentence for people.
        value: The offending value, shortened.
        rows: How many rows have it (reported words only; else 1).
        ref: The customer the row is about, where that could be read.
        quarantined: The row takes part in nothing; false: it was taken and this is only reported.
    """

    file: str
    row: int
    column: str | None
    reason: str
    message: Text
    value: str | None = None
    rows: int = 1
    quarantined: bool = True
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a file.

    Attributes:
        rows: (n,) row numbers, see `Quarantined.row`.
        cells: (n, headers) texts; null: empty.
        rejected: Rows that could not even be cut into cells.
        headers_fixed: Every row has the same columns (JSONL: no).
    """

    rows: pl.Series
    cells: pl.DataFrame
    rejected: list[Quarantined] = field(default_factory=list)
    headers_fixed: bool = True


def refuse(file: str, en: str, zh: str, hint: Text | None = None) -> InputError:
    """A whole file that cannot be read."""
    return InputError(Text(f"{file} {en}.", f"{file} {zh}。"), hint, code="FILE")


def shortened(value: object) -> str:
    """A value as it may be shown and kept: printable and short.

    >>> shortened("a\\x00b")
    'a\\ufffdb'
    """
    text = "".join(c if c.isprintable() else "\ufffd" for c in str(value)[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def check_headers(headers: Sequence[object], file: str) -> list[str]:
    """Headers as text; refuses a file without any or with far too many."""
    if not any(headers):
        raise refuse(file, "has no header row", "没有表头行", Text("Name the columns in row 1.", "请在第1行写列名。"))
    if len(headers) > LIMIT_COLUMNS:
        raise refuse(file, f"has more than {LIMIT_COLUMNS} columns", f"超过 {LIMIT_COLUMNS} 列")
    return ["" if header is None else str(header).strip().strip("\ufeff") for header in headers]


def frame_of(headers: Sequence[str], columns: Sequence[Sequence[str | None]]) -> pl.DataFrame:
    """Cells by header; of several columns with one header only the first is kept, later ones are numbered."""
    import polars as pl

    seen: dict[str, int] = {}
    named: dict[str, pl.Series] = {}
    for header, cells in zip(headers, columns, strict=True):
        seen[header] = seen.get(header, 0) + 1
        name = header if seen[header] == 1 else f"{header}\x00{seen[header]}"
        named[name] = pl.Series(name, cells, dtype=pl.String)
    return pl.DataFrame(named)
