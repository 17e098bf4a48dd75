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

_WRITTEN: Final = re.compile(r"sha256:.*|[0-9a-f]{4,64}", re.DOTALL)
_LEAST: Final = 7
_ENOUGH: Final = re.compile(f"[0-9a-f]{{{_LEAST},64}}")
_SHOWN: Final = 19


def is_revision(words: str) -> bool:
    """Somebody may mean a revision by this, even if it is too little of it.

    >>> is_revision("sha256:e1e350b"), is_revision("e1e3"), is_revision("rules")
    (True, True, False)
    """
    return _WRITTEN.fullmatch(words) is not None


def require_revision(words: str) -> None:
    """Refuse what is too little of a revision, or no beginning of any; needs no database.

    Raises:
        InputError: Fewer than 7 digits, more than 64, or other letters than those of a hash.
    """
    digits = words.removeprefix("sha256:")
    if _ENOUGH.fullmatch(digits):
        return
    raise InputError(
        Text(f"{words} is no rule folder, and a revision needs at least {_LEAST} digits (0-9, a-f).",
             f"{words} 不是规则文件夹；版本号至少要写 {_LEAST} 位（0-9、a-f）。"),
        Text("Write more of it, as `touchstone rules log` shows it.",
             "请照 `touchstone rules log` 列出的写得更完整。"),
    )  # fmt: skip


def book_named(session: Session, words: str) -> Book:
    """The rule book of a stored revision, by its hash or by a beginning of it that only one has.

    Raises:
        NotFoundError: No such revision is stored.
        InputError: Several begin so, or it is too little to be one.
    """
    require_revision(words)
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
