"""Deciding: the run computed outside the write transaction, written in a short one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.errors import InputError
from engine.operations.auditing import head_position
from engine.operations.computing import MarketRun, compute_run
from engine.operations.customers import customer_by_ref
from engine.operations.facts import Clocks
from engine.operations.idempotency import recall, remember
from engine.operations.publishing import require_live_book
from engine.operations.runs import write_run
from engine.rulebook import Book
from engine.store import Database
from engine.store.reading import latest_decisions
from engine.vocabulary import Text

ATTEMPTS = 3
"""How often a run is computed outside the write transaction before it is computed inside."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did.

    Attributes:
        run_id: None: nobody was due, nothing was written.
        tiers: Effective tiers of those decided, by market and key.
        decision_ids: Decisions of named customers, in the order named; empty for all.
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

    def as_dict(self) -> dict[str, Any]:
        """The `--json` shape."""
        names = ("as_of", "revision", "model", "decided", "changed", "tiers", "seconds")
        return {"run": self.run_id, **{name: getattr(self, name) for name in names}}


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
    """Decide all customers, or the named ones, by the live rule book.

    A customer decided at this `as_of` already is left as it is: the same again would come out.

    Args:
        as_of: None: now.
        as_known_at: Only what was recorded by then counts; None: all that is known.

    Raises:
        NotReadyError: No rule book is published.
        NotFoundError: A named customer is not there.
        InputError: A named customer has a later decision (then this is a what-if).
    """
    started = time.monotonic()
    clocks = Clocks((as_of or now).astimezone(UTC), (as_known_at or now).astimezone(UTC))
    given = [list(refs) if refs is not None else None, as_of and as_of.isoformat(), actor]
    for attempt in range(ATTEMPTS + 1):
        with database.read() as session:
            known = recall(session, idempotency_key, "decide", given)
            if known is not None:
                return _again(session, known)
            head = head_position(session)
            prepared = _prepare(session, clocks, refs) if attempt < ATTEMPTS else None
        with database.write() as session:
            if prepared is None or head_position(session) == head:
                book, ids, runs = prepared or _prepare(session, clocks, refs)
                report = _write(session, book, ids, runs, clocks, actor, now, started, progress)
                if report.run_id is not None:
                    remember(session, idempotency_key, "decide", given, _answer(report), now)
                return report
    raise AssertionError("the last attempt computes inside the transaction")


def _prepare(
    session: Session, clocks: Clocks, refs: Sequence[str] | None
) -> tuple[Book, list[int] | None, list[MarketRun]]:
    book = require_live_book(session)
    ids = None if refs is None else [_due(session, ref, clocks) for ref in refs]
    return book, ids, compute_run(session, book, clocks, ids)


def _due(session: Session, ref: str, clocks: Clocks) -> int:
    customer = customer_by_ref(session, ref)
    assert customer.id is not None
    latest = latest_decisions(session, [customer.id], None, None).get(customer.id)
    if latest is not None and latest.as_of > clocks.as_of:
        when = f"{latest.as_of:%Y-%m-%d %H:%M} UTC"
        raise InputError(
            Text(f"{ref} was decided as of {when}, which is later.", f"{ref} 已有截至 {when} 的更晚决定。"),
            Text("An earlier date is a what-if and is not stored.", "更早的日期属于假设分析，不会保存。"),
            code="WRONG_STATE",
        )
    return customer.id


def _write(
    session: Session,
    book: Book,
    ids: list[int] | None,
    runs: list[MarketRun],
    clocks: Clocks,
    actor: str,
    now: datetime,
    started: float,
    progress: Progress | None,
) -> RunReport:
    written = write_run(session, book, runs, clocks, actor, now, progress) if runs else None
    decisions = latest_decisions(session, ids, None, None) if ids is not None else {}
    return RunReport(
        run_id=None if written is None else written.run_id,
        as_of=clocks.as_of,
        revision=book.revision,
        model=None if written is None else written.model,
        decided=sum(run.customers for run in runs),
        changed=0 if written is None else written.changed,
        tiers={} if written is None else written.tiers,
        seconds=round(time.monotonic() - started, 3),
        decision_ids=tuple(decisions[number].id for number in ids or () if number in decisions),
    )


def _answer(report: RunReport) -> dict[str, Any]:
    return {**report.as_dict(), "as_of": report.as_of.isoformat(), "decision_ids": list(report.decision_ids)}


def _again(session: Session, known: dict[str, Any]) -> RunReport:
    """The first answer to an idempotency key."""
    rest = {name: known[name] for name in ("revision", "model", "decided", "changed", "tiers", "seconds")}
    as_of = datetime.fromisoformat(known["as_of"])
    return RunReport(run_id=known["run"], as_of=as_of, decision_ids=tuple(known["decision_ids"]), **rest)
