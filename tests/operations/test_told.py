"""What the command line tells of a decision fits a dozen lines, with what would lose the tier and what waiting does."""

from __future__ import annotations

from engine.cli.told_decision import told_decision
from engine.store import Database
from engine.vocabulary import Locale
from tests.operations.shop import answer, day, decide_at, decision_of, order, record, refs


def test_every_customer_is_told_in_under_a_dozen_lines(shop: Database) -> None:
    decide_at(shop, 0)
    late = [order(ref, -3, 700, number=50) for ref in refs()] + [answer(ref, 5, 20, number=9) for ref in refs()]
    record(shop, late, day(6))
    decide_at(shop, 10)
    numbers = [decision_of(shop, ref) for ref in refs()]
    with shop.read() as session:
        told = [told_decision(session, number, waited=True) for number in numbers]
    longest = 0
    for one in told:
        for locale in Locale:
            lines = list(one.lines(locale))
            assert len(lines) - len(one.stale) < 12, lines
            longest = max(longest, len(lines) - len(one.stale))
        assert one.document()["time_alone"] is None or one.document()["time_alone"]["at"]
    assert longest == 11, "some customer has more to tell than fits"
