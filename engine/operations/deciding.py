"""Deciding: the run computed outside the write transaction, written in a short one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.errors import InputError
from engine.operations.blocks import Block, added_up, prepare_run
from engine.operations.collecting import no_cycle_collection
from engine.operations.customers import customer_by_ref
from engine.operations.decision_reviews import Queued
from engine.operations.facts import Clocks
from engine.operations.idempotency import recall, remember
from engine.operations.left_out import LeftOut
from engine.operations.local_time import local_words
from engine.operations.publishing import require_live_book
from engine.operations.rule_life import Activation, activate_due
from engine.operations.runs import write_run
from engine.operations.shadowing.beside import Shadowed, decide_beside
from engine.rulebook import Book
from engine.store import Database, locate_latest, read_customers
from engine.store.reading import head_position, latest_decision_ids
from engine.store.tables import CustomerRow, LedgerRow, from_microseconds, to_microseconds
from engine.vocabulary import Text

ATTEMPTS = 3
"""How often a run is computed outside the write transaction before it is computed inside."""

_OPERATION = "decide"
_MICROSECOND = timedelta(microseconds=1)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did.

    Attributes:
        run_id: None: nobody was due, nothing was written.
        tiers: Effective tiers of those decided, by market and key.
        decision_ids: Decisions of named customers, in the order named, without those left out; empty for all.
        already: Customers who had a decision for this very instant and keep it: of those named, or of all when
            nobody else was due. What became known since counts from a later instant.
        left_out: Who was due and could not be decided, by damaged chunk; everybody else was.
        activated: What became of rule changes whose time had come, before anybody was decided.
        reviews: What it did to the queue of reviews; None: nothing, and the book asks for none.
    """

    run_id: int | None
    as_of: datetime
    revision: str
    model: str | None
    decided: int
    changed: int
    tiers: dict[str, dict[str, int]]
    seconds: float
    decision_ids: tuple[int, ...] = ()
    already: int = 0
    left_out: tuple[LeftOut, ...] = ()
    activated: tuple[Activation, ...] = ()
    reviews: Queued | None = None

    def as_dict(self) -> dict[str, Any]:
        """The `--json` shape."""
        names = ("as_of", "revision", "model", "decided", "changed", "tiers", "seconds", "already")
        left_out = [one.as_dict() for one in self.left_out]
        reviews = {} if self.reviews is None else {"reviews": self.reviews.as_dict()}
        return {"run": self.run_id, **{name: getattr(self, name) for name in names}, "left_out": left_out, **reviews}


@no_cycle_collection()
def decide(
    database: Database,
    refs: Sequence[str] | None,
    as_of: datetime | None,
    actor: str,
    now: datetime,
    as_known_at: datetime | None = None,
    idempotency_key: str | None = None,
    progress: Progress | None = None,
) -> RunReport:
    """Decide all customers, or the named ones, by the live rule book; scheduled rules due by `as_of` go live first.

    A customer decided at this `as_of` already is left as it is: the same again would come out. Customers whose
    latest decision is in a chunk that does not fit its hash are left out and told; all others are decided. If anything
    was written between computing and writing (rules, an override, a consent, a record), it is computed again.

    Args:
        as_of: None: now.
        as_known_at: Only what was recorded by then counts; None: all that is known.

    Raises:
        NotReadyError: No rule book is published.
        NotFoundError: A named customer is not there.
        InputError: A named customer, or everybody, has a later decision (then this is a what-if), or the rule
            book has no rules for the named customer's market.
        ConflictError: The idempotency key was used with other input.
    """
    started = time.monotonic()
    asked = _Asked(None if refs is None else tuple(refs), _utc(as_of), _utc(as_known_at), actor, idempotency_key)
    with database.read() as session:
        known = _answered(session, asked, now)
        if known is not None:
            return known
        _require_undecided(session, asked, now)
    activated = activate_due(database, now, asked.as_of)  # a request that is refused makes nothing live
    for attempt in range(ATTEMPTS + 1):
        with database.read() as session:
            known = _answered(session, asked, now)
            if known is not None:
                return known
            now = now if attempt == 0 else _moved_on(session, now)
            head = head_position(session)
            prepared = _prepare(session, asked.clocks(now), asked.refs, now) if attempt < ATTEMPTS else None
        with database.write() as session:
            if prepared is None:
                known = _answered(session, asked, now)
                if known is not None:
                    return known
                now = _moved_on(session, now)
                prepared = _prepare(session, asked.clocks(now), asked.refs, now)
            elif head_position(session) != head:
                continue
            written = _write(session, prepared, asked.clocks(now), actor, now, started, progress)
            report = replace(written, activated=activated)
            remember(session, asked.actor, idempotency_key, _OPERATION, asked.given(), _answer(report), now)
            return report
    raise AssertionError("the last attempt computes inside the transaction")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the caller asked for; None: the default."""

    refs: tuple[str, ...] | None
    as_of: datetime | None
    as_known_at: datetime | None
    actor: str
    idempotency_key: str | None

    def clocks(self, now: datetime) -> Clocks:
        """Both clocks; what was not asked for is now."""
        return Clocks(self.as_of or now.astimezone(UTC), self.as_known_at or now.astimezone(UTC))

    def given(self) -> list[object]:
        """The input an idempotency key stands for."""
        instants = [None if one is None else one.isoformat() for one in (self.as_of, self.as_known_at)]
        return [None if self.refs is None else list(self.refs), *instants, self.actor]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A computed run; `ids`: row numbers of the named customers, None: all were asked for; `shadows`: beside it."""

    book: Book
    ids: list[int] | None
    blocks: list[Block]
    already: int
    shadows: list[Shadowed]


