"""Rows of JSONL files: one object a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import orjson

from engine.intake.batches import BATCH_ROWS, LIMIT_COLUMNS, Batch, Quarantined, frame_of, refuse, shortened
from engine.intake.reasons import REASONS
from engine.intake.xlsx_files import cell_text

_LIMIT_LINE: Final = 1 << 20


def read_jsonl(stream: BinaryIO, file: str) -> Iterator[Batch]:
    """Batches of a JSONL file; rows are its lines, from 1; empty lines are passed over.

    Raises:
        InputError: Objects of too many different keys.
    """
    objects: list[tuple[int, dict[str, Any]]] = []
    rejected: list[Quarantined] = []
    for number, line in _lines(stream):
        if not line.strip():
            continue
        item = _object(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
        if item is None:
            shown = shortened(line[:200].decode("utf-8", "replace"))
            rejected.append(Quarantined(file, number, None, "not_an_object", REASONS["not_an_object"], shown))
        else:
            objects.append((number, item))
        if len(objects) + len(rejected) >= BATCH_ROWS:
            yield _batch(objects, rejected, file)
            objects, rejected = [], []
    yield _batch(objects, rejected, file)


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers; one that is far too long is cut off and so no object."""
    number = 0
    while line := stream.readline(_LIMIT_LINE):
        number += 1
        yield number, line
        while len(line) == _LIMIT_LINE and not line.endswith(b"\n"):
            line = stream.readline(_LIMIT_LINE)


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        item = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(item, dict) or any(isinstance(value, dict | list) for value in item.values()):
        return None
    return item


def _batch(objects: list[tuple[int, dict[str, Any]]], rejected: list[Quarantined], file: str) -> Batch:
    import polars as pl

    headers = list(dict.fromkeys(key for _, item in objects for key in item))
    if len(headers) > LIMIT_COLUMNS:
        raise refuse(file, f"has more than {LIMIT_COLUMNS} different keys", f"的不同键超过 {LIMIT_COLUMNS} 个")
    columns = [[cell_text(item.get(header)) for _, item in objects] for header in headers]
    numbers = pl.Series([number for number, _ in objects], dtype=pl.Int64)
    return Batch(numbers, frame_of(headers, columns), rejected, headers_fixed=False)
