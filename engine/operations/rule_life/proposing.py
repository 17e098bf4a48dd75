"""Proposing a change of the live rules: checked, tried, previewed on the stored base, and put to review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.audit import Json
from engine.errors import ConflictError, InputError
from engine.operations.idempotency import recall, remember
from engine.operations.people import Person
from engine.operations.previewing import Preview, preview
from engine.operations.publishing import ANY_REVISION, require_live_book, store_revision
from engine.operations.rule_life.changes import (
    UNSCHEDULED,
    bound,
    change_of,
    move,
    require_reason,
    reviews_of,
    state_of,
)
from engine.operations.rule_life.seen import Seen, seen_of
from engine.operations.rule_life.states import State, Step, after
from engine.rulebook import Book, load_book
from engine.store import Database, append_entry
from engine.store.tables import RuleChangeRow
from engine.trials import run_tests
from engine.vocabulary import EntryKind, Text


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed.

    Attributes:
        change_id: The change that is edited; None: a new one.
        expected_revision: The revision edited, as the caller had read it: the live one, or the change's.
        submit: False: stays a draft, checked and previewed as far as it goes.
        restores: The change whose revision it brings back.
    """

    files: Mapping[str, str | bytes]
    reason: str
    change_id: int | None = None
    expected_revision: str | None = ANY_REVISION
    submit: bool = True
    restores: int | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """What became of a proposal.

    Attributes:
        preview: None: the same request was answered before, or a draft could not be previewed.
        failed_tests: Of the rule files, named; a draft stays one while there are any, a submitted proposal goes on.
    """

    change_id: int
    revision: str
    state: str
    needed: int
    preview: Preview | None = None
    failed_tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Everything that takes time, done before the write."""

    book: Book
    live: str
    preview: Preview | None
    seen: Seen | None
    failed: tuple[str, ...]


def propose(
    database: Database, proposal: Proposal, person: Person, now: datetime, idempotency_key: str | None = None
) -> Proposed:
    """Make a change, or edit an own one: an edit begins a new round, and no earlier review counts any more.

    Raises:
        RuleBookError: The files have errors.
        NotReadyError: Nothing is live: the first revision is published, not proposed.
        InputError: No reason, nothing changes, or the change cannot be edited any more.
        ConflictError: Another revision is there than expected.
    """
    require_reason(proposal.reason)
    book = load_book(proposal.files)
    given = [
        book.revision, person.name, person.on_behalf_of, proposal.reason, proposal.change_id,
        proposal.expected_revision, proposal.submit, proposal.restores is not None,
    ]  # fmt: skip
    with database.read() as session:
        known = recall(session, person.name, idempotency_key, "proposeRulebook", given, now)
        if known is not None:
            return Proposed(**known)
        prepared = _prepared(session, book, proposal, now)
    with database.write() as session:
        known = recall(session, person.name, idempotency_key, "proposeRulebook", given, now)
        if known is not None:
            return Proposed(**known)
        row = _stored(session, prepared, proposal, person, now)
        answer = {"change_id": row.id, "revision": row.revision, "state": row.state, "needed": row.approvers_needed}
        remember(session, person.name, idempotency_key, "proposeRulebook", given, answer, now)
        return Proposed(row.id or 0, row.revision, row.state, row.approvers_needed, prepared.preview, prepared.failed)


def _prepared(session: Session, book: Book, proposal: Proposal, now: datetime) -> _Prepared:
    live = require_live_book(session)
    if live.revision == book.revision:
        raise InputError(
            Text("These files are the live rules: nothing would change.", "这些文件与生效规则相同，没有任何变更。"),
            code="INVALID",
        )
    failed = tuple(failure.name for failure in run_tests(book).failed)
    if failed and not proposal.submit:
        return _Prepared(book, live.revision, None, None, failed)
    try:
        shown = preview(session, book, None, now)
    except InputError:
        if proposal.submit:
            raise
        return _Prepared(book, live.revision, None, None, failed)  # a draft waits for an instant it can be tried on
    return _Prepared(book, live.revision, shown, seen_of(shown, now), failed)


def _stored(session: Session, prepared: _Prepared, proposal: Proposal, person: Person, now: datetime) -> RuleChangeRow:
    live = require_live_book(session)
    if live.revision != prepared.live:
        raise ConflictError(
            Text("Other rules went live meanwhile.", "其间已有其他规则生效。"),
            Text("Propose it again.", "请重新提交。"),
        )
    store_revision(session, prepared.book, now)
    voided = 0
    if proposal.change_id is None:
        _expect(proposal.expected_revision, live.revision)
        row = _new(session, prepared, proposal, person, now)
    else:
        row = change_of(session, proposal.change_id)
        _require_author(row, person)
        after(state_of(row), Step.EDIT)
        _expect(proposal.expected_revision, row.revision)
        voided = sum(review.round == row.round for review in reviews_of(session, row.id or 0))
        again = row.restores_id if row.revision == prepared.book.revision else None  # edited, it restores nothing
        content = _content(prepared, proposal)
        move(session, row, round=row.round + 1, reason=proposal.reason, restores_id=again, **content)
    body: dict[str, Json] = {**bound(row), "state": row.state, "restores": row.restores_id, "voided_reviews": voided}
    body["failed_tests"] = list(prepared.failed)
    append_entry(session, EntryKind.RULES_PROPOSED, person.name, proposal.reason, f"rule_change:{row.id}", body, now)
    return row


def _new(session: Session, prepared: _Prepared, proposal: Proposal, person: Person, now: datetime) -> RuleChangeRow:
    row = RuleChangeRow(
        **_content(prepared, proposal),
        restores_id=proposal.restores,
        actor=person.name,
        author_key=person.key,
        on_behalf_of=person.on_behalf_of,
        on_behalf_key=person.on_behalf_key,
        reason=proposal.reason,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def _content(prepared: _Prepared, proposal: Proposal) -> dict[str, Any]:
    """The columns an edit sets."""
    seen = prepared.seen
    return {
        "state": _reached(prepared, proposal.submit).value,
        "revision": prepared.book.revision,
        "base_revision": prepared.live,
        "approvers_needed": 0 if seen is None else seen.needed,
        "preview": None if seen is None else seen.text,
        "preview_digest": None if seen is None else seen.digest,
        "snapshot": None if seen is None else seen.snapshot,
        "previewed_as_of": None if seen is None else seen.as_of,
        "previewed_at": None if seen is None else seen.at,
        "valid_until": None if seen is None else seen.valid_until,
        **UNSCHEDULED,
    }


def _reached(prepared: _Prepared, submit: bool) -> State:
    """How far a proposal comes by itself."""
    state = State.DRAFT
    if submit or not prepared.failed:
        state = after(state, Step.VALIDATE)
    if prepared.seen is not None:
        state = after(state, Step.PREVIEW)
    if submit and prepared.seen is not None:
        state = after(state, Step.SUBMIT)
        if prepared.seen.needed == 0:
            state = after(state, Step.APPROVE)
    return state


def _require_author(row: RuleChangeRow, person: Person) -> None:
    if person.key != row.author_key or person.on_behalf_key != row.on_behalf_key:
        raise InputError(
            Text(f"Only its author, {row.actor}, edits this change.", f"只有作者 {row.actor} 可以修改该变更。"),
            Text("Propose a change of your own.", "请另行提交变更。"),
            code="FORBIDDEN",
        )


def _expect(expected: str | None, found: str) -> None:
    if expected not in (ANY_REVISION, found):
        raise ConflictError(
            Text(
                f"The revision is {found}, not {expected or 'none'}.",
                f"当前版本是 {found}，而不是 {expected or '无'}。",
            ),
            Text("Read it again and compare.", "请重新读取并比较。"),
        )
