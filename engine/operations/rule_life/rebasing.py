"""A change edited again: its own edits on the rules that are live now, so that nothing published since is undone."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from engine.errors import ConflictError
from engine.operations.publishing import book_of, live_book
from engine.operations.rule_life.changes import change_of
from engine.rulebook import Book
from engine.vocabulary import Text


def files_of_edit(session: Session, change_id: int, edits: Mapping[str, str | None]) -> dict[str, str]:
    """The whole book of a change that is edited: the live files, those the change itself edits, and the ones given.

    Args:
        edits: Files as edited now; None: removed.

    Raises:
        NotFoundError: No such change.
        ConflictError: A file that the change edits was edited by what went live since, and is not given now.
        DamagedError, RevisionUnreadableError: A revision cannot be read.
    """
    row = change_of(session, change_id)
    now, own = _texts(live_book(session)), _texts(book_of(session, row.revision))
    began = _texts(None if row.base_revision is None else book_of(session, row.base_revision))
    mine = {path: own.get(path) for path in began.keys() | own.keys() if own.get(path) != began.get(path)}
    both = sorted(
        path for path, text in mine.items() if path not in edits and now.get(path) not in (began.get(path), text)
    )
    if both:
        raise ConflictError(
            Text(
                f"{', '.join(both)}: edited by this change and by what went live since.",
                f"{'、'.join(both)}：本变更与其后生效的规则都修改了该文件。",
            ),
            Text("Give the whole file as it is to be.", "请提交该文件的完整内容。"),
        )
    merged = {**now, **mine, **edits}
    return {path: text for path, text in merged.items() if text is not None}


def _texts(book: Book | None) -> dict[str, str]:
    return {} if book is None else {file.path: file.text for file in book.files}
