"""Made-up customers of a market, decided once: what one of them shows need not be searched for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.decisions import Moment, Outcomes, States, decide, phases
from engine.decisions.names import market_column, risk_column, stage_column, tier_column
from engine.errors import Place
from engine.expressions import Column, Expression, Fact, ScoreColumn, truths
from engine.expressions.columns import CAUSE_CODE, Columns
from engine.metrics import Metric, second_pass
from engine.rulebook.book import Book, MarketBook
from engine.trials.analysis.spans import TIER, Space
from engine.trials.analysis.steps import points_at
from engine.trials.frames import moment_of
from engine.vocabulary import Unit, UnknownCause

TODAY: Final = date(2026, 12, 1)
"""The day made-up customers are decided as of; any day would do."""

_CUSTOMERS: Final = 1_536
_SEED: Final = 20_260_102
_MISSING: Final = CAUSE_CODE[UnknownCause.MISSING]


@dataclass(frozen=True)
class Crowd:
    """Customers of one market and what a decision made of them.

    Attributes:
        given: Metrics that were given, not calculated.
        columns: Their metrics, calculated ones too, (customers,) each.
        outcomes: Of a decision from `states`.
    """

    rules: MarketBook
    given: frozenset[str]
    columns: Columns
    states: States
    moment: Moment
    outcomes: Outcomes

    def __len__(self) -> int:
        return len(self.states.tier)

    @cached_property
    def score(self) -> ScoreColumn:
        """Their scores, as gates and `or_when` read them."""
        values, low, high = (
            np.asarray(one, np.int64) for one in (self.outcomes.score, self.outcomes.low, self.outcomes.high)
        )
        return ScoreColumn(values, low, high, values >= 0)

    @cached_property
    def weighted(self) -> NDArray[np.int64]:
        """Sums of weight times points."""
        weights = [criterion.weight for criterion in self.rules.scorecard.criteria]
        points = np.maximum(self.outcomes.points, 0)
        return np.array(sum(points[:, j].astype(np.int64) * weight for j, weight in enumerate(weights)), np.int64)

    @cached_property
    def left_out(self) -> NDArray[np.int64]:
        """Sums of the weights of criteria without points."""
        weights = [criterion.weight for criterion in self.rules.scorecard.criteria]
        without = self.outcomes.points < 0
        return np.array(sum(without[:, j].astype(np.int64) * weight for j, weight in enumerate(weights)), np.int64)

    def some(self, rows: NDArray[np.intp], names: Iterable[str] | None = None) -> Crowd:
        """Some of the customers; with `names` only these of their metrics."""

        def taken(record: Outcomes | States) -> dict[str, NDArray[np.generic]]:
            return {field.name: getattr(record, field.name)[rows] for field in fields(record)}

        kept = self.columns if names is None else {name: self.columns[name] for name in names if name in self.columns}
        columns = {name: column.take(rows) for name, column in kept.items()}
        states, outcomes = States(**taken(self.states)), Outcomes(**taken(self.outcomes))  # type: ignore[arg-type]
        return Crowd(self.rules, self.given, columns, states, self.moment, outcomes)

    @cached_property
    def seen(self) -> Columns:
        """Their metrics and the market, as conditions of the tiers read them."""
        return {**self.columns, "market": market_column(self.rules.market, len(self))}

    @cached_property
    def _seen_by_lines(self) -> Columns:
        tier = tier_column(self.rules, self.outcomes.effective)
        return {**self.seen, "tier": tier, "risk": risk_column(self.outcomes.risk)}

    @cached_property
    def _seen_by_campaigns(self) -> Columns:
        by_data = self.outcomes.provisional & (self.states.override < 0)
        found = phases(self.rules, self.outcomes)
        names = sorted({name for name in found if name})
        codes = np.array([names.index(name) if name else 0 for name in found], np.int64)
        unknown = self.outcomes.stage_open | np.array([name is None for name in found])
        return {
            **self._seen_by_lines,
            "tier": tier_column(self.rules, self.outcomes.effective, by_data),
            "stage": stage_column(self.outcomes.stage, self.outcomes.stage_open),
            "phase": Column(codes, np.where(unknown, _MISSING, 0).astype(np.uint8), Unit.TEXT, tuple(names)),
        }

    def facts_answer(self, condition: Expression) -> NDArray[np.uint8]:
        """A condition of the tiers for every customer, 0 false, 1 true, 2 unknown; looked at once."""
        key = condition.place, condition.text
        if key not in self._answers:
            self._answers[key] = truths(condition, self.seen, len(self), score=self.score, day=self.moment.day)
        return self._answers[key]

    @cached_property
    def _answers(self) -> dict[tuple[Place, str], NDArray[np.uint8]]:
        return {}

    def line_answer(self, condition: Expression) -> NDArray[np.uint8]:
        """A condition of the lifecycle for every customer."""
        return truths(condition, self._seen_by_lines, len(self), day=self.moment.day)

    def campaign_answer(self, condition: Expression) -> NDArray[np.uint8]:
        """A condition of a campaign or tag for every customer."""
        return truths(condition, self._seen_by_campaigns, len(self), day=self.moment.day)


def crowd_of(book: Book, rules: MarketBook, columns: Columns, length: int, states: States | None = None) -> Crowd:
    """Calculate what is calculated, and decide; without states everybody for the first time."""
    moment = moment_of(TODAY, book.timezone)
    full = with_calculated(book, columns, length, moment.day)
    first = States.first(length, len(rules.campaigns.triggers)) if states is None else states
    return Crowd(rules, frozenset(columns), full, first, moment, decide(rules, full, first, moment))


def with_calculated(book: Book, columns: Columns, length: int, day: int) -> Columns:
    """The columns and all metrics calculated from them."""
    rest = [metric for metric in book.metrics.values() if metric.name not in columns]
    return {**columns, **second_pass(rest, columns, length, day)}


def joined(parts: Sequence[Mapping[str, Column]]) -> dict[str, Column]:
    """The customers of several frames with the same metrics, one after the other."""
    return {
        name: replace(
            parts[0][name],
            values=np.concatenate([part[name].values for part in parts]),
            causes=np.concatenate([part[name].causes for part in parts]),
        )
        for name in parts[0]
    }


def single(book: Book, rules: MarketBook, facts: Mapping[str, int | str | None], states: States | None = None) -> Crowd:
    """One customer by its facts; None: unknown. A tier among them is set by hand."""
    keys = [tier.key for tier in rules.tiers]
    first = States.first(1, len(rules.campaigns.triggers)) if states is None else states
    if facts.get(TIER) in keys:
        first = replace(first, override=np.array([keys.index(str(facts[TIER]))], np.int16))
    given = {name: value for name, value in facts.items() if name in book.metrics}
    return crowd_of(book, rules, columns_of(book, [given]), 1, first)


def columns_of(book: Book, customers: list[Mapping[str, int | str | None]]) -> dict[str, Column]:
    """Customers given one by one as columns; all name the same metrics."""
    missing = Fact(None, UnknownCause.MISSING)
    return {
        name: Column.of(
            [missing if one[name] is None else Fact(one[name]) for one in customers], book.metrics[name].unit
        )
        for name in (customers[0] if customers else ())
    }


def made_up(book: Book, rules: MarketBook, space: Space) -> Crowd:
    """A crowd with scores of every height: values at and between the places where rules change, some unknown.

    The draw is the same every time.
    """
    chance = np.random.default_rng(_SEED)
    quality = chance.uniform(-0.1, 1.1, _CUSTOMERS)
    best = {criterion.metric: criterion.node for criterion in reversed(rules.scorecard.criteria)}
    columns = {}
    for name in sorted(set(space.box) & set(book.metrics)):
        samples = np.array(space.samples(name), np.int64)
        if name in best:
            points = [points_at(best[name], int(value)) for value in samples]
            samples = samples[np.argsort(points, kind="stable")]
        columns[name] = _drawn(book.metrics[name], space.box[name].texts, samples, quality, chance)
    return crowd_of(book, rules, columns, _CUSTOMERS)


def _drawn(
    metric: Metric,
    texts: tuple[str, ...],
    samples: NDArray[np.int64],
    quality: NDArray[np.float64],
    chance: np.random.Generator,
) -> Column:
    """A column by quality for most, at random for every fourth customer; unknown for some of every second."""
    count, last = len(quality), len(samples) - 1
    aimed = np.clip(quality + chance.normal(0, 0.15, count), 0, 1) * last
    at = np.where(np.arange(count) % 4 == 0, chance.integers(0, last + 1, count), np.rint(aimed)).astype(np.intp)
    values = samples[at]
    if metric.unit not in (Unit.BOOL, Unit.TEXT) and last:
        other = samples[np.minimum(at + 1, last)]
        between = (values + (other - values) * chance.random(count)).astype(np.int64)
        values = np.where(chance.random(count) < 0.3, between, values)
    unknown = (np.arange(count) % 2 == 1) & (chance.random(count) < 0.12)
    causes = np.where(unknown, _MISSING, 0).astype(np.uint8)
    return Column(np.where(unknown, 0, values), causes, metric.unit, texts)
