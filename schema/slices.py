"""Pages of lists that are computed, not stored: a cursor names a row by its number."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from engine.store.reading import Page, Slice, bad_cursor


def cut(rows: Sequence[tuple[int, str | None]], slice_: Slice) -> Page[tuple[int, str | None]]:
    """A page of (row number, further) pairs in the order given.

    Raises:
        InputError: BAD_CURSOR, no row of the list has that number.
    """
    start, stop = 0, len(rows)
    if slice_.cursor is not None:
        place = _place(rows, slice_.cursor)
        start, stop = (0, place) if slice_.backward else (place + 1, stop)
    if slice_.backward:
        start = max(start, stop - slice_.size)
    else:
        stop = min(stop, start + slice_.size)
    kept = tuple(rows[start:stop])
    return Page(kept, tuple(_cursor(row[0]) for row in kept), stop < len(rows), start > 0)


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(str(number).encode()).decode().rstrip("=")


def _place(rows: Sequence[tuple[int, str | None]], cursor: str) -> int:
    try:
        number = int(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise bad_cursor() from None
    for place, row in enumerate(rows):
        if row[0] == number:
            return place
    raise bad_cursor()
