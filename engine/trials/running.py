"""Runs a book's inline tests and invariants through the one pipeline of decisions."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engine.decisions import Moment, Outcomes, States, decide
from engine.expressions.columns import Columns
from engine.rulebook.book import Book, MarketBook
from engine.rulebook.checks import Expected, InlineTest, NeverLowers, Score, ShareBetween
from engine.trials.found import READERS, Found
from engine.trials.frames import day_of, given_columns, given_states, moment_of
from engine.trials.invariants import check_never_lowers
from engine.trials.report import TestFailure, TestReport
from engine.vocabulary import POINTS_SCALE, SHARE_SCALE, Market, Text

_COMPARE: Final = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ANY_ORDER: Final = ("reasons", "campaigns", "tags")


@dataclass(frozen=True, slots=True)
class Base:
    """Real customers of one market, for invariants about shares.

    Attributes:
        columns: (customers,) facts by metric.
        states: Their states.
        moment: The instant of the facts.
    """

    columns: Columns
    states: States
    moment: Moment


def run_tests(book: Book, base: Mapping[Market, Base] | None = None) -> TestReport:
    """Try everything a book says about itself.

    Args:
        base: Customers by market; without them shares are not decided.
    """
    passed = 0
    failed: list[TestFailure] = []
    undecided: list[TestFailure] = []
    for test in book.tests:
        differences = run_test(book, test)
        passed += not differences
        if differences:
            text = Text("; ".join(one.en for one in differences), "；".join(one.zh for one in differences))
            failed.append(TestFailure(test.name, text, test.place))
    for invariant in book.invariants:
        if isinstance(invariant, NeverLowers):
            said = check_never_lowers(book, invariant)
        elif base is None or invariant.market not in base:
            said = Text("Needs customers to be decided.", "需要客户数据才能判断。")
            undecided.append(TestFailure(invariant.text, said, invariant.place, "RULE_NOT_DECIDED"))
            continue
        else:
            said = _share(book.markets[invariant.market], invariant, base[invariant.market])
        passed += said is None
        if said is not None:
            failed.append(TestFailure(invariant.text, said, invariant.place, "RULE_INVARIANT_FAILED"))
    return TestReport(passed, tuple(failed), tuple(undecided))


def run_test(book: Book, test: InlineTest) -> list[Text]:
    """Decide a test's customer and say every difference from what the test expects; none: it passes."""
    rules = book.markets[test.market]
    moment = moment_of(test.as_of, book.timezone)
    columns = given_columns(book, test.given, day_of(test.as_of))
    outcomes = decide(rules, columns, given_states(rules, test.state), moment, evaluator="traced")
    return [said for key in test.expect.keys if (said := _difference(rules, outcomes, key, test.expect)) is not None]


def _difference(rules: MarketBook, outcomes: Outcomes, key: str, expect: Expected) -> Text | None:
    found, wanted = READERS[key](rules, outcomes, 0), getattr(expect, key)
    if _fits(key, wanted, found):
        return None
    shown = _shown(key, found, rules, outcomes)
    return Text(f"{key}: expected {_asked(wanted)}, found {shown}", f"{key}：预期 {_asked(wanted)}，实际 {shown}")


def _fits(key: str, wanted: object, found: Found) -> bool:
    if isinstance(wanted, Score):
        return isinstance(found, int) and bool(_COMPARE[wanted.operator](found, wanted.points))
    if key in _ANY_ORDER and isinstance(wanted, tuple) and isinstance(found, tuple):
        return set(wanted) <= set(found) if key == "reasons" else set(wanted) == set(found)
    return wanted == found


def _asked(wanted: object) -> str:
    if isinstance(wanted, Score):
        points = _points(wanted.points)
        return points if wanted.operator == "==" else f"{wanted.operator} {points}"
    return _plain(wanted)


def _shown(key: str, found: Found, rules: MarketBook, outcomes: Outcomes) -> str:
    """What came out; with a tier its score, because that is what one looks at next."""
    if key == "score" and isinstance(found, int):
        return _points(found)
    score = int(outcomes.score[0])
    beside = f" (score {_points(score)})" if key in ("tier", "computed") and score >= 0 else ""
    return _plain(found) + beside


def _plain(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _points(stored: int) -> str:
    return f"{Decimal(stored) / POINTS_SCALE:.4f}"


def _share(rules: MarketBook, invariant: ShareBetween, base: Base) -> Text | None:
    """The share of a tier among the customers that have one, if it lies outside its bounds."""
    outcomes = decide(rules, base.columns, base.states, base.moment)
    code = next(index for index, tier in enumerate(rules.tiers) if tier.key == invariant.tier)
    rated = int((outcomes.effective >= 0).sum())
    held = int((outcomes.effective == code).sum())
    if rated and invariant.low * rated <= held * SHARE_SCALE <= invariant.high * rated:
        return None
    percent = f"{100 * held / rated:.1f}%" if rated else "-"
    return Text(f"{percent} of {rated} rated customers.", f"{rated} 位已评级客户中占 {percent}。")
