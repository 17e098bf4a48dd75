"""One stored decision, decided again by the traced evaluator: what every part of an explanation reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from numpy.typing import NDArray

from engine.decisions.explanation.anatomy import Anatomy, anatomy_of
from engine.decisions.explanation.values import exact, points, short
from engine.decisions.model import Moment, Outcomes, States
from engine.decisions.names import market_column
from engine.decisions.pipeline import decide_by
from engine.decisions.reading import TRUE, UNKNOWN, TracedReading
from engine.decisions.record import GateResult, MetricValue
from engine.decisions.rows import take_rows
from engine.errors import DamagedError
from engine.expressions.columns import Columns, Fact, Facts
from engine.expressions.tree import Expression
from engine.rulebook.book import Book, Force, Gate, MarketBook
from engine.scoring import ScoredOne
from engine.vocabulary import POINTS_SCALE, Market, MetricState, Text, Truth, Unit, UnknownCause

_TRUTHS = (Truth.FALSE, Truth.TRUE, Truth.UNKNOWN)
# Looked up once, for it is slow to reach a member of an enumeration (Python 3.11).
_MONEY, _STATE_KNOWN, _STATE_UNKNOWN = Unit.MONEY, MetricState.KNOWN, MetricState.UNKNOWN
_ABSENT = Fact(None, UnknownCause.MISSING)


@dataclass(frozen=True)
class Case:
    """One customer's decision with everything it was made from; every array has one row.

    Attributes:
        columns: The metrics; `reading` is what the traced evaluator made of them when it decided again.
    """

    book: Book
    market: Market
    columns: Columns
    states: States
    outcomes: Outcomes
    moment: Moment
    reading: TracedReading

    @cached_property
    def rules(self) -> MarketBook:
        """The rules of the customer's market."""
        return self.book.markets[self.market]

    @cached_property
    def anatomy(self) -> Anatomy:
        """The parts of these rules."""
        return anatomy_of(self.book, self.market)

    @cached_property
    def facts(self) -> Facts:
        """The customer's metrics, and the market."""
        return self.reading.facts[0]

    @property
    def zone(self) -> ZoneInfo:
        """The book's time zone."""
        return ZoneInfo(self.book.timezone)

    @property
    def scored(self) -> ScoredOne:
        """Points, bounds and contributions by the traced evaluator."""
        return self.reading.ones(self.rules.scorecard)[0]

    @property
    def has_score(self) -> bool:
        """The score is known."""
        return bool(self.outcomes.score[0] >= 0)

    @cached_property
    def widest(self) -> tuple[int, int]:
        """What the score could be with 0 and with 100 points for all that is unknown, even where points are assumed."""
        total = max(self.scored.total_weight, 1)
        unsure = [one for one in self.scored.criteria if one.state is not _STATE_KNOWN and one.points is not None]
        assumed = sum(one.criterion.weight * (one.points or 0) for one in unsure)
        full = sum(one.criterion.weight * 100 * POINTS_SCALE for one in unsure)
        low, high = int(self.outcomes.low[0]), int(self.outcomes.high[0])
        return low - assumed // total, high + (full - assumed) // total

    @cached_property
    def score_text(self) -> Text:
        """The score, with its bounds where they differ."""
        low, high = (short(points(int(bound[0]))) for bound in (self.outcomes.low, self.outcomes.high))
        if not self.has_score:
            return Text(f"unknown ({low} to {high})", f"未知（{low} 至 {high}）")
        value = short(points(int(self.outcomes.score[0])))
        if self.outcomes.low[0] == self.outcomes.high[0]:
            return Text(value, value)
        return Text(f"{value} ({low} to {high})", f"{value}（{low} 至 {high}）")

    @property
    def stored(self) -> int:
        """Stored tier before the decision, −1: none."""
        return int(self.states.tier[0])

    @property
    def tier(self) -> int:
        """Stored tier after the decision, −1: UNRATED."""
        return int(self.outcomes.tier[0])

    def truth(self, expression: Expression) -> int:
        """FALSE, TRUE or UNKNOWN of a condition of the ladder or of a force rule."""
        score = self.reading.scored(self.rules.scorecard).score
        return int(self.reading.truths(expression, score=score)[0])

    @cached_property
    def matches_force(self) -> bool:
        """A force rule matches, though perhaps unknown rules before it keep it from deciding."""
        in_force = int(self.states.forced[0])
        for index, rule in enumerate(self.rules.force):
            truth = self.truth(rule.when)
            held = rule.on_unknown == "hold" and index == in_force
            if truth == TRUE or (truth == UNKNOWN and (rule.on_unknown == "pass" or held)):
                return True
        return False

    @cached_property
    def open_force(self) -> tuple[Force, ...]:
        """Force rules that what is unknown leaves open."""
        return tuple(r for r in self.rules.force if r.on_unknown == "hold" and self.truth(r.when) == UNKNOWN)

    def gate(self, gate: Gate | Force) -> GateResult:
        """How a condition came out, with the metrics it reads."""
        truth = self.truth(gate.when)
        return GateResult(
            name=gate.name,
            when=gate.when.text,
            result=_TRUTHS[truth],
            held=truth == UNKNOWN and gate.on_unknown == "hold" and self.stored >= 0,
            metrics=tuple(self.metric(name) for name in gate.when.names if name in self.book.metrics),
            place=gate.place,
            title=gate.title,
        )

    def cases(self, gate: Gate) -> tuple[bool, bool]:
        """The condition at the worst and at the best of what is unknown."""
        truth = self.truth(gate.when)
        if truth != UNKNOWN:
            return truth == TRUE, truth == TRUE
        return gate.on_unknown == "pass", gate.on_unknown != "fail"

    @cached_property
    def metrics(self) -> Mapping[str, MetricValue]:
        """The metrics the decision saw, by name, sorted."""
        return {name: self._seen(name) for name in sorted(self.columns) if name in self.book.metrics}

    def metric(self, name: str) -> MetricValue:
        """A metric as the decision saw it."""
        seen = self.metrics.get(name)
        return self._seen(name) if seen is None else seen

    def _seen(self, name: str) -> MetricValue:
        declared, fact = self.book.metrics[name], self.facts.get(name, _ABSENT)
        return MetricValue(
            name=name,
            title=declared.title,
            value=exact(fact.value, declared.unit, declared.scale),
            unit=declared.unit,
            currency=self.book.currency if declared.unit is _MONEY else None,
            state=_STATE_UNKNOWN if fact.value is None else _STATE_KNOWN,
            cause=fact.cause,
            place=declared.place,
        )

    def unknown_metrics(self, names: tuple[str, ...]) -> set[str]:
        """Those of some names that are metrics without a value."""
        metrics = self.book.metrics
        return {name for name in names if name in metrics and self.facts.get(name, _ABSENT).value is None}

    def titles(self, names: Iterable[str]) -> Text:
        """Metrics as people call them, in a list."""
        found = [self.book.metrics[name].title for name in names]
        return Text(", ".join(one.en for one in found), "、".join(one.zh or one.en for one in found))

    def key(self, tier: int) -> str | None:
        """Key of a tier; None for UNRATED."""
        return self.rules.tiers[tier].key if tier >= 0 else None


