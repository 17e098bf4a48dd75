"""Rule books of the store: which one is live, which was in force, and publishing another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from engine.access import person_key
from engine.audit import Json
from engine.errors import (
    ConflictError,
    DamagedError,
    InputError,
    NotFoundError,
    NotReadyError,
    RevisionUnreadableError,
)
from engine.operations.idempotency import recall, remember
from engine.operations.linking import linked
from engine.rulebook import Book, Edit, diff_books, load_book
from engine.store import Database, append_entry
from engine.store.rows import table_of
from engine.store.tables import RevisionRow, RuleChangeRow
from engine.vocabulary import EntryKind, Text

_revision = table_of(RevisionRow).c
_FILES = select(_revision.files).where(_revision.hash == bindparam("revision"))
ANY_REVISION = "any"
"""Publish whatever the live revision is; for the command line, where a person has just read it."""


@dataclass(frozen=True, slots=True)
class Published:
    """A published change.

    Attributes:
        changed: False: this revision was live already, nothing was written.
    """

    change_id: int
    revision: str
    edits: tuple[Edit, ...]
    changed: bool


def live_change(session: Session, as_of: datetime | None = None) -> RuleChangeRow | None:
    """The change whose revision is live, or was in force at an instant; None: there was none."""
    query = select(RuleChangeRow)
    if as_of is None:
        query = query.where(RuleChangeRow.state == "LIVE")  # type: ignore[arg-type]
    else:
        newest = (RuleChangeRow.live_from.desc(), RuleChangeRow.id.desc())  # type: ignore[union-attr]
        query = query.where(RuleChangeRow.live_from <= as_of).order_by(*newest)  # type: ignore[operator,arg-type]
    return session.execute(query.limit(1)).scalars().first()


def live_book(session: Session, as_of: datetime | None = None) -> Book | None:
    """The live rule book, or the one in force at an instant; None: nothing was published then."""
    change = live_change(session, as_of)
    return None if change is None else book_of(session, change.revision)


def require_live_book(session: Session) -> Book:
    """The live rule book.

    Raises:
        NotReadyError: Nothing was published yet.
    """
    book = live_book(session)
    if book is None:
        raise NotReadyError(
            Text("No rule book is published yet.", "尚未发布规则库。"),
            Text(
                'Publish one: touchstone rules publish --by NAME --reason "first rules".',
                '请先发布：touchstone rules publish --by 名字 --reason "首次发布"。',
            ),
        )
    return book


def book_of(session: Session, revision: str) -> Book:
    """The rule book of a stored revision.

    Raises:
        NotFoundError: No such revision is stored.
        DamagedError: Its stored text is not the one it is named by.
        RevisionUnreadableError: This version cannot link it any more.
    """
    key = ("files of a revision", revision)
    files = session.info.get(key)  # asked for again and again by whoever explains
    if files is None:
        files = session.info[key] = session.execute(_FILES, {"revision": revision}).scalar_one_or_none()
    if files is None:
        raise NotFoundError(
            Text(f"There is no rule revision {revision}.", f"没有规则版本 {revision}。"),
            Text("`touchstone rules log` lists them.", "`touchstone rules log` 可列出所有版本。"),
        )
    return linked(revision, files)


def merge_with_live(session: Session, edits: Mapping[str, str | None], revision: str | None = None) -> dict[str, str]:
    """The live files with some replaced, added, or (None) removed.

    Args:
        revision: The one that was live when the edits were made: the same request means the same later on. None,
            or one that is not stored: the one live now.
    """
    known = revision is not None and session.get(RevisionRow, revision) is not None
    base = book_of(session, revision) if revision is not None and known else live_book(session)
    files = {} if base is None else {file.path: file.text for file in base.files}
    for path, text in edits.items():
        if text is None:
            files.pop(path, None)
        else:
            files[path] = text
    return files


def publish(
    database: Database,
    files: Mapping[str, str | bytes],
    actor: str,
    reason: str,
    now: datetime,
    expected_revision: str | None = ANY_REVISION,
    restores: int | None = None,
    idempotency_key: str | None = None,
) -> Published:
    """Make a rule book live: compare-and-swap on the live revision, with a ledger entry.

    Args:
        files: Text by path relative to the rule folder; the whole book.
        expected_revision: The live revision the caller had read; None: none yet.
        restores: The change whose revision is published again, for a rollback.

    Raises:
        RuleBookError: The files have errors; nothing is published.
        InputError: No actor or no reason; or the live book asks for an approval (APPROVAL_REQUIRED).
        ConflictError: Another revision is live than expected.
    """
    if not actor.strip() or not reason.strip():
        raise InputError(
            Text("Publishing needs who does it and a reason.", "发布规则必须注明操作人和原因。"),
            Text("Give --by and --reason.", "请使用 --by 和 --reason。"),
            code="REQUIRED",
        )
    book = load_book(files)
    given = [book.revision, expected_revision, actor, reason, restores is not None]
    with database.write() as session:
        known = recall(session, actor, idempotency_key, "publishRulebook", given, now)
        if known is not None:
            return Published(known["change"], known["revision"], (), changed=False)
        live = live_change(session)
        expect_live(live, expected_revision)
        if live is not None and live.revision == book.revision:
            done = Published(live.id or 0, book.revision, (), changed=False)
        else:
            _require_free(session, live)
            done = _make_live(session, live, book, actor, reason, now, restores)
        answer = {"change": done.change_id, "revision": done.revision}
        remember(session, actor, idempotency_key, "publishRulebook", given, answer, now)
        return done


def _make_live(
    session: Session,
    live: RuleChangeRow | None,
    book: Book,
    actor: str,
    reason: str,
    now: datetime,
    restores: int | None,
) -> Published:
    """Store the revision, swap the live change and write the entry."""
    edits = _edits_since(session, live, book)
    store_revision(session, book, now)
    change = _swap(session, live, book, actor, reason, now, restores)
    body: dict[str, Json] = {
        "change": change.id,
        "revision": book.revision,
        "base": None if live is None else live.revision,
        "bootstrap": change.bootstrap,
        "restores": restores,
        "edits": [[edit.item, edit.effect, edit.before, edit.after] for edit in edits] if live else [],
    }
    kind = EntryKind.RULES_PUBLISHED if restores is None else EntryKind.RULES_ROLLED_BACK
    append_entry(session, kind, actor, reason, f"rule_change:{change.id}", body, now)
    return Published(change.id or 0, book.revision, edits, changed=True)


def _edits_since(session: Session, live: RuleChangeRow | None, book: Book) -> tuple[Edit, ...]:
    """What the book changes; publishing is the way out of a live revision that cannot be read, then nothing is told."""
    try:
        return diff_books(None if live is None else book_of(session, live.revision), book)
    except (DamagedError, RevisionUnreadableError):
        return ()


def changes(session: Session) -> list[RuleChangeRow]:
    """Every change, newest first."""
    query = select(RuleChangeRow).order_by(RuleChangeRow.id.desc())  # type: ignore[union-attr]
    return list(session.execute(query).scalars())


def expect_live(live: RuleChangeRow | None, expected: str | None) -> None:
    """Refuse to go on from another live revision than the caller had read.

    Raises:
        ConflictError: It is another one.
    """
    found = None if live is None else live.revision
    if expected not in (ANY_REVISION, found):
        raise ConflictError(
            Text(
                f"The live revision is {found or 'none'}, not {expected or 'none'}.",
                f"当前生效版本是 {found or '无'}，而不是 {expected or '无'}。",
            ),
            Text("Read it again and compare before publishing.", "请重新读取并比较后再发布。"),
        )


def store_revision(session: Session, book: Book, now: datetime) -> None:
    """Keep a rule book under its content hash."""
    if session.get(RevisionRow, book.revision) is None:
        files = orjson.dumps([[file.path, file.text] for file in book.files]).decode()
        session.add(RevisionRow(hash=book.revision, name=book.name, files=files, created_at=now))
        session.flush()


def end_live(session: Session, live: RuleChangeRow, restores: int | None, now: datetime) -> None:
    """The live change makes room for another one."""
    state = "SUPERSEDED" if restores is None else "ROLLED_BACK"
    session.execute(
        update(RuleChangeRow)
        .where(RuleChangeRow.id == live.id)  # type: ignore[arg-type]
        .values(state=state, live_until=now, version=live.version + 1)
    )


def approvers_asked(session: Session, live: RuleChangeRow | None) -> int | None:
    """How many the live book asks to approve a change; None: there is none to ask, or none that can be read.

    From a book that cannot be read nothing can be previewed, so a change of it cannot be approved either: publishing
    is the way out, flagged like the first revision of an empty store.
    """
    try:
        return None if live is None else book_of(session, live.revision).approvers
    except (DamagedError, RevisionUnreadableError):
        return None


def _require_free(session: Session, live: RuleChangeRow | None) -> None:
    """What the live book says counts, not what is to be published: no change lifts its own approval."""
    if not approvers_asked(session, live):
        return
    raise InputError(
        Text("A change of these rules needs an approval.", "变更这些规则须经批准。"),
        Text(
            "Propose it: touchstone rules propose --by NAME --reason TEXT; somebody else approves it.",
            "请先提交：touchstone rules propose --by 名字 --reason 原因；再由他人批准。",
        ),
        code="APPROVAL_REQUIRED",
    )


def _swap(
    session: Session,
    live: RuleChangeRow | None,
    book: Book,
    actor: str,
    reason: str,
    now: datetime,
    restores: int | None,
) -> RuleChangeRow:
    """End the live change and start the new one; the unique index on LIVE refuses a second winner."""
    if live is not None:
        end_live(session, live, restores, now)
    change = RuleChangeRow(
        state="LIVE",
        revision=book.revision,
        base_revision=None if live is None else live.revision,
        bootstrap=approvers_asked(session, live) is None,
        restores_id=restores,
        actor=actor,
        author_key=person_key(actor),
        reason=reason,
        at=now,
        live_from=now,
        published_by=actor,
    )
    session.add(change)
    session.flush()
    return change
