"""Rows of Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from engine.intake.batches import BATCH_ROWS, LIMIT_ROWS, Batch, check_headers, refuse
from engine.vocabulary import Text

if TYPE_CHECKING:
    import polars as pl


def read_parquet(stream: BinaryIO, file: str) -> Iterator[Batch]:
    """Batches of a Parquet file; rows count from 1.

    Nested and binary columns and durations come as empty texts.

    Raises:
        InputError: Not a Parquet file, or of more rows than can be taken.
    """
    import polars as pl

    try:
        scanned = pl.scan_parquet(stream)
        rows = int(scanned.select(pl.len()).collect().item())
        if rows > LIMIT_ROWS:
            raise refuse(file, f"has more than {LIMIT_ROWS} rows", f"超过 {LIMIT_ROWS} 行")
        frame = scanned.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise refuse(
            file,
            "is not a readable Parquet file",
            "不是可读取的 Parquet 文件",
            Text("Write it again, or save it as CSV.", "请重新导出，或另存为 CSV。"),
        ) from error
    check_headers(frame.columns, file)
    for first in range(0, max(rows, 1), BATCH_ROWS):
        part = frame.slice(first, BATCH_ROWS)
        texts = part.select([_as_text(part[name]) for name in part.columns])
        yield Batch(pl.Series(range(first + 1, first + 1 + part.height), dtype=pl.Int64), texts)


def _as_text(cells: pl.Series) -> pl.Series:
    import polars as pl

    if cells.dtype.is_nested() or cells.dtype in (pl.Binary, pl.Object, pl.Null, pl.Duration):
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.String)
    if isinstance(cells.dtype, pl.Datetime):
        zoned = "%Y-%m-%dT%H:%M:%S%.6f%:z" if cells.dtype.time_zone else "%Y-%m-%dT%H:%M:%S%.6f"
        return cells.dt.to_string(zoned)
    return cells.cast(pl.String)
