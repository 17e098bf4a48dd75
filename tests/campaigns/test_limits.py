"""Who is contacted: the order of obstacles, capacity, holdouts, quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from engine.campaigns import (
    CAMPAIGN_DISPATCH,
    CAMPAIGN_QUIET,
    SUPPRESSIONS,
    Campaigns,
    Cap,
    Channel,
    Contacts,
    Holdout,
    QuietHours,
    Trigger,
    allot_capacity,
    consent_names,
    due_at,
    gate_dispatches,
    holdout_flags,
    in_holdout,
    not_before,
    reached_capacity,
)
from engine.errors import Place
from engine.expressions.tree import Expression, Literal
from engine.vocabulary import Text, Unit

PLACE = Place("campaigns.yaml", 1, 1)
ALWAYS = Expression("true", Literal(True, Unit.BOOL), Unit.BOOL, (), PLACE)
SMS = Channel("sms", "marketing_sms", False, None, PLACE)
VISIT = Channel("owner_task", None, True, 2, PLACE)
NEVER = -(2**31)
DAY = 20_000


def trigger(name: str, channel: Channel = SMS, **changes: object) -> Trigger:
    values: dict[str, object] = {
        "name": name,
        "when": ALWAYS,
        "on_unknown": "fail",
        "priority": 50,
        "channel": channel,
        "template": "t",
        "purpose": "marketing",
        "marketing": not channel.to_owner,
        "unit_cost": 0,
        "cooldown_days": 30,
        "quiet_hours": None,
        "holdout": None,
        "per_day": None,
        "due_days": None,
        "title": Text(name),
        "place": PLACE,
    }
    return Trigger(**{**values, **changes})


def known(customers: int, triggers: int, **changes: object) -> Contacts:
    values: dict[str, object] = {
        "consents": np.ones(customers, np.uint32),
        "last_contact": np.full((customers, triggers), NEVER, np.int32),
        "contacts": np.zeros(customers, np.int16),
        "holdout": np.zeros((customers, triggers), np.bool_),
        "full": np.zeros((customers, triggers), np.bool_),
    }
    return Contacts(**{**values, **changes})


def words(results: np.ndarray) -> list[str]:
    names = {CAMPAIGN_QUIET: "quiet", CAMPAIGN_DISPATCH: "dispatch"}
    return [names.get(int(code)) or SUPPRESSIONS[int(code) - 2].value for code in results]


ALL_OBSTACLES = {
    "consents": np.zeros(1, np.uint32),
    "last_contact": np.array([[DAY - 29]], np.int32),
    "holdout": np.ones((1, 1), np.bool_),
    "contacts": np.array([2], np.int16),
    "full": np.ones((1, 1), np.bool_),
}


@pytest.mark.parametrize(
    ("lifted", "expected"),
    [
        ([], "CONSENT"),
        (["consents"], "COOLDOWN"),
        (["consents", "last_contact"], "HOLDOUT"),
        (["consents", "last_contact", "holdout"], "CAP"),
        (["consents", "last_contact", "holdout", "contacts"], "CAPACITY"),
        (["consents", "last_contact", "holdout", "contacts", "full"], "dispatch"),
    ],
)
def test_the_first_obstacle_in_the_fixed_order_is_named(lifted: list[str], expected: str) -> None:
    campaigns = Campaigns((trigger("win_back"),), (), Cap(2, 30))
    obstacles = {name: value for name, value in ALL_OBSTACLES.items() if name not in lifted}
    assert words(gate_dispatches(campaigns, np.ones((1, 1), np.uint8), DAY, known(1, 1, **obstacles))[0]) == [expected]


def test_a_cooldown_of_thirty_days_ends_on_the_thirtieth() -> None:
    campaigns = Campaigns((trigger("win_back"),), (), None)
    last = np.array([[DAY - 29], [DAY - 30], [NEVER]], np.int32)
    results = gate_dispatches(campaigns, np.ones((3, 1), np.uint8), DAY, known(3, 1, last_contact=last))
    assert words(results[:, 0]) == ["COOLDOWN", "dispatch", "dispatch"]


def test_unknown_contacts_nobody_unless_the_book_says_pass() -> None:
    campaigns = Campaigns((trigger("a"), trigger("b", VISIT, on_unknown="pass")), (), None)
    results = gate_dispatches(campaigns, np.full((1, 2), 2, np.uint8), DAY, known(1, 2))
    assert words(results[0]) == ["UNKNOWN_DATA", "dispatch"]


def test_a_false_trigger_is_quiet_whatever_else() -> None:
    campaigns = Campaigns((trigger("a"),), (), Cap(0, 30))
    assert words(gate_dispatches(campaigns, np.zeros((1, 1), np.uint8), DAY, known(1, 1))[0]) == ["quiet"]


def test_one_marketing_contact_a_decision_by_priority_and_tasks_beside_it() -> None:
    campaigns = Campaigns((trigger("first"), trigger("visit", VISIT), trigger("second")), (), Cap(2, 30))
    truths = np.array([[1, 1, 1], [0, 1, 1]], np.uint8)
    results = gate_dispatches(campaigns, truths, DAY, known(2, 3))
    assert words(results[0]) == ["dispatch", "dispatch", "PRIORITY"]
    assert words(results[1]) == ["quiet", "dispatch", "dispatch"]


def test_the_cap_does_not_touch_owner_tasks() -> None:
    campaigns = Campaigns((trigger("visit", VISIT),), (), Cap(0, 30))
    assert words(gate_dispatches(campaigns, np.ones((1, 1), np.uint8), DAY, known(1, 1))[0]) == ["dispatch"]


def test_consents_are_bits_in_the_order_of_their_names() -> None:
    mail = Channel("email", "marketing_email", False, None, PLACE)
    campaigns = Campaigns((trigger("a"), trigger("b", mail)), (), None)
    assert consent_names(campaigns) == ("marketing_email", "marketing_sms")
    results = gate_dispatches(campaigns, np.ones((1, 2), np.uint8), DAY, known(1, 2, consents=np.array([1], np.uint32)))
    assert words(results[0]) == ["CONSENT", "dispatch"]


def test_capacity_goes_by_priority_and_then_by_customer_id() -> None:
    triggers = (trigger("first", per_day=1), trigger("second", per_day=1))
    campaigns = Campaigns(triggers, (), None)
    customers, owners = np.array([30, 10, 20]), np.full(3, -1)
    results = gate_dispatches(campaigns, np.ones((3, 2), np.uint8), DAY, known(3, 2))
    full = allot_capacity(triggers, reached_capacity(results), customers, owners)
    again = gate_dispatches(campaigns, np.ones((3, 2), np.uint8), DAY, known(3, 2, full=full))
    assert words(again[1]) == ["dispatch", "PRIORITY"]  # customer 10
    assert words(again[2]) == ["CAPACITY", "dispatch"]  # customer 20 gets the second campaign's only place
    assert words(again[0]) == ["CAPACITY", "CAPACITY"]


def test_an_owner_gets_no_more_than_the_channel_allows_over_all_triggers() -> None:
    triggers = (trigger("save", VISIT), trigger("care", VISIT))
    owners = np.array([7, 7, 7, 8, -1, -1, -1])
    wanted = np.ones((7, 2), np.bool_)
    full = allot_capacity(triggers, wanted, np.arange(7), owners)
    assert full[:, 0].tolist() == [False, False, True, False, False, False, False]
    assert full[:, 1].tolist() == [True, True, True, False, False, False, False]


def test_what_was_used_earlier_in_the_day_counts() -> None:
    limited = (trigger("a", per_day=2),)
    wanted = np.ones((3, 1), np.bool_)
    full = allot_capacity(limited, wanted, np.arange(3), np.full(3, -1), used={"a": 1})
    assert full[:, 0].tolist() == [False, True, True]
    tasks = (trigger("a", VISIT),)
    full = allot_capacity(tasks, wanted, np.arange(3), np.full(3, 5), used_by_owner={("owner_task", 5): 1})
    assert full[:, 0].tolist() == [False, True, True]


def test_allotted_customers_are_those_dispatched() -> None:
    generator = np.random.default_rng(4)
    triggers = tuple(trigger(f"t{i}", VISIT if i % 3 == 0 else SMS, per_day=[3, 5, None][i % 3]) for i in range(6))
    campaigns = Campaigns(triggers, (), None)
    truths = generator.integers(0, 2, (40, 6)).astype(np.uint8)
    owners = generator.integers(-1, 4, 40)
    results = gate_dispatches(campaigns, truths, DAY, known(40, 6))
    full = allot_capacity(triggers, reached_capacity(results), np.arange(40), owners)
    sent = gate_dispatches(campaigns, truths, DAY, known(40, 6, full=full)) == CAMPAIGN_DISPATCH
    for index, rule in enumerate(triggers):
        assert rule.per_day is None or sent[:, index].sum() <= rule.per_day
    tasks = sent[:, [0, 3]].sum(axis=1)
    assert all(tasks[owners == owner].sum() <= 2 for owner in range(4))
    marketing = [index for index, rule in enumerate(triggers) if rule.marketing]
    assert sent[:, marketing].sum(axis=1).max() == 1


def test_holdouts_are_a_fixed_share_that_only_the_salt_redraws() -> None:
    references = [f"demo:P-{number:05d}" for number in range(5_000)]
    first = Campaigns((trigger("a", holdout=Holdout(20, "s1")), trigger("b")), (), None)
    second = Campaigns((trigger("a", holdout=Holdout(20, "s2")),), (), None)
    flags = holdout_flags(first, references)
    assert 850 < flags[:, 0].sum() < 1_150
    assert not flags[:, 1].any()
    assert flags[:, 0].tolist() == [in_holdout(Holdout(20, "s1"), reference) for reference in references]
    assert (flags[:, 0] != holdout_flags(second, references)[:, 0]).any()
    larger = Campaigns((trigger("a", holdout=Holdout(30, "s1")),), (), None)
    assert (holdout_flags(larger, references)[:, 0] | ~flags[:, 0]).all()


NIGHT = QuietHours(21 * 60, 9 * 60)


@pytest.mark.parametrize(
    ("as_of", "zone", "quiet", "expected"),
    [
        ("2026-12-01T12:59:00", "Asia/Shanghai", NIGHT, "2026-12-01T12:59:00"),
        ("2026-12-01T13:00:00", "Asia/Shanghai", NIGHT, "2026-12-02T01:00:00"),
        ("2026-12-01T00:59:59", "Asia/Shanghai", NIGHT, "2026-12-01T01:00:00"),
        ("2026-12-01T01:00:00", "Asia/Shanghai", NIGHT, "2026-12-01T01:00:00"),
        ("2026-12-01T05:00:00", "UTC", QuietHours(240, 360), "2026-12-01T06:00:00"),
        ("2026-12-01T05:00:00", "UTC", QuietHours(1320, 1440), "2026-12-01T05:00:00"),
        ("2026-12-01T23:00:00", "UTC", QuietHours(1320, 1440), "2026-12-02T00:00:00"),
        ("2026-03-29T00:30:00", "Europe/Berlin", QuietHours(60, 180), "2026-03-29T01:00:00"),
        ("2026-12-01T05:00:00", "UTC", None, "2026-12-01T05:00:00"),
    ],
)
def test_quiet_hours_delay_to_their_local_end(as_of: str, zone: str, quiet: QuietHours | None, expected: str) -> None:
    instant = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
    assert not_before(instant, zone, quiet) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_due_times_keep_the_local_hour_over_a_change_of_clocks() -> None:
    as_of = datetime(2026, 3, 28, 9, tzinfo=UTC)
    assert due_at(as_of, "Europe/Berlin", 2) == datetime(2026, 3, 30, 8, tzinfo=UTC)
    assert due_at(as_of, "Europe/Berlin", None) is None
