"""Invariants of every form: those that hold pass, those that do not show a customer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.decisions import States
from engine.errors import RuleBookError
from engine.expressions.columns import CAUSE_CODE, Column
from engine.rulebook import Book, book_from_plain
from engine.trials import Base, metrics_asked, run_tests
from engine.trials.frames import moment_of
from engine.vocabulary import Market, Unit, UnknownCause
from tests.trials.test_running import DAY, PLAIN

HOLDS = [
    "more spend never lowers the score",
    "less debt never lowers the score",
    "more debt never raises the tier",
    "less spend never raises the score",
    "nobody with debt > 180 is in A or B",
    "everybody with debt > 180 is in C",
    "every A has industry == 'steel'",
    "every A has score >= 70",
    "everybody with industry == 'steel' and score >= 70 and debt <= 180 is in A",
    "every   A or B\n  has known(spend) or known(orders) or score >= 0",
]

BROKEN = {
    "less spend never lowers the score": "A customer with spend ",
    "more debt never lowers the score": "A customer with debt ",
    "more spend never raises the tier": "A customer with spend ",
    "nobody with debt > 30 is in A or B": "A customer with debt ",
    "nobody with spend >= 1000 is in A": "A customer with spend ",
    "everybody with spend >= 1000 is in A or B": "A customer with spend ",
    "every A has spend >= 800": "A customer with spend ",
    "every B has score >= 40": "A customer with score ",
    "every C has industry == 'steel'": "A customer with industry glass is C.",
}


def with_invariants(*texts: str) -> Book:
    return book_from_plain({**PLAIN, "invariants": list(texts)})


@pytest.mark.parametrize("text", HOLDS)
def test_a_sentence_that_is_true_passes(text: str) -> None:
    report = run_tests(with_invariants(text))
    assert (report.passed, report.failed, report.undecided) == (1, (), ())


@pytest.mark.parametrize("text", sorted(BROKEN))
def test_a_sentence_that_is_not_shows_a_customer(text: str) -> None:
    (failure,) = run_tests(with_invariants(text)).failed
    assert failure.text.en.startswith(BROKEN[text])
    assert failure.text.zh
    assert (failure.name, failure.code) == (text, "RULE_INVARIANT_FAILED")


def test_the_edge_in_the_sentence_itself_is_tried() -> None:
    """No rule mentions 777,777 orders; the sentence does, so customers are made around it."""
    (failure,) = run_tests(with_invariants("nobody with orders == 777777 is in A or B or C")).failed
    assert failure.text.en.startswith("A customer with orders 777777 is ")


def base(book: Book, spend: list[int], unknown: bool = False) -> Base:
    length = len(spend)
    causes = np.full(length, CAUSE_CODE[UnknownCause.MISSING] if unknown else 0, np.uint8)
    known = np.zeros(length, np.uint8)
    columns = {
        "spend": Column(np.array(spend, np.int64) * 100, known, Unit.MONEY),
        "debt": Column(np.zeros(length, np.int64), known, Unit.DAYS),
        "industry": Column(np.zeros(length, np.int64), causes, Unit.TEXT, ("steel",)),
    }
    return Base(columns, States.first(length, 2), moment_of(DAY, book.timezone))


def test_a_base_breaks_what_made_up_customers_do_not() -> None:
    """Nobody made up happens to spend this much an order."""
    book = with_invariants("nobody with spend == per_order * 37 + 0.13 is in A")
    assert run_tests(book).failed == ()
    real = base(book, [100, 12345])
    spend = Column(np.array([10_000, 74_013], np.int64), np.zeros(2, np.uint8), Unit.MONEY)
    orders = Column(np.array([1, 37], np.int64), np.zeros(2, np.uint8), Unit.COUNT)
    columns = {**real.columns, "spend": spend, "orders": orders}
    (failure,) = run_tests(book, {Market.B2B: replace(real, columns=columns)}).failed
    assert failure.text.en == "In the base: a customer with per_order 20, spend 740.13 is A."
    assert failure.text.zh == "客户库中：per_order 20, spend 740.13 的客户是 A。"


def test_more_of_a_metric_is_tried_on_a_base_too() -> None:
    book = with_invariants("less spend never lowers the tier")
    (failure,) = run_tests(book, {Market.B2B: base(book, [1000] * 50)}).failed
    assert failure.text.en.startswith("A customer with spend ")
    gates = [{"name": "g", "when": "industry == 'glass' or spend < 900"}]
    plain = {**PLAIN, "tiers": [{"key": "A", "at_least": 30, "gates": gates}, {"key": "C"}]}
    book = book_from_plain({**plain, "invariants": ["more spend never lowers the tier"]})
    assert len(run_tests(book, {Market.B2B: base(book, [100] * 50)}).failed) == 1


def test_unknown_conditions_break_nothing() -> None:
    book = with_invariants("every A has industry == 'steel'")
    assert run_tests(book, {Market.B2B: base(book, [1000] * 3, unknown=True)}).failed == ()


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("share(A) between 25% and 25%", True),
        ("share(A or B) at least 100%", True),
        ("share(B) at least 75.1%", False),
        ("share(B or C) at most 75%", True),
        ("share(B or C) at most 74.9%", False),
    ],
)
def test_shares_of_several_tiers(text: str, holds: bool) -> None:
    book = with_invariants(text)
    report = run_tests(book, {Market.B2B: base(book, [1000, 100, 0, 0])})
    assert (report.failed == ()) is holds


def test_a_base_is_asked_for_what_the_sentences_speak_of() -> None:
    book = with_invariants("more orders never lowers the tier", "every A has churn < 0.5 and score > 0")
    assert metrics_asked(book.invariants, Market.B2B) == ("orders", "churn")
    assert metrics_asked(book.invariants, Market.B2C) == ()


WRONG = {
    "customers in A are nice": ("RULE_EXPRESSION", "is not an invariant"),
    "nobody is in A": ("RULE_EXPRESSION", "is not an invariant"),
    "nobody with spendd > 5 is in A": ("RULE_UNKNOWN_NAME", "spendd"),
    "nobody with spend > 'x' is in A": ("RULE_TYPE", ""),
    "nobody with spend > 5 is in A or X": ("RULE_UNKNOWN_NAME", "There is no tier `X`"),
    "every X has spend > 5": ("RULE_UNKNOWN_NAME", "There is no tier `X`"),
    "share(A or X) at most 5%": ("RULE_UNKNOWN_NAME", "There is no tier `X`"),
    "share(A) between 30% and 20%": ("RULE_VALUE", "20% is not between 30% and 100%"),
    "share(A) at most 101%": ("RULE_VALUE", "101% is not between 0% and 100%"),
    "more spendd never lowers the tier": ("RULE_UNKNOWN_NAME", "spendd"),
    "more spend never lowers the stage": ("RULE_EXPRESSION", "is not an invariant"),
}


@pytest.mark.parametrize("text", sorted(WRONG))
def test_other_wordings_are_refused_with_what_can_be_said(text: str) -> None:
    with pytest.raises(RuleBookError) as refused:
        with_invariants(text)
    (problem,) = refused.value.problems
    code, said = WRONG[text]
    assert problem.code == code
    assert said in problem.message.en
    if "not an invariant" in said:
        for form in ("never lowers the tier", "at least 1%", "nobody with", "everybody with", "every A or B has"):
            assert form in problem.hint.en
            assert form in problem.hint.zh
