"""What-if: one customer decided with changed inputs, beside the decision without the changes; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property

from sqlalchemy.orm import Session

from engine import __version__
from engine.decisions import Moment, Outcomes, States, decide, decision_digests, explain_row, row_bytes, row_layout
from engine.errors import InputError
from engine.expressions import Column, Fact
from engine.metrics import FromModel, FromValue, bounded, second_pass
from engine.operations.capacity import Used, limited, read_used
from engine.operations.churn_views import ChurnView, churns_of
from engine.operations.computing import with_room
from engine.operations.customers import customer_by_ref
from engine.operations.explaining import ExplainedDecision
from engine.operations.facts import Assembled, Clocks, assemble
from engine.operations.inputs import moment_of
from engine.operations.models import CHURN, customers_by_digest
from engine.operations.publishing import live_book, require_live_book
from engine.operations.states import StateReader, strictly_before
from engine.rulebook import Book, Edit, diff_books, read_given
from engine.store import CustomersFrame
from engine.store.tables import CustomerRow
from engine.trials.preview import Shift, shifts_between
from engine.vocabulary import ChurnStatus, Market, Text

CLV = "clv"
"""The value that looks ahead; the others are sums of what was."""

_BY_HAND = ChurnView(ChurnStatus.UNAVAILABLE, None, (), None, None, None)
"""The churn probability was set by hand: there is no prediction behind it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to change for whom; everything left out stays as it is.

    Attributes:
        as_of: None: now. It may lie before the customer's latest decision.
        as_known_at: Only what was recorded by then counts; None: all that is known.
        facts: Metrics set by hand: pairs of name and text, see `engine.rulebook.read_given`; None: unknown.
        book: A draft; None: the live book.
    """

    ref: str
    as_of: datetime | None = None
    as_known_at: datetime | None = None
    facts: Sequence[tuple[str, str | None]] = ()
    book: Book | None = None

    def clocks(self, now: datetime) -> Clocks:
        """Both clocks, in UTC."""
        return Clocks((self.as_of or now).astimezone(UTC), (self.as_known_at or now).astimezone(UTC))


@dataclass(frozen=True, slots=True)
class Tried:
    """One decision that was tried and not stored.

    Attributes:
        decision: As of a stored one, without an id.
        by_hand: Metrics set by hand that some rule of the market reads.
        idle: Metrics set by hand that no rule of the market reads; they changed nothing.
    """

    book: Book
    clocks: Clocks
    decision: ExplainedDecision
    by_hand: frozenset[str]
    idle: tuple[str, ...]

    @property
    def kept_estimates(self) -> frozenset[str]:
        """Estimates and predictions the rules read that stay as they are whatever was set; empty: nothing was set."""
        read = {value.name for value in self.decision.explained.metrics} if self.by_hand else set()
        origins = {name: self.book.metrics[name].origin for name in read - self.by_hand}
        return frozenset(
            name
            for name, origin in origins.items()
            if isinstance(origin, FromModel) or (isinstance(origin, FromValue) and origin.value == CLV)
        )


@dataclass(frozen=True)
class WhatIf:
    """A tried decision beside the one without the changes.

    Attributes:
        before: By the live book and the facts as they are, as of the same instant and clocks; None: no book is
            live, or it has no rules for the customer's market.
    """

    before: Tried | None
    after: Tried

    @property
    def delta(self) -> Decimal | None:
        """Difference of the scores; None: one of them is unknown, or there is nothing to compare with."""
        scores = [None if one is None else one.decision.explained.score for one in (self.before, self.after)]
        old, new = scores
        return None if old is None or new is None else new - old

    @cached_property
    def edits(self) -> tuple[Edit, ...]:
        """What leads from the live book to the draft."""
        if self.before is None or self.before.book.revision == self.after.book.revision:
            return ()
        return diff_books(self.before.book, self.after.book)

    @cached_property
    def shifts(self) -> tuple[Shift, ...]:
        """Criteria whose contribution differs, the largest difference first."""
        if self.before is None:
            return ()
        return shifts_between(self.before.decision.explained, self.after.decision.explained)


def what_if(session: Session, asked: Asked, now: datetime) -> WhatIf:
    """Decide for one customer with changed inputs, and without the changes.

    Raises:
        NotReadyError: No rule book is published and none is given.
        NotFoundError: No such customer.
        UserProblemsError: Metrics set by hand that cannot be read.
        InputError: The book has no rules for the customer's market.
    """
    after = try_out(session, asked, now)
    live = live_book(session)
    if live is None or Market(after.decision.explained.market) not in live.markets:
        return WhatIf(None, after)
    return WhatIf(try_out(session, replace(asked, facts=(), book=live), now), after)


def try_out(session: Session, asked: Asked, now: datetime) -> Tried:
    """Decide for one customer with changed inputs.

    The facts are those of both clocks; the state is that of the customer's latest decision strictly earlier, with the
    overrides, consents and contacts of then; with `as_known_at` only decisions made and overrides known by then count.
    Metrics that are expressions follow from what was set, unless they were set themselves. Of the day's capacity the
    customer gets what it would get if it alone were decided.

    Raises:
        As `what_if`.
    """
    book = asked.book or require_live_book(session)
    customer = customer_by_ref(session, asked.ref)
    if customer.market not in book.markets:
        raise _no_rules(asked.ref, customer.market)
    facts = read_given(book, asked.facts)
    market, clocks = Market(customer.market), asked.clocks(now)
    found = assemble(session, book, market, clocks, [customer.id or 0])
    moment = moment_of(book, clocks.as_of)
    assembled = replace(found, columns=_changed(book, found.columns, facts, moment.day))
    states, outcomes = _decided(session, book, market, assembled, clocks, moment, asked.as_known_at)
    by_hand = frozenset(facts) & frozenset(assembled.columns)
    told = _explained(session, book, customer, assembled, states, outcomes, moment, clocks, by_hand)
    return Tried(book, clocks, told, by_hand, tuple(name for name in facts if name not in by_hand))


def _changed(book: Book, columns: Mapping[str, Column], facts: Mapping[str, Fact], day: int) -> dict[str, Column]:
    """Columns of one row with facts set by hand, bounded like stored ones, and what follows from these."""
    given = {
        name: bounded(book.metrics[name], Column.of([fact], book.metrics[name].unit))
        for name, fact in facts.items()
        if name in columns
    }
    if not given:
        return dict(columns)
    known = {**columns, **given}
    others = [metric for metric in book.metrics.values() if metric.name in columns and metric.name not in given]
    return dict(sorted({**known, **second_pass(others, known, 1, day)}.items()))


def _decided(
    session: Session,
    book: Book,
    market: Market,
    assembled: Assembled,
    clocks: Clocks,
    moment: Moment,
    made_by: datetime | None,
) -> tuple[States, Outcomes]:
    """State and outcome, capacity too; `made_by`: of decisions made by then, None: of all."""
    rules, customers = book.markets[market], assembled.customers
    reader = StateReader(session, customers, clocks, strictly_before(clocks.as_of, made_by))
    states = reader.states(rules, moment)
    outcomes = decide(rules, assembled.columns, states, moment)
    used = read_used(session, moment, _only(customers), made_by) if limited(book) else Used()
    return with_room(rules, assembled, states, outcomes, moment, used)


def _only(customers: CustomersFrame) -> int:
    return int(customers.ids.item())


def _explained(
    session: Session,
    book: Book,
    customer: CustomerRow,
    assembled: Assembled,
    states: States,
    outcomes: Outcomes,
    moment: Moment,
    clocks: Clocks,
    by_hand: frozenset[str],
) -> ExplainedDecision:
    market, columns, number = Market(customer.market), assembled.columns, _only(assembled.customers)
    predicted = any(
        isinstance(origin := book.metrics[name].origin, FromModel) and origin.model == CHURN for name in by_hand
    )
    models: Mapping[str, int] = {}
    if assembled.versions is not None and not predicted:
        models = customers_by_digest(session, assembled.versions)
    churn = _BY_HAND if predicted else churns_of(session, [number], clocks.as_of, clocks.as_known_at)[number]
    given = (columns, states, outcomes)
    named = {"revision": book.revision, "engine_version": __version__}
    digest = decision_digests(row_bytes(*given), row_layout(*given), **named, as_of=moment.as_of, market=market)[0]
    return ExplainedDecision(
        decision_id=None,
        customer_id=number,
        run_id=None,
        ref=customer.ref,
        name=customer.name,
        as_known_at=clocks.as_known_at,
        digested=lambda: digest,
        engine_version=__version__,
        model_digest=next(iter(models), None),
        explained=explain_row(book, market, *given, row=0, moment=moment),
        churn=churn,
        change=None,
    )


def _no_rules(ref: str, market: str) -> InputError:
    return InputError(
        Text(f"{ref} is {market}; the rule book has no rules for it.", f"{ref} 属于 {market}，规则库没有其规则。"),
        Text(f"Give rules with `market: {market}`.", f"请给出含 `market: {market}` 的规则。"),
        code="WRONG_STATE",
    )
