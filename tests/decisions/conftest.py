"""Runs cases: one market's book as plain data, given facts, the state before, what is expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from engine.campaigns import consent_names
from engine.decisions import (
    HOLDS,
    NO_DAY,
    RISK_NAMES,
    STAGE_NAMES,
    SUPPRESSIONS,
    Moment,
    Outcomes,
    States,
    StoredState,
    StoredStates,
    decide,
    phases,
    states_from_stored,
    stored_from_outcomes,
    tier_keys,
)
from engine.expressions import Column, Fact
from engine.metrics import second_pass
from engine.rulebook.book import Book, MarketBook
from engine.rulebook.plain import book_from_plain
from engine.scoring import score_one
from engine.vocabulary import EXACT_LIMIT, POINTS_SCALE, UNRATED, Market, Unit, UnknownCause

EPOCH = date(1970, 1, 1)
Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Played:
    """A case, decided."""

    book: Book
    market: Market
    columns: dict[str, Column]
    states: States
    moment: Moment
    outcomes: Outcomes
    override: Plain | None = None

    @property
    def rules(self) -> MarketBook:
        return self.book.markets[self.market]


def days(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


def moment_of(text: str, zone: str) -> Moment:
    """A bare date is 00:00 in the book's zone."""
    local = datetime.fromisoformat(text.replace("Z", "+00:00"))
    as_of = (local if local.tzinfo else local.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    return Moment(as_of, (as_of.astimezone(ZoneInfo(zone)).date() - EPOCH).days)


def fact_of(value: object, unit: Unit, scale: int) -> Fact:
    """A given value in stored units, half to even."""
    if value is None:
        return Fact(None, UnknownCause.MISSING)
    if isinstance(value, Mapping):
        return Fact(None, UnknownCause(value["unknown"]))
    if unit is Unit.TEXT:
        return Fact(str(value))
    if isinstance(value, bool):
        return Fact(int(value))
    if unit is Unit.DATE:
        return Fact(days(str(value)))
    stored = int((Decimal(str(value)) * scale).to_integral_value(ROUND_HALF_EVEN))
    return Fact(None, UnknownCause.OUT_OF_RANGE) if abs(stored) > EXACT_LIMIT else Fact(stored)


def columns_of(book: Book, facts: Plain, day: int) -> dict[str, Column]:
    """Given facts and what the book derives from them; the rest is unknown (missing)."""
    given = {
        name: Column.of([fact_of(facts[name], metric.unit, metric.scale)], metric.unit)
        for name, metric in book.metrics.items()
        if name in facts
    }
    absent = {
        name: Column.unknown(1, metric.unit, UnknownCause.MISSING)
        for name, metric in book.metrics.items()
        if name not in facts
    }
    columns = {**absent, **given}
    derived = second_pass(book.metrics.values(), columns, 1, day)
    return {**columns, **{name: column for name, column in derived.items() if name not in facts}}


def stored_of(state: Plain, moment: Moment) -> StoredState:
    pending = state.get("pending")
    if pending is not None:
        pending = {**pending, "since": days(pending["since"]), "last": days(pending["last"])}
    effective = state.get("effective", state.get("tier"))
    since = days(state["since"]) if state.get("since") else None
    return StoredState(
        tier=state.get("tier"),
        since=since,
        provisional=state.get("provisional", False),
        pending=pending,
        forced=state.get("forced"),
        stage=state.get("stage"),
        effective=effective,
        effective_since=days(state["effective_since"]) if "effective_since" in state else since,
    )


def override_of(state: Plain, moment: Moment, zone: str) -> str | None:
    """The override's tier while `from ≤ as_of < until`."""
    override = state.get("override")
    if override is None:
        return None
    begun = "from" not in override or moment_of(override["from"], zone).as_of <= moment.as_of
    over = "until" in override and moment.as_of >= moment_of(override["until"], zone).as_of
    return override["tier"] if begun and not over else None


def states_of(rules: MarketBook, state: Plain, moment: Moment, zone: str) -> States:
    stored = StoredStates.of([stored_of(state, moment)])
    states = states_from_stored(rules, stored, [override_of(state, moment, zone)])
    names = [trigger.name for trigger in rules.campaigns.triggers]
    bits = sum(1 << i for i, name in enumerate(consent_names(rules.campaigns)) if name in state.get("consents", ()))
    touched = state.get("last_contact", {})
    return replace(
        states,
        consents=np.array([bits], np.uint32),
        last_contact=np.array([[days(touched[n]) if n in touched else NO_DAY for n in names]], np.int32).reshape(1, -1),
        contacts=np.array([state.get("contacts", 0)], np.int16),
        holdout=np.array([[name in state.get("holdout", ()) for name in names]], np.bool_).reshape(1, -1),
        full=np.array([[name in state.get("full", ()) for name in names]], np.bool_).reshape(1, -1),
    )


def play(case: Plain, evaluator: str) -> Played:
    """Decide a case."""
    book = book_from_plain(case["book"])
    market = Market(case["book"]["market"])
    moment = moment_of(case["as_of"], book.timezone)
    columns = columns_of(book, case["facts"], moment.day)
    states = states_of(book.markets[market], case.get("state") or {}, moment, book.timezone)
    outcomes = decide(book.markets[market], columns, states, moment, evaluator)
    given = (case.get("state") or {}).get("override")
    running = given if override_of(case.get("state") or {}, moment, book.timezone) is not None else None
    return Played(book, market, columns, states, moment, outcomes, running)


def _points(stored: int | None) -> str | None:
    return None if stored is None or stored < 0 else f"{Decimal(stored) / POINTS_SCALE:.4f}"


def _day(stored: int | None) -> str | None:
    return None if stored is None or stored == NO_DAY else date.fromordinal(EPOCH.toordinal() + stored).isoformat()


def _state_after(played: Played) -> dict[str, Any]:
    after = stored_from_outcomes(played.rules, played.outcomes).row(0)
    pending = after.pending
    if pending is not None:
        pending = {**pending, "since": _day(pending["since"]), "last": _day(pending["last"])}
    return {
        "tier": after.tier,
        "since": _day(after.since),
        "provisional": after.provisional,
        "pending": pending,
        "forced": after.forced,
        "stage": after.stage,
        "effective": after.effective or UNRATED,
        "effective_since": _day(after.effective_since),
        "override": played.override,
    }


def told(played: Played) -> dict[str, Any]:
    """An outcome in the words of the cases."""
    outcomes, rules = played.outcomes, played.rules
    keys = [key or UNRATED for key in tier_keys(rules)]
    one = score_one(rules.scorecard, {name: column.fact(0) for name, column in played.columns.items()})
    held = int(outcomes.held_by[0])
    forced = int(outcomes.forced[0])
    total = sum(criterion.weight for criterion in rules.scorecard.criteria)
    coverage = Fraction(int(outcomes.known_weight[0]), total)
    campaigns = {}
    for trigger, code in zip(rules.campaigns.triggers, outcomes.campaigns[0].tolist(), strict=True):
        if code:
            campaigns[trigger.name] = "dispatch" if code == 1 else SUPPRESSIONS[code - 2].value
    return {
        "score": _points(int(outcomes.score[0])),
        "low": _points(int(outcomes.low[0])),
        "high": _points(int(outcomes.high[0])),
        "coverage": str(coverage),
        "worst": keys[outcomes.worst[0]],
        "best": keys[outcomes.best[0]],
        "computed": keys[outcomes.computed[0]],
        "stable": keys[outcomes.tier[0]],
        "effective": keys[outcomes.effective[0]],
        "provisional": bool(outcomes.provisional[0]),
        "forced": None if forced < 0 else rules.force[forced].name,
        "held_by": None if held < 0 else HOLDS[held].value,
        "until": _day(int(outcomes.until[0])),
        "risk": RISK_NAMES[outcomes.risk[0]],
        "stage": STAGE_NAMES[outcomes.stage[0]],
        "stage_held": bool(outcomes.stage_held[0]),
        "phase": phases(rules, outcomes)[0],
        "tags": [tag.name for tag, flag in zip(rules.campaigns.tags, outcomes.tags[0], strict=True) if flag],
        "campaigns": campaigns,
        "criteria": {
            c.criterion.name: {
                "state": c.state.value,
                "points": _points(c.points),
                "contribution": None if c.contribution is None else _points(c.contribution),
            }
            for c in one.criteria
        },
        "state": _state_after(played),
    }


def part_of(whole: object, part: object) -> object:
    """Of the whole, only what the part names: so that a comparison shows what differs."""
    if isinstance(part, Mapping) and isinstance(whole, Mapping):
        return {name: part_of(whole[name], part[name]) for name in part}
    return whole


@pytest.fixture(scope="session")
def player() -> Callable[[Plain, str], Played]:
    """Decides a case by an evaluator."""
    return play


@pytest.fixture(scope="session")
def check_case() -> Callable[[Plain, str], None]:
    """Decides a case and compares with what it expects."""

    def check(case: Plain, evaluator: str) -> None:
        expected = case["expect"]
        assert part_of(told(play(case, evaluator)), expected) == expected, f"{case['id']}: {case['title']}"

    return check
