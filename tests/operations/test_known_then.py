"""What was not known yet, or was done only later, counts in no answer about then."""

from __future__ import annotations

from datetime import date

from engine.decisions.record import TierView
from engine.operations.deciding import decide
from engine.operations.explaining import explain_by_itself
from engine.operations.overriding import OverrideInput, end_override, override_tier
from engine.operations.waiting import time_alone_after
from engine.operations.whatif import Asked, try_out
from engine.store import Database, insert_rows
from engine.store.tables import WatermarkRow
from tests.operations.shop import day, decide_at, decision_of

FIRM, SMALLEST = "shop:B-0001", "shop:B-0000"


def test_a_what_if_uses_no_decision_and_no_override_that_was_not_known(shop: Database) -> None:
    def told(as_of: float, known: float | None) -> TierView:
        with shop.read() as session:
            asked = Asked(FIRM, day(as_of), None if known is None else day(known))
            return try_out(session, asked, day(30)).decision.explained.tier

    decide(shop, None, day(5), "schedule", day(20))
    assert told(10, None).previous == told(10, 20).previous is not None
    assert told(10, 19).previous is None, "the decision as of day 5 was made on day 20"
    by_hand = override_tier(shop, OverrideInput(FIRM, "D", "strategic", day(40)), "boss", day(21))
    end_override(shop, by_hand, "boss", "over", day(23))
    assert told(22, 22).effective == told(24, 22.5).effective == "D", "its end was not known yet"
    computed = told(22, 20.5).computed
    assert computed != "D"
    assert told(22, 20.5).effective == told(24, 23).effective == computed


def test_what_waiting_does_to_a_past_decision_stays_as_an_override_ends_later(shop: Database) -> None:
    with shop.write() as session:
        insert_rows(session, WatermarkRow, {"source": "orders", "complete_until": day(0), "recorded_at": day(-1)})
    by_hand = override_tier(shop, OverrideInput(SMALLEST, "A", "strategic", day(20.5)), "boss", day(-0.9))
    decide_at(shop, 0)
    decide_at(shop, 4)

    def alone(at: float) -> date | None:
        with shop.read() as session:
            found = time_alone_after(session, explain_by_itself(session, decision_of(shop, SMALLEST, at)))
            return None if found is None else found.at

    ends = date(2026, 3, 22)
    assert alone(0) == alone(4) == ends
    end_override(shop, by_hand, "boss", "over", day(5))
    assert alone(0) == alone(4) == ends