def _answered(session: Session, asked: _Asked, now: datetime) -> RunReport | None:
    """The first answer to its idempotency key; None: there is none."""
    known = recall(session, asked.actor, asked.idempotency_key, _OPERATION, asked.given(), now)
    return None if known is None else _again(known)


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.astimezone(UTC)


def _moved_on(session: Session, now: datetime) -> datetime:
    """Now, after the last entry: what came between computing and writing is known, and lies before now."""
    latest = session.execute(select(func.max(LedgerRow.at))).scalar_one()
    return now if latest is None else max(now, latest + _MICROSECOND)


def _prepare(session: Session, clocks: Clocks, refs: Sequence[str] | None, now: datetime) -> _Prepared:
    book = require_live_book(session)
    ids = None if refs is None else [_due(session, book, ref, clocks) for ref in refs]
    blocks = prepare_run(session, book, clocks, ids)
    if ids is not None:
        told = sum(block.customers + sum(one.customers for one in block.left_out) for block in blocks)
        already = len(set(ids)) - told
    else:
        already = 0 if any(block.customers for block in blocks) else _decided_then(session, clocks)
    return _Prepared(book, ids, blocks, already, decide_beside(session, blocks, clocks, now))


def _due(session: Session, book: Book, ref: str, clocks: Clocks) -> int:
    """Row number of a customer that can be decided."""
    customer = _undecided(session, ref, clocks)
    if customer.market not in book.markets:
        market = customer.market
        raise InputError(
            Text(f"{ref} is {market}; the rule book has no rules for it.", f"{ref} 属于 {market}，规则库没有其规则。"),
            Text(f"Publish rules with `market: {market}`.", f"请发布含 `market: {market}` 的规则。"),
            code="WRONG_STATE",
        )
    return customer.id or 0


def _require_undecided(session: Session, asked: _Asked, now: datetime) -> None:
    """Refuse named customers that are not there, or have a later decision, whichever rules are live."""
    for ref in asked.refs or ():
        _undecided(session, ref, asked.clocks(now))


def _undecided(session: Session, ref: str, clocks: Clocks) -> CustomerRow:
    """A customer that has no later decision, whichever rules are live."""
    customer = customer_by_ref(session, ref)
    assert customer.id is not None
    latest = latest_decision_ids(session, [customer.id]).get(customer.id)
    if latest is not None and latest[1] > to_microseconds(clocks.as_of):
        raise _past(session, ref, from_microseconds(latest[1]))
    return customer


def _decided_then(session: Session, clocks: Clocks) -> int:
    """How many were decided as of this very instant, when nobody was due.

    Raises:
        InputError: Everybody was decided as of a later one.
    """
    located = locate_latest(session, read_customers(session).ids)
    if located.decided.any():
        earliest = from_microseconds(int(located.as_of[located.decided].min()))
        if earliest > clocks.as_of:
            raise _past(session, None, earliest)
    return int((located.as_of[located.decided] == to_microseconds(clocks.as_of)).sum())


def _past(session: Session, ref: str | None, latest: datetime) -> InputError:
    when = local_words(latest, require_live_book(session).timezone)
    return InputError(
        Text(
            f"{ref or 'Everybody'} was decided as of {when}, which is later.",
            f"{ref or '所有客户'} 已有截至 {when} 的更晚决定。",
        ),
        Text(
            "An earlier date is a what-if and is not stored: `whatif` tells it, as of any day.",
            "更早的日期属于假设分析，不会保存：请用 `whatif` 查询任意日期。",
        ),
        code="WRONG_STATE",
    )


def _write(
    session: Session,
    prepared: _Prepared,
    clocks: Clocks,
    actor: str,
    now: datetime,
    started: float,
    progress: Progress | None,
) -> RunReport:
    book, ids, blocks = prepared.book, prepared.ids, prepared.blocks
    somebody = any(block.customers for block in blocks)
    written = write_run(session, book, blocks, clocks, actor, now, progress, prepared.shadows) if somebody else None
    decisions = latest_decision_ids(session, ids) if ids is not None else {}
    unknown = {one for block in blocks for one in block.unknown}
    return RunReport(
        run_id=None if written is None else written.run_id,
        as_of=clocks.as_of,
        revision=book.revision,
        model=None if written is None else written.model,
        decided=sum(block.customers for block in blocks),
        changed=0 if written is None else written.changed,
        tiers={} if written is None else written.tiers,
        seconds=round(time.monotonic() - started, 3),
        decision_ids=tuple(decisions[one][0] for one in ids or () if one in decisions and one not in unknown),
        already=prepared.already,
        left_out=added_up(blocks),
        reviews=None if written is None else written.reviews,
    )


def _answer(report: RunReport) -> dict[str, Any]:
    told = {"as_of": report.as_of.isoformat(), "decision_ids": list(report.decision_ids)}
    return {**report.as_dict(), **told, "activated": [one.kept() for one in report.activated]}


def _again(known: dict[str, Any]) -> RunReport:
    """The first answer to an idempotency key."""
    rest = {name: known[name] for name in ("revision", "model", "decided", "changed", "tiers", "seconds")}
    as_of = datetime.fromisoformat(known["as_of"])
    ids, already = tuple(known["decision_ids"]), known.get("already", 0)
    left_out = tuple(LeftOut(one["chunk"], one["customers"]) for one in known.get("left_out", ()))
    reviews = Queued(**known["reviews"]) if "reviews" in known else None
    activated = tuple(Activation.again(one) for one in known.get("activated", ()))
    more = {"already": already, "left_out": left_out, "activated": activated, "reviews": reviews}
    return RunReport(run_id=known["run"], as_of=as_of, decision_ids=ids, **more, **rest)
