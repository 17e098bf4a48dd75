"""Bytes of a SQLite file flipped where a chunk is stored, and put back again."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def flip(file: Path, chunk_id: int, column: str = "body") -> tuple[int, bytes]:
    """Flip one bit in the file, within a chunk's column; gives where, and the byte that was there.

    Nobody may have the file open: what is in the write-ahead log is not in the file yet.
    """
    connection = sqlite3.connect(file)
    connection.execute("pragma wal_checkpoint(truncate)")
    (stored,) = connection.execute(f"select {column} from chunk where id = ?", (chunk_id,)).fetchone()
    connection.close()
    content = bytearray(file.read_bytes())
    # A piece that only this chunk has; the whole may go on in another page, and chunks begin alike.
    pieces = (stored[start : start + 16] for start in range(len(stored) - 16, 0, -8))
    place = next(content.index(piece) for piece in pieces if content.count(piece) == 1)
    before = bytes(content[place : place + 1])
    content[place] ^= 4
    file.write_bytes(content)
    return place, before


def restore(file: Path, place: int, before: bytes) -> None:
    """Put a byte back, as from a backup of the file's page."""
    with file.open("r+b") as opened:
        opened.seek(place)
        opened.write(before)
