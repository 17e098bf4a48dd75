"""Stored revisions of the rules by what people write of them: all of it, or enough of its beginning."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.errors import InputError
from engine.operations.publishing import book_of
from engine.rulebook import Book
from engine.store.tables import RevisionRow
from engine.vocabulary import Text

_WRITTEN: Final = re.compile(r"(?:sha256:)?[0-9a-f]{7,64}")
_SHOWN: Final = 19


def is_revision(words: str) -> bool:
    """Somebody may mean a revision by this.

    >>> is_revision("sha256:e1e350b"), is_revision("e1e350bb"), is_revision("rules")
    (True, True, False)
    """
    return _WRITTEN.fullmatch(words) is not None


def book_named(session: Session, words: str) -> Book:
    """The rule book of a stored revision, by its hash or by a beginning of it that only one has.

    Raises:
        NotFoundError: No such revision is stored.
        InputError: Several begin so.
    """
    begin = f"sha256:{words.removeprefix('sha256:')}"
    column = col(RevisionRow.hash)
    query = select(column).where(column.startswith(begin, autoescape=True)).limit(3)
    found: list[str] = list(session.execute(query).scalars())
    if len(found) > 1:
        listed = ", ".join(revision[:_SHOWN] for revision in found)
        raise InputError(
            Text(f"Several revisions begin with {begin}: {listed}.", f"有多个版本以 {begin} 开头：{listed}。"),
            Text("Write more of it.", "请写得更完整。"),
        )
    return book_of(session, found[0] if found else begin)
