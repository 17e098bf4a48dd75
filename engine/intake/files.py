"""Reading a file of any of the formats, by its first bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from engine.intake.batches import Batch, refuse
from engine.intake.csv_files import read_csv
from engine.intake.jsonl_files import read_jsonl
from engine.intake.parquet_files import read_parquet
from engine.intake.shapes import FileRule
from engine.intake.xlsx_files import read_xlsx
from engine.vocabulary import Text


def read_file(stream: BinaryIO, file: str, rule: FileRule) -> Iterator[Batch]:
    """Batches of a CSV, XLSX, Parquet or JSONL file.

    Args:
        stream: Open and seekable, at its start.
        file: Name for messages; `.jsonl` and `.ndjson` tell JSONL, the other formats are told by content.
        rule: How the file is written.

    Raises:
        InputError: The file as a whole cannot be read.
    """
    start = stream.read(8)
    stream.seek(0)
    if not start:
        raise refuse(file, "is empty", "是空文件", Text("Export it again.", "请重新导出。"))
    if start.startswith(b"PAR1"):
        return read_parquet(stream, file)
    if start.startswith(b"PK"):
        return read_xlsx(stream, file, rule)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise refuse(
            file, "is an old .xls workbook", "是旧版 .xls 工作簿", Text("Save it as .xlsx.", "请另存为 .xlsx。")
        )
    if file.lower().endswith((".jsonl", ".ndjson")):
        return read_jsonl(stream, file)
    return read_csv(stream, file, rule)
