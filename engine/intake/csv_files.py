"""Rows of CSV files: UTF-8 with or without a byte order mark, GBK/GB18030, UTF-16 with one."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO, Final

from engine.errors import InputError
from engine.intake.batches import BATCH_ROWS, Batch, Quarantined, check_headers, frame_of, refuse, shortened
from engine.intake.reasons import REASONS
from engine.intake.shapes import FileRule
from engine.vocabulary import Text

_BLOCK: Final = 1 << 20
_LIMIT_FIELD: Final = 1 << 20
_DELIMITERS: Final = {"tab": "\t"}


def read_csv(stream: BinaryIO, file: str, rule: FileRule) -> Iterator[Batch]:
    """Batches of a CSV file; its header is row 1, rows are counted as records, not as lines.

    Raises:
        InputError: Not text in the declared or any known encoding, no header, broken quoting.
    """
    encoding = _encoding(stream, file, rule)
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        yield from _batches(text, file, rule)
    except UnicodeDecodeError as error:
        raise _not_text(file, encoding) from error
    except csv.Error as error:
        raise refuse(
            file,
            f"is not a proper CSV file: {error}",
            f"不是规范的 CSV 文件：{error}",
            Text("Is a quotation mark left open?", "是否有未闭合的引号？"),
        ) from error
    finally:
        text.detach()


def _batches(text: io.TextIOWrapper, file: str, rule: FileRule) -> Iterator[Batch]:
    csv.field_size_limit(_LIMIT_FIELD)
    lines = csv.reader(text, delimiter=_delimiter(text, rule), strict=True)
    headers = check_headers(next(lines, []), file)
    rows: list[list[str]] = []
    numbers: list[int] = []
    rejected: list[Quarantined] = []
    for number, row in enumerate(lines, 2):
        if len(row) == len(headers):
            rows.append(row)
            numbers.append(number)
        elif any(row):
            rejected.append(
                Quarantined(file, number, None, "wrong_cells", REASONS["wrong_cells"], shortened(",".join(row[:20])))
            )
        if len(rows) + len(rejected) >= BATCH_ROWS:
            yield _batch(headers, numbers, rows, rejected)
            rows, numbers, rejected = [], [], []
    yield _batch(headers, numbers, rows, rejected)


def _batch(headers: list[str], numbers: list[int], rows: list[list[str]], rejected: list[Quarantined]) -> Batch:
    import polars as pl

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(headers)
    return Batch(pl.Series(numbers, dtype=pl.Int64), frame_of(headers, columns), rejected)


def _delimiter(text: io.TextIOWrapper, rule: FileRule) -> str:
    """The declared delimiter, else the one that occurs most often in the header."""
    if rule.delimiter != "auto":
        return _DELIMITERS.get(rule.delimiter, rule.delimiter)
    start = text.tell()
    header = text.readline(_LIMIT_FIELD)
    text.seek(start)
    return max((",", ";", "\t", "|"), key=header.count)


def _encoding(stream: BinaryIO, file: str, rule: FileRule) -> str:
    """Name of the codec; what is not declared is tried out on the whole file."""
    start = stream.read(4)
    stream.seek(0)
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if rule.encoding != "auto":
        return {"gbk": "gb18030"}.get(rule.encoding, rule.encoding)
    for encoding in ("utf-8", "gb18030"):
        if _decodes(stream, encoding):
            return encoding
    raise _not_text(file, "utf-8")


def _decodes(stream: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    try:
        while block := stream.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _not_text(file: str, encoding: str) -> InputError:
    return refuse(
        file,
        f"is not text in {encoding}",
        f"不是 {encoding} 编码的文本",
        Text("Save it as UTF-8, or declare `file: {encoding: …}`.", "请另存为 UTF-8，或声明 `file: {encoding: …}`。"),
    )
