"""Chance is the same everywhere and has the shapes it claims."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.cli.demo.business_chance import Chance

DRAWS = 4000


def test_the_stream_of_a_name_never_changes() -> None:
    chance = Chance(7, 1, 31)
    assert [chance.whole(0, 999_999) for _ in range(5)] == [736424, 648151, 327555, 27089, 462786]
    assert chance.waiting().hex() == "0x1.f49c7a2a5a522p+0"
    assert chance.factor(0.5).hex() == "0x1.3e92335d7e6efp+0"


def test_streams_of_different_names_are_different() -> None:
    streams = {tuple(Chance(seed, kind).share() for _ in range(1)) for seed in (1, 2) for kind in (1, 2, 3)}
    assert len(streams) == 6


@given(st.integers(0, 2**32), st.integers(-50, 50), st.integers(0, 90))
def test_whole_numbers_stay_within_their_ends(seed: int, low: int, width: int) -> None:
    chance = Chance(seed)
    drawn = {chance.whole(low, low + width) for _ in range(300)}
    assert min(drawn) >= low
    assert max(drawn) <= low + width


@given(st.integers(0, 2**32))
def test_no_item_without_weight_is_ever_picked(seed: int) -> None:
    chance = Chance(seed)
    assert "never" not in {chance.weighted((("a", 1), ("never", 0), ("b", 3))) for _ in range(200)}


def test_waiting_times_are_exponential_with_mean_one() -> None:
    chance = Chance(3)
    drawn = sorted(chance.waiting() for _ in range(DRAWS))
    assert abs(sum(drawn) / DRAWS - 1.0) < 0.06
    assert abs(drawn[DRAWS // 2] - 0.693) < 0.06


def test_a_more_regular_rhythm_varies_less_around_the_same_mean() -> None:
    chance = Chance(4)
    spread = {}
    for regularity in (1, 9):
        drawn = [chance.rhythm(40.0, regularity) for _ in range(DRAWS)]
        mean = sum(drawn) / DRAWS
        assert abs(mean - 40.0) < 2.5
        spread[regularity] = sum((gap - mean) ** 2 for gap in drawn) / DRAWS
    assert spread[9] < spread[1] / 6


def test_factors_multiply_and_divide_alike() -> None:
    chance = Chance(5)
    drawn = sorted(chance.factor(0.5) for _ in range(DRAWS))
    assert abs(drawn[DRAWS // 2] - 1.0) < 0.05
    assert abs(drawn[DRAWS * 84 // 100] - 1.65) < 0.1
