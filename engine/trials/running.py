"""Runs a book's inline tests and invariants through the one pipeline of decisions."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from engine.decisions import Outcomes
from engine.rulebook.book import Book, MarketBook
from engine.rulebook.checks import Expected, InlineTest, Score
from engine.trials.claims import NOT_DECIDED, Base, check_invariant
from engine.trials.found import READERS, Found
from engine.trials.frames import TestFrame, frames_of
from engine.trials.report import TestFailure, TestReport
from engine.vocabulary import POINTS_SCALE, Market, Text

_COMPARE: Final = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ANY_ORDER: Final = ("reasons", "campaigns", "tags")


def run_tests(book: Book, base: Mapping[Market, Base] | None = None) -> TestReport:
    """Try everything a book says about itself.

    Args:
        base: Customers by market: invariants are tried on them too. Without them shares are not decided.
    """
    differences = {
        id(test): said
        for frame in frames_of(book)
        for test, said in zip(frame.tests, _differences(book, frame), strict=True)
    }
    failed = [
        TestFailure(test.name, Text("; ".join(one.en for one in said), "；".join(one.zh for one in said)), test.place)
        for test in book.tests
        if (said := differences[id(test)])
    ]
    tried = [check_invariant(book, invariant, base or {}) for invariant in book.invariants]
    undecided = tuple(one for one in tried if one is not None and one.code == NOT_DECIDED)
    failed += [one for one in tried if one is not None and one.code != NOT_DECIDED]
    passed = len(book.tests) + len(book.invariants) - len(failed) - len(undecided)
    return TestReport(passed, tuple(failed), undecided)


def _differences(book: Book, frame: TestFrame) -> list[list[Text]]:
    """Every difference from what each test of a frame expects; none: it passes."""
    rules = book.markets[frame.market]
    outcomes = frame.decided(rules)
    return [
        [said for key in test.expect.keys if (said := _difference(rules, outcomes, row, key, test.expect)) is not None]
        for row, test in enumerate(frame.tests)
    ]


def passing_tests(book: Book) -> tuple[InlineTest, ...]:
    """The tests that hold."""
    return tuple(
        test
        for frame in frames_of(book)
        for test, said in zip(frame.tests, _differences(book, frame), strict=True)
        if not said
    )


def failing(rules: MarketBook, frame: TestFrame) -> InlineTest | None:
    """The first test of a frame that some rules do not satisfy; None: all are satisfied."""
    outcomes = frame.decided(rules)
    for row, test in enumerate(frame.tests):
        for key in test.expect.keys:
            if not _fits(key, getattr(test.expect, key), READERS[key](rules, outcomes, row)):
                return test
    return None


def _difference(rules: MarketBook, outcomes: Outcomes, row: int, key: str, expect: Expected) -> Text | None:
    found, wanted = READERS[key](rules, outcomes, row), getattr(expect, key)
    if _fits(key, wanted, found):
        return None
    shown = _shown(key, found, outcomes, row)
    en, zh = f"{key}: expected {_asked(wanted)}, found {shown.en}", f"{key}：预期 {_asked(wanted)}，实际 {shown.zh}"
    return Text(en, zh)


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


def _shown(key: str, found: Found, outcomes: Outcomes, row: int) -> Text:
    """What came out; with a tier its score, because that is what one looks at next."""
    score, said = int(outcomes.score[row]), _plain(found)
    if key == "score" and isinstance(found, int):
        said = _points(found)
    elif key in ("tier", "computed") and score >= 0:
        return Text(f"{said} (score {_points(score)})", f"{said}（得分 {_points(score)}）")
    return Text(said, said)


def _plain(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _points(stored: int) -> str:
    return f"{Decimal(stored) / POINTS_SCALE:.4f}"
