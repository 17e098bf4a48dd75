"""Making an approved change live, and bringing an old revision back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.errors import InputError, NotFoundError
from engine.operations.idempotency import recall, remember, used_for
from engine.operations.people import Person
from engine.operations.publishing import (
    ANY_REVISION,
    Published,
    approvers_asked,
    book_of,
    end_live,
    expect_live,
    live_change,
    publish,
    require_live_book,
)
from engine.operations.rule_life.changes import (
    approvals_of,
    bound,
    change_of,
    crossed_of,
    move,
    refuse_void,
    require_reason,
    state_of,
)
from engine.operations.rule_life.proposing import Proposal, Proposed, propose
from engine.operations.rule_life.seen import approvers_needed
from engine.operations.rule_life.states import State, Step, after
from engine.rulebook import Book, diff_books
from engine.store import Database, append_entry
from engine.store.tables import RuleChangeRow
from engine.vocabulary import EntryKind, Text


def publish_change(
    database: Database,
    change_id: int,
    actor: str,
    reason: str,
    now: datetime,
    expected_revision: str | None = ANY_REVISION,
    idempotency_key: str | None = None,
) -> Published:
    """Make an approved change live: compare-and-swap on the live revision, with a ledger entry.

    Raises:
        NotFoundError: No such change.
        InputError: It is not approved (APPROVAL_REQUIRED; GUARDRAIL: by one, and a crossed guardrail asks for two), or
            not open any more (WRONG_STATE).
        ConflictError: Another revision is live than expected (CONFLICT) or than it was approved on, or its preview is
            too old (APPROVAL_VOID).
    """
    require_reason(reason)
    name = Person.named(actor).name
    given = [change_id, name, reason, expected_revision]
    with database.write() as session:
        known = recall(session, name, idempotency_key, "publishRulebook", given, now)
        if known is not None:
            return Published(known["change"], known["revision"], (), changed=False)
        row = change_of(session, change_id)
        live = live_change(session)
        expect_live(live, expected_revision)
        require_approval(session, row, require_live_book(session), now)
        assert live is not None
        done = make_live(session, live, row, name, reason, now)
        answer = {"change": done.change_id, "revision": done.revision}
        remember(session, name, idempotency_key, "publishRulebook", given, answer, now)
        return done


def require_approval(
    session: Session, row: RuleChangeRow, live: Book, now: datetime, step: Step = Step.PUBLISH
) -> None:
    """State, base, age, and the reviews themselves, counted again.

    Args:
        step: What is to be done with the change.

    Raises:
        InputError, ConflictError: As `publish_change`.
    """
    state = state_of(row)
    if state in (State.DRAFT, State.VALIDATED, State.PREVIEWED, State.IN_REVIEW):
        raise _not_approved(row, len(approvals_of(session, row)))
    after(state, step)
    refuse_void(session, row, now)
    approvals = len(approvals_of(session, row))
    if approvals < max(row.approvers_needed, approvers_needed(live, crossed=bool(crossed_of(row)))):
        raise _not_approved(row, approvals)


def _not_approved(row: RuleChangeRow, approvals: int) -> InputError:
    crossed = crossed_of(row)
    command = f"touchstone rules approve {row.id}"
    hint = Text(
        f"Somebody other than {row.actor} approves it: {command}.", f"请由 {row.actor} 以外的人批准：{command}。"
    )
    if crossed and approvals:
        names = ", ".join(crossed)
        told = Text(
            f"It crosses a guardrail ({names}): a second approver is needed.",
            f"变更越过护栏（{names}），须有第二人批准。",
        )
        return InputError(told, hint, code="GUARDRAIL")
    told = Text(
        f"{approvals} of {row.approvers_needed} needed have approved this change.",
        f"该变更需 {row.approvers_needed} 人批准，目前 {approvals} 人。",
    )
    return InputError(told, hint, code="APPROVAL_REQUIRED")


def make_live(
    session: Session,
    live: RuleChangeRow,
    row: RuleChangeRow,
    actor: str,
    reason: str,
    now: datetime,
    step: Step = Step.PUBLISH,
    more: Mapping[str, Json] | None = None,
) -> Published:
    """Swap the live change for one whose approval has been looked at, and write the entry.

    Args:
        more: What the entry tells besides.
    """
    approved_by: list[Json] = [review.actor for review in approvals_of(session, row)]
    edits = diff_books(book_of(session, live.revision), book_of(session, row.revision))
    end_live(session, live, row.restores_id, now)
    state = after(state_of(row), step)
    move(session, row, state=state.value, live_from=now, published_by=actor)
    body: dict[str, Json] = {
        **bound(row),
        "bootstrap": False,
        "approved_by": approved_by,
        "edits": [[edit.item, edit.effect, edit.before, edit.after] for edit in edits],
        **(more or {}),
    }
    kind = EntryKind.RULES_PUBLISHED if row.restores_id is None else EntryKind.RULES_ROLLED_BACK
    append_entry(session, kind, actor, reason, f"rule_change:{row.id}", body, now)
    return Published(row.id or 0, row.revision, edits, changed=True)


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A rollback: published at once where nobody has to approve, else proposed."""

    change_id: int
    published: Published | None
    proposed: Proposed | None


def roll_back(
    database: Database,
    revision: str,
    person: Person,
    reason: str,
    now: datetime,
    expected_revision: str | None = ANY_REVISION,
    idempotency_key: str | None = None,
) -> RolledBack:
    """Publish an old revision again; where changes need approval, propose that.

    Raises:
        NotFoundError: That revision was never live.
        InputError: No reason, or it is the live one.
        ConflictError: Another revision is live than expected.
    """
    require_reason(reason)
    with database.read() as session:
        files = {file.path: file.text for file in book_of(session, revision).files}
        restored = _last_live(session, revision)
        before = used_for(session, person.name, idempotency_key, now)
        freely = before == "publishRulebook" if before else not approvers_asked(session, live_change(session))
    if freely:
        done = publish(database, files, person.name, reason, now, expected_revision, restored, idempotency_key)
        return RolledBack(done.change_id, done, None)
    proposal = Proposal(files, reason, expected_revision=expected_revision, restores=restored)
    proposed = propose(database, proposal, person, now, idempotency_key)
    return RolledBack(proposed.change_id, None, proposed)


def _last_live(session: Session, revision: str) -> int:
    """The change by which a revision was last live."""
    newest = (
        select(RuleChangeRow.id)  # type: ignore[call-overload]
        .where(RuleChangeRow.revision == revision, RuleChangeRow.live_from.is_not(None))  # type: ignore[union-attr]
        .order_by(RuleChangeRow.live_from.desc(), RuleChangeRow.id.desc())  # type: ignore[union-attr]
    )
    found = session.execute(newest.limit(1)).scalar_one_or_none()
    if found is None:
        raise NotFoundError(
            Text(f"Revision {revision} was never live.", f"版本 {revision} 从未生效。"),
            Text("`touchstone rules log` lists what was.", "`touchstone rules log` 可列出曾经生效的版本。"),
        )
    return int(found)
