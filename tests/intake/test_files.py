"""Readers: every format gives the same cells; hostile files are refused with a sentence."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta

import openpyxl
import polars as pl
import pytest

from engine.errors import TouchstoneError
from engine.intake import read_file
from engine.intake.shapes import FileRule
from engine.vocabulary import Locale

HEADER = ["订单号", "净额", "备注"]
ROWS = [["A-1", "12.5", '说"好"'], ["A-2", "7", "两\n行"], ["A-3", "", ""]]


def csv_bytes(encoding: str, delimiter: str = ",") -> bytes:
    import csv

    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows([HEADER, *ROWS])
    return text.getvalue().encode(encoding)


def xlsx_bytes(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def read(content: bytes, name: str = "orders.csv", **rule: str) -> list[list[str | None]]:
    made = []
    for batch in read_file(io.BytesIO(content), name, FileRule.model_validate(rule)):
        made += [[row or None for row in line] for line in batch.cells.select(HEADER).rows()]
    return made


WANTED = [[cell or None for cell in row] for row in ROWS]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_in_every_encoding(encoding: str, delimiter: str) -> None:
    assert read(csv_bytes(encoding, delimiter)) == WANTED


def test_other_formats_give_the_same_cells() -> None:
    numbers: list[list[object]] = [HEADER, ["A-1", 12.5, '说"好"'], ["A-2", 7, "两\n行"], ["A-3", None, None]]
    assert read(xlsx_bytes(numbers), "orders.xlsx") == WANTED
    frame = pl.DataFrame({name: [row[place] or None for row in ROWS] for place, name in enumerate(HEADER)})
    assert read(parquet_bytes(frame), "orders.parquet") == WANTED
    lines = "\n".join(json.dumps(dict(zip(HEADER, row, strict=True)), ensure_ascii=False) for row in WANTED)
    assert read(lines.encode(), "orders.jsonl") == WANTED


def test_rows_are_counted_from_the_header() -> None:
    content = b"a,b\n1,2\n\n1\n3,4\n"
    (batch,) = read_file(io.BytesIO(content), "x.csv", FileRule())
    assert batch.rows.to_list() == [2, 5]
    assert [(item.row, item.reason) for item in batch.rejected] == [(4, "wrong_cells")]


def test_dates_and_numbers_of_a_workbook_are_as_typed() -> None:
    content = xlsx_bytes([HEADER, [datetime(2026, 1, 3, 4, 5), 0.1 + 0.2, True]])
    assert read(content, "x.xlsx") == [["2026-01-03T04:05:00", "0.3", "true"]]


def test_columns_no_mapping_can_use_are_empty_texts() -> None:
    odd = pl.DataFrame({"订单号": ["A"], "净额": [[1]], "备注": [timedelta(seconds=3)]})
    assert read(parquet_bytes(odd), "x.parquet") == [["A", None, None]]


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (64 << 20))
    return out.getvalue()


def entities() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes([HEADER]))) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            doctype = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>'
            new.writestr(part, doctype if part.endswith("sheet1.xml") else old.read(part))
    return out.getvalue()


HOSTILE = [
    ("empty", b"", "x.csv"),
    ("no header", b"\n\n\n", "x.csv"),
    ("neither UTF-8 nor GBK", b"a,b\n\xff\xff\xff,1\n", "x.csv"),
    ("an open quotation mark", b'a,b\n"1,2\n' + b"3,4\n" * 10, "x.csv"),
    ("a huge cell", b"a,b\n" + b"x" * (2 << 20) + b",1\n", "x.csv"),
    ("two thousand columns", b",".join(b"c%d" % n for n in range(2000)) + b"\n", "x.csv"),
    ("an archive that is none", b"PK\x03\x04" + b"\x00" * 200, "x.xlsx"),
    ("an archive of something else", None, "x.xlsx"),
    ("a compression bomb", bomb, "x.xlsx"),
    ("XML entities", entities, "x.xlsx"),
    ("an old workbook", b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "x.xls"),
    ("half a Parquet file", parquet_bytes(pl.DataFrame({"a": list(range(1000))}))[:400], "x.parquet"),
    ("a Parquet file of noise", b"PAR1" + b"\xab" * 400 + b"PAR1", "x.parquet"),
]


def other_archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("hello.txt", "hello")
    return out.getvalue()


@pytest.mark.parametrize(("content", "name"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_files_are_refused_with_a_sentence(content: bytes | Callable[[], bytes] | None, name: str) -> None:
    made = other_archive() if content is None else content() if callable(content) else content
    with pytest.raises(TouchstoneError) as refused:
        list(read_file(io.BytesIO(made), name, FileRule()))
    assert refused.value.exit_status == 2
    assert refused.value.tell(Locale.ZH)


def test_lines_that_are_no_objects_are_quarantined() -> None:
    lines = [b'{"a": 1}', b"[1]", b'{"a": {"b": 1}}', b'{"a": NaN}', b"{" * 5000, b'{"a": ' + b"1" * (2 << 20) + b"}"]
    (batch,) = read_file(io.BytesIO(b"\n".join(lines)), "x.jsonl", FileRule())
    assert batch.cells["a"].to_list() == ["1"]
    assert [item.row for item in batch.rejected] == [2, 3, 4, 5, 6]
    assert {item.reason for item in batch.rejected} == {"not_an_object"}


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "jsonl"])
def test_a_damaged_file_is_read_or_refused_but_never_breaks(kind: str) -> None:
    frame = pl.DataFrame({name: [row[place] for row in ROWS * 20] for place, name in enumerate(HEADER)})
    whole = {
        "csv": csv_bytes("gbk"),
        "xlsx": xlsx_bytes([HEADER, *ROWS]),
        "parquet": parquet_bytes(frame),
        "jsonl": b'{"a": 1}\n' * 20,
    }[kind]
    chance = random.Random(1)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        assert outcome(bytes(damaged), f"x.{kind}") in ("read", 2)


def outcome(content: bytes, name: str) -> str | int:
    """`read`, or the exit status of the refusal."""
    try:
        for batch in read_file(io.BytesIO(content), name, FileRule()):
            assert len(batch.rows) == batch.cells.height
    except TouchstoneError as refused:
        return refused.exit_status
    return "read"
