"""Approved changes that go live by themselves at a set time, or stop and wait for somebody to look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.access import SCHEDULER
from engine.audit import Json
from engine.errors import DamagedError, GoneError, InputError, OtherEngineError, RevisionUnreadableError
from engine.operations.idempotency import recall, remember
from engine.operations.local_time import local_words, zone_named
from engine.operations.people import Person
from engine.operations.previewing import preview
from engine.operations.publishing import ANY_REVISION, book_of, expect_live, live_change, require_live_book
from engine.operations.rule_life.activating import make_live, require_approval
from engine.operations.rule_life.changes import (
    UNSCHEDULED,
    approvals_of,
    bound,
    change_of,
    expect_version,
    move,
    require_reason,
    state_of,
)
from engine.operations.rule_life.seen import approvers_needed, seen_of
from engine.operations.rule_life.states import State, Step, after
from engine.store import Database, append_entry
from engine.store.ledger import instant_text
from engine.store.tables import RuleChangeRow
from engine.vocabulary import EntryKind, Text

_OF_A_CHANGE: Final = (InputError, GoneError, DamagedError, RevisionUnreadableError, OtherEngineError)
"""Faults of a change or its base, which stop it; others (no time, no database) leave it for the next look."""


@dataclass(frozen=True, slots=True)
class Activation:
    """What became of a schedule that was due.

    Attributes:
        due, at: When it was to go live, and when it did or was stopped.
        zone: The zone `due` was said in.
        why: Why it stopped; None: it is live.
    """

    change_id: int
    revision: str
    due: datetime
    at: datetime
    zone: str
    why: Text | None

    def kept(self) -> dict[str, Any]:
        """As the answer to an idempotency key keeps it; `Activation.again` makes it one again."""
        why = None if self.why is None else [self.why.en, self.why.zh]
        instants = {"due": self.due.isoformat(), "at": self.at.isoformat()}
        return {"change": self.change_id, "revision": self.revision, **instants, "zone": self.zone, "why": why}

    @classmethod
    def again(cls, kept: Mapping[str, Any]) -> Activation:
        """What was kept."""
        due, at = (datetime.fromisoformat(kept[name]) for name in ("due", "at"))
        why = None if kept["why"] is None else Text(*kept["why"])
        return cls(kept["change"], kept["revision"], due, at, kept["zone"], why)

    @property
    def text(self) -> Text:
        """One sentence, with when it was due."""
        due, at = local_words(self.due, self.zone), local_words(self.at, self.zone)
        if self.why is None:
            return Text(
                f"Change {self.change_id} went live at {at}; it was due {due}.",
                f"变更 {self.change_id} 已于 {at} 生效，原定 {due}。",
            )
        return Text(
            f"Change {self.change_id} was due {due} and did not go live, it needs attention: {self.why.en}",
            f"变更 {self.change_id} 原定 {due} 生效，未能生效，需处理：{self.why.zh}",
        )


def schedule_change(
    database: Database,
    change_id: int,
    at: datetime,
    actor: str,
    reason: str,
    now: datetime,
    zone: str | None = None,
    expected_revision: str | None = ANY_REVISION,
    idempotency_key: str | None = None,
) -> int:
    """Let an approved change go live by itself; as approved as if it were published now. Gives its number.

    Args:
        at: Whatever runs first at or after this instant makes it live.
        zone: The zone `at` was said in, in which it is told again; None: the live book's.

    Raises:
        NotFoundError, InputError, ConflictError: As `publish_change`; INVALID: `at` is past, its preview would
            not count any more by then, or there is no such zone.
    """
    require_reason(reason)
    name = Person.named(actor).name
    given = [change_id, name, reason, expected_revision, instant_text(at), zone]
    with database.write() as session:
        known = recall(session, name, idempotency_key, "publishRulebook", given, now)
        if known is not None:
            return int(known["change"])
        row = change_of(session, change_id)
        expect_live(live_change(session), expected_revision)
        live = require_live_book(session)
        require_approval(session, row, live, now, Step.SCHEDULE)
        zone = zone_named(live.timezone if zone is None else zone).key
        _refuse_unfit(row, at, now, zone)
        state = after(state_of(row), Step.SCHEDULE)
        move(session, row, state=state.value, activate_at=at.astimezone(UTC), activate_zone=zone, scheduled_by=name,
             schedule_reason=reason, attention_en=None, attention_zh=None)  # fmt: skip
        body: dict[str, Json] = {**bound(row), "activate_at": instant_text(at), "zone": zone}
        append_entry(session, EntryKind.RULES_SCHEDULED, name, reason, f"rule_change:{row.id}", body, now)
        answer = {"change": row.id, "revision": row.revision}
        remember(session, name, idempotency_key, "publishRulebook", given, answer, now)
        return row.id or 0


def _refuse_unfit(row: RuleChangeRow, at: datetime, now: datetime, zone: str) -> None:
    """Refuse an instant at which the change could not go live."""
    if at <= now:
        raise InputError(
            Text(f"{local_words(at, zone)} is past.", f"{local_words(at, zone)} 已过。"),
            Text("Name a later time, or publish it at once.", "请指定更晚的时间，或立即发布。"),
            code="INVALID",
        )
    if row.valid_until is not None and at > row.valid_until:
        until = local_words(row.valid_until, zone)
        raise InputError(
            Text(f"Its approval holds until {until} only.", f"其批准的有效期仅到 {until}。"),
            Text(
                "Name an earlier time, or let its author propose it again later.",
                "请指定更早的时间，或由作者届时重新提交。",
            ),
            code="INVALID",
        )


def unschedule_change(
    database: Database,
    change_id: int,
    actor: str,
    reason: str,
    now: datetime,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> str:
    """Take a scheduled change off its schedule; it is approved as before. Gives its state.

    Raises:
        NotFoundError: No such change.
        InputError: No reason, or it is not scheduled (WRONG_STATE); what stopped is proposed again, or withdrawn.
        ConflictError: It is not the version expected.
    """
    require_reason(reason)
    name = Person.named(actor).name
    given = [change_id, name, reason, expected_version]
    with database.write() as session:
        known = recall(session, name, idempotency_key, "unscheduleRulebook", given, now)
        if known is not None:
            return str(known["state"])
        row = change_of(session, change_id)
        state = after(state_of(row), Step.UNSCHEDULE)
        expect_version(row, expected_version)
        move(session, row, state=state.value, **UNSCHEDULED)
        body = bound(row)
        append_entry(session, EntryKind.RULES_UNSCHEDULED, name, reason, f"rule_change:{row.id}", body, now)
        answer = {"change": row.id, "state": state.value}
        remember(session, name, idempotency_key, "unscheduleRulebook", given, answer, now)
        return state.value


def activate_due(database: Database, now: datetime, by: datetime | None = None) -> tuple[Activation, ...]:
    """Make live what is due, earliest first; what cannot go live is stopped. Without any due nothing is written.

    A change goes live if nothing has become of its base and its approval that would refuse publishing it, and if
    the guardrails, over the customers of now, ask for no more approvers than have approved. It is live from now.

    Args:
        by: Only what was due by then, too; None: now.
    """
    with database.read() as session:
        due = _due(session, now if by is None else min(now, by))
    done = (_activate(database, number, now) for number in due)
    return tuple(one for one in done if one is not None)


def _due(session: Session, now: datetime) -> list[int]:
    query = (
        select(RuleChangeRow.id)  # type: ignore[call-overload]
        .where(RuleChangeRow.state == State.SCHEDULED.value, RuleChangeRow.activate_at <= now)  # type: ignore[operator]
        .order_by(RuleChangeRow.activate_at, RuleChangeRow.id)
    )
    return list(session.execute(query).scalars())


def _activate(database: Database, change_id: int, now: datetime) -> Activation | None:
    """Make one change live, or stop it; None: somebody else has just done so."""
    with database.read() as session:
        before = change_of(session, change_id)
        version = before.version
        why = _hindrance(session, before, now) or _guarded(session, before, now)  # takes time: not while writing
    with database.write() as session:
        row = change_of(session, change_id)
        if row.version != version or row.activate_at is None:
            return None
        due, zone = row.activate_at, row.activate_zone or "UTC"
        why = _hindrance(session, row, now) or why
        told: dict[str, Json] = {"due": instant_text(due), "zone": zone, "scheduled_by": row.scheduled_by}
        if why is None:
            live = live_change(session)
            assert live is not None
            make_live(session, live, row, SCHEDULER, row.schedule_reason or "", now, Step.ACTIVATE, told)
        else:
            state = after(state_of(row), Step.STOP)
            move(session, row, state=state.value, attention_en=why.en, attention_zh=why.zh)
            body: dict[str, Json] = {**bound(row), **told, "attention": [why.en, why.zh]}
            append_entry(session, EntryKind.RULES_STOPPED, SCHEDULER, None, f"rule_change:{row.id}", body, now)
        return Activation(change_id, row.revision, due, now, zone, why)


def _hindrance(session: Session, row: RuleChangeRow, now: datetime) -> Text | None:
    """What would refuse publishing it now, its own stored text included; None: nothing."""
    try:
        require_approval(session, row, require_live_book(session), now, Step.ACTIVATE)
        book_of(session, row.revision)
    except _OF_A_CHANGE as error:
        return error.message
    return None


def _guarded(session: Session, row: RuleChangeRow, now: datetime) -> Text | None:
    """What the guardrails say to it over the customers of now; None: no more than when it was approved.

    Nobody looks when a schedule is due, so its preview is made again. Where it cannot be, since everybody has been
    decided for later, what was approved counts; where it cannot be for anything else, that is the answer.
    """
    live, book = require_live_book(session), book_of(session, row.revision)
    if not live.approvers or not (live.guardrails or book.guardrails):
        return None
    try:
        crossed = seen_of(preview(session, book, None, now), now).crossed
    except _OF_A_CHANGE as error:
        return None if error.code == "WRONG_STATE" else error.message  # everybody: what alone gives this code there
    if len(approvals_of(session, row)) >= approvers_needed(live, crossed=bool(crossed)):
        return None
    names = ", ".join(crossed)
    return Text(
        f"By the customers of now it crosses a guardrail ({names}): a second approver is needed.",
        f"按当前客户计算，变更越过护栏（{names}），须有第二人批准。",
    )