def case_of(
    book: Book, market: Market, columns: Columns, states: States, outcomes: Outcomes, *, row: int, moment: Moment
) -> Case:
    """One row of stored decisions, decided again by the traced evaluator.

    Raises:
        DamagedError: The stored outcome does not follow from the stored inputs.
    """
    facts, state, outcome = columns, states, outcomes
    if len(states.tier) > 1:
        one = slice(row, row + 1)
        facts = {name: column.take(one) for name, column in columns.items()}
        state, outcome = take_rows(states, one), take_rows(outcomes, one)
    reading = TracedReading({**facts, "market": market_column(market, 1)}, 1, moment.day)
    again = decide_by(reading, book.markets[market], state, moment)
    wrong = [f.name for f in fields(again) if not _same(getattr(again, f.name), getattr(outcome, f.name))]
    if wrong:
        listed = ", ".join(wrong)
        raise DamagedError(
            Text(
                f"The stored decision does not follow from its stored inputs ({listed}).",
                f"保存的决定与其保存的输入不一致（{listed}）。",
            ),
            Text(
                "Run `touchstone replay` on it, and check the database.",
                "请对其运行 `touchstone replay` 并检查数据库。",
            ),
        )
    return Case(book, market, facts, state, outcome, moment, reading)


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return bool(one.tolist() == other.tolist())
