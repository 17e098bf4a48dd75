"""The sentences under `invariants:`, tried on made-up customers and on those of a base."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.decisions import Moment, States, decide
from engine.expressions.columnar import truths
from engine.expressions.columns import Columns, ScoreColumn
from engine.expressions.tree import Expression
from engine.metrics import FromExpression
from engine.rulebook.book import Book
from engine.rulebook.checks import Invariant, NeverLowers, NobodyIs, ShareBetween
from engine.trials.found import tier_name
from engine.trials.invariants import Customers, check_never_lowers, made_up, only_tiers, shown_value
from engine.trials.report import TestFailure
from engine.vocabulary import POINTS_SCALE, SHARE_SCALE, Market, Text, Unit

NOT_DECIDED: Final = "RULE_NOT_DECIDED"


@dataclass(frozen=True, slots=True)
class Base:
    """Real customers of one market.

    Attributes:
        columns: (customers,) facts by metric.
        states: Their states.
        moment: The instant of the facts.
        decided: (customers,) whose state is what the same rules decided at this very moment: a decision starts from
            a strictly earlier state, so these are not decided a second time where it is told what they are; None:
            nobody's.
    """

    columns: Columns
    states: States
    moment: Moment
    decided: NDArray[np.bool_] | None = None


def metrics_asked(invariants: Iterable[Invariant], market: Market) -> tuple[str, ...]:
    """Metrics that the invariants of a market speak of, whether or not its rules read them."""
    found: dict[str, None] = {}
    for invariant in invariants:
        if invariant.market is market and isinstance(invariant, NeverLowers):
            found[invariant.metric] = None
        if invariant.market is market and isinstance(invariant, NobodyIs):
            found.update(dict.fromkeys(name for name in invariant.condition.names if name != "score"))
    return tuple(found)


def check_invariant(book: Book, invariant: Invariant, base: Mapping[Market, Base]) -> TestFailure | None:
    """What is wrong with a sentence; None: it holds, as far as it was tried.

    Args:
        base: Customers by market; a sentence about shares is not decided without them.
    """
    real = _real(book, invariant.market, base)
    if isinstance(invariant, ShareBetween):
        if real is None:
            said = Text("Needs customers to be decided.", "需要客户数据才能判断。")
            return TestFailure(invariant.text, said, invariant.place, NOT_DECIDED)
        wrong = _share(real, invariant)
    else:
        wrong = next((found for found in _tried(book, invariant, real) if found is not None), None)
    return None if wrong is None else TestFailure(invariant.text, wrong, invariant.place, "RULE_INVARIANT_FAILED")


def _tried(book: Book, invariant: NeverLowers | NobodyIs, real: Customers | None) -> Iterator[Text | None]:
    asked = (invariant.condition,) if isinstance(invariant, NobodyIs) else ()
    for customers in (made_up(book, invariant.market, asked), real):
        if customers is None:
            continue
        if isinstance(invariant, NobodyIs):
            said = _nobody(customers, invariant)
        else:
            said = check_never_lowers(customers, invariant)
        yield _of_base(said) if said is not None and customers.real else said


def _of_base(said: Text) -> Text:
    return Text(f"In the base: {said.en[0].lower()}{said.en[1:]}", f"客户库中：{said.zh}")


def _real(book: Book, market: Market, base: Mapping[Market, Base]) -> Customers | None:
    """The base of a market as customers to try a sentence on."""
    if market not in base:
        return None
    one = base[market]
    columns = {
        name: column
        for name, column in one.columns.items()
        if not isinstance(book.metrics[name].origin, FromExpression)
    }
    return Customers(book, only_tiers(book.markets[market]), columns, one.states, one.moment, real=True)


def _nobody(customers: Customers, invariant: NobodyIs) -> Text | None:
    """A customer that breaks the sentence; unknown conditions and customers without a tier never do."""
    columns, length = customers.whole(), len(customers.states.tier)
    outcomes = decide(customers.rules, columns, customers.states, customers.moment)
    tier, scores = outcomes.computed, outcomes.score.astype(np.int64)
    score = ScoreColumn(scores, outcomes.low.astype(np.int64), outcomes.high.astype(np.int64), scores >= 0)
    found = truths(invariant.condition, columns, length, score=score, day=customers.moment.day)
    codes = [index for index, one in enumerate(customers.rules.tiers) if one.key in invariant.tiers]
    inside = np.isin(tier, codes) == invariant.inside
    rows = np.flatnonzero((tier >= 0) & inside & (found == int(invariant.holds)))
    if not len(rows):
        return None
    row = int(rows[0])
    facts = _facts(customers, columns, invariant.condition, row, int(score.values[row]))
    key = tier_name(customers.rules, int(tier[row]))
    return Text(f"A customer with {facts} is {key}.", f"{facts} 的客户是 {key}。")


def _facts(customers: Customers, columns: Columns, condition: Expression, row: int, score: int) -> str:
    """What a customer has of the metrics a condition reads, as rule files write it."""
    said = []
    for name in condition.names:
        if name == "score":
            said.append(f"score {score / POINTS_SCALE:.4f}" if score >= 0 else "score null")
            continue
        fact, metric = columns[name].fact(row), customers.book.metrics[name]
        if fact.value is None:
            said.append(f"{name} null")
        elif metric.unit is Unit.BOOL:
            said.append(f"{name} {'true' if fact.value else 'false'}")
        else:
            said.append(f"{name} {fact.value if isinstance(fact.value, str) else shown_value(metric, fact.value)}")
    return ", ".join(said)


def _share(customers: Customers, invariant: ShareBetween) -> Text | None:
    """The share of some tiers among the customers that have one, if it lies outside its bounds."""
    keys = [tier.key for tier in customers.rules.tiers]
    effective = decide(customers.rules, customers.whole(), customers.states, customers.moment).effective
    rated = int((effective >= 0).sum())
    held = int(np.isin(effective, [keys.index(key) for key in invariant.tiers]).sum())
    if rated and invariant.low * rated <= held * SHARE_SCALE <= invariant.high * rated:
        return None
    percent = f"{100 * held / rated:.1f}%" if rated else "-"
    return Text(f"{percent} of {rated} rated customers.", f"{rated} 位已评级客户中占 {percent}。")
