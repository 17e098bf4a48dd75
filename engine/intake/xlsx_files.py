"""Rows of XLSX files, read without loading the whole sheet."""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO, Final

from engine.errors import TouchstoneError
from engine.intake.batches import BATCH_ROWS, Batch, check_headers, frame_of, refuse
from engine.intake.shapes import FileRule
from engine.vocabulary import Text

_LIMIT_UNPACKED: Final = 1 << 30
_LIMIT_RATIO: Final = 200
_SMALL: Final = 10 << 20
_LIMIT_PARTS: Final = 10_000


def read_xlsx(stream: BinaryIO, file: str, rule: FileRule) -> Iterator[Batch]:
    """Batches of one sheet (the first, or the declared one); its header is row 1.

    Formulas give the value the program that saved the file had calculated.

    Raises:
        InputError: Not a workbook, a compression bomb, no such sheet, no header.
    """
    import openpyxl

    _check_archive(stream, file)
    stream.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            sheet: Any = _sheet(book, file, rule)
            sheet.reset_dimensions()
            yield from _batches(sheet.iter_rows(values_only=True), file)
    except TouchstoneError:
        raise
    except Exception as error:  # whatever a damaged workbook makes of the parsers below
        raise _broken(file) from error


def _sheet(book: Any, file: str, rule: FileRule) -> Any:
    if rule.sheet and rule.sheet not in book.sheetnames:
        raise refuse(file, f"has no sheet {rule.sheet!r}", f"没有工作表 {rule.sheet!r}")
    return book[rule.sheet] if rule.sheet else book.worksheets[0]


def _batches(lines: Iterator[tuple[object, ...]], file: str) -> Iterator[Batch]:
    import polars as pl

    headers = check_headers(_without_tail(next(lines, ())), file)
    columns: list[list[str | None]] = [[] for _ in headers]
    numbers: list[int] = []
    for number, cells in enumerate(lines, 2):
        if all(cell is None for cell in cells):
            continue
        numbers.append(number)
        for place, column in enumerate(columns):
            column.append(cell_text(cells[place]) if place < len(cells) else None)
        if len(numbers) >= BATCH_ROWS:
            yield Batch(pl.Series(numbers, dtype=pl.Int64), frame_of(headers, columns))
            columns, numbers = [[] for _ in headers], []
    yield Batch(pl.Series(numbers, dtype=pl.Int64), frame_of(headers, columns))


def cell_text(value: object) -> str | None:
    """A cell as it would be typed: numbers with at most 15 digits, as spreadsheets show them.

    >>> cell_text(0.1 + 0.2), cell_text(12.0), cell_text(True)
    ('0.3', '12', 'true')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)


def _number_text(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    text = format(Decimal(format(value, ".15g")), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _without_tail(cells: tuple[object, ...]) -> tuple[object, ...]:
    end = len(cells)
    while end and cells[end - 1] is None:
        end -= 1
    return cells[:end]


def _check_archive(stream: BinaryIO, file: str) -> None:
    """Refuse what would unpack to far more than it is, and XML that declares entities."""
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            packed = max(1, sum(part.compress_size for part in parts))
            too_large = unpacked > _LIMIT_UNPACKED or (unpacked > _SMALL and unpacked / packed > _LIMIT_RATIO)
            if too_large or len(parts) > _LIMIT_PARTS:
                raise refuse(
                    file,
                    "would unpack to far more than a workbook holds",
                    "解压后远超工作簿应有的大小",
                    Text("Save it as CSV.", "请另存为 CSV。"),
                )
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as opened:
                        if b"<!" in opened.read(4096).replace(b"<!--", b""):
                            raise refuse(file, "holds XML with a document type", "包含带文档类型的 XML")
    except TouchstoneError:
        raise
    except Exception as error:  # zipfile lets errors of every decompressor through
        raise _broken(file) from error


def _broken(file: str) -> Exception:
    return refuse(
        file,
        "is not a readable XLSX workbook",
        "不是可读取的 XLSX 工作簿",
        Text("Open it in a spreadsheet program and save it again.", "请用表格软件打开后重新保存。"),
    )
