"""Where a tier must start: exactly what trying every threshold finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decisions import Moment, Outcomes, States, decide
from engine.errors import InputError, TouchstoneError
from engine.expressions import Column, Columns
from engine.rulebook import MarketBook, book_from_plain
from engine.trials import Base, threshold
from engine.trials.frames import moment_of
from engine.trials.threshold import roundest, suggest_threshold
from engine.vocabulary import POINTS_SCALE, Market, Unit
from tests.trials.test_running import PLAIN

MOMENT = moment_of(date(2026, 12, 1), "Asia/Shanghai")
RULES = book_from_plain(PLAIN).markets[Market.B2B]
UNITS = {"spend": Unit.MONEY, "per_order": Unit.MONEY, "debt": Unit.DAYS}

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "spend": st.none() | st.integers(0, 120_000),
            "per_order": st.none() | st.integers(0, 20_000),
            "debt": st.none() | st.sampled_from([0, 30, 31, 100, 181]),
            "steel": st.none() | st.booleans(),
            "money": st.integers(-30, 200),
        }
    ),
    min_size=1,
    max_size=25,
)


def base(rows: list[dict[str, int | bool | None]]) -> Base:
    columns = {name: column([row[name] for row in rows], unit) for name, unit in UNITS.items()}
    steel = column([None if row["steel"] is None else int(not row["steel"]) for row in rows], Unit.TEXT)
    columns["industry"] = replace(steel, texts=("steel", "glass"))
    return Base(columns, States.first(len(rows), 2), MOMENT)


def column(values: list[int | bool | None], unit: Unit) -> Column:
    known = np.array([value is not None for value in values])
    return Column(np.array([value or 0 for value in values], np.int64), np.where(known, 0, 1).astype(np.uint8), unit)


def held(rules: MarketBook, given: Base, index: int, at_least: int, weights: np.ndarray) -> float:  # type: ignore[type-arg]
    tiers = list(rules.tiers)
    tiers[index] = replace(tiers[index], at_least=at_least)
    outcomes = decide(replace(rules, tiers=tuple(tiers)), given.columns, given.states, given.moment)
    return float(weights[outcomes.tier == index].sum())


@settings(max_examples=150, deadline=None)
@given(ROWS, st.sampled_from(["A", "B"]), st.sampled_from([0.05, 0.2, 0.5, 1.0]), st.booleans())
def test_it_is_the_largest_threshold_that_trying_all_of_them_finds(
    rows: list[dict[str, int | bool | None]], tier: str, wanted: float, by_amount: bool
) -> None:
    given, index = base(rows), "AB".index(tier)
    weights = np.array([row["money"] if by_amount else 1 for row in rows], np.int64)
    outcomes = decide(RULES, given.columns, given.states, given.moment)
    total = weights[outcomes.tier >= 0].sum()
    if total <= 0:
        with pytest.raises(InputError):
            suggest_threshold(RULES, given, tier, wanted, weights)
        return
    low, high = (400_001, 1_000_000) if tier == "A" else (1, 699_999)
    low = low if tier == "A" else 0
    scores = {int(score) for score in outcomes.low.tolist()} | {low, high}
    tried = sorted({near for score in scores for near in (score, score + 1) if low <= near <= high})
    fits = [one for one in tried if held(RULES, given, index, one, weights) / total >= wanted]
    found = suggest_threshold(RULES, given, tier, wanted, weights)
    assert (found.found is None) == (not fits)
    if found.found is not None and found.least is not None and found.round is not None:
        assert found.found.at_least == max(fits)
        share = held(RULES, given, index, found.found.at_least, weights) / total
        assert found.found.share == share
        for same in (found.least, found.round):
            assert held(RULES, given, index, same, weights) / total == share
        if found.above is not None and not by_amount:
            assert found.above.share < wanted


def test_what_cannot_be_reached_is_told_with_what_can() -> None:
    rows = [{"spend": 100_000, "per_order": 0, "debt": 0, "steel": number == 0, "money": 1} for number in range(4)]
    found = suggest_threshold(RULES, base(rows), "A", 0.5, np.ones(4, np.int64))
    assert found.found is None
    assert (found.lowest.customers, found.lowest.share, found.rated) == (1, 0.25, 4)


def test_an_answer_that_does_not_hold_when_it_is_decided_is_a_fault_with_a_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [{"spend": 25_000 * number, "per_order": 0, "debt": 0, "steel": True, "money": 1} for number in range(1, 5)]

    def off(rules: MarketBook, columns: Columns, states: States, moment: Moment) -> Outcomes:
        found = decide(rules, columns, states, moment)
        at_a_bound = rules.tiers[0].at_least in (100 * POINTS_SCALE, (rules.tiers[1].at_least or 0) + 1)
        return found if at_a_bound else replace(found, tier=np.maximum(found.tier, 1))

    monkeypatch.setattr(threshold, "decide", off)
    with pytest.raises(TouchstoneError, match=r"the tier holds 0\.0000%, not 50\.0000%") as fault:
        suggest_threshold(RULES, base(rows), "A", 0.5, np.ones(4, np.int64))
    assert fault.value.code == "INTERNAL"
    assert fault.value.message.zh


def test_stability_is_left_out_of_the_answer_and_told_beside_it() -> None:
    rows = [{"spend": 25_000 * number, "per_order": 0, "debt": 0, "steel": True, "money": 1} for number in range(1, 5)]
    given = base(rows)
    since = np.full(4, MOMENT.day - 30, np.int32)
    everybody_in_a = replace(given.states, tier=np.zeros(4, np.int16), since=since)
    found = suggest_threshold(RULES, replace(given, states=everybody_in_a), "A", 0.25, np.ones(4, np.int64))
    assert found.found is not None
    assert (found.found.at_least, found.found.customers) == (1_000_000, 1)
    assert found.at_once == 1.0


@pytest.mark.parametrize(
    ("tier", "says"), [("C", "takes everybody else"), ("c", "takes everybody else"), ("Z", "There is no tier Z")]
)
def test_a_tier_without_a_threshold_is_refused(tier: str, says: str) -> None:
    rows = [{"spend": 100_000, "per_order": 0, "debt": 0, "steel": True, "money": 1}]
    with pytest.raises(InputError, match=says) as refused:
        suggest_threshold(RULES, base(rows), tier, 0.5, np.ones(1, np.int64))
    assert refused.value.code == "UNKNOWN_TIER"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(714_213, 715_588, 715_000), (699_000, 712_000, 700_000), (714_213, 714_213, 714_213), (0, 999_999, 900_000)],
)
def test_the_roundest_threshold_is_one_people_would_write(low: int, high: int, expected: int) -> None:
    assert roundest(low, high) == expected
