"""The one ordered pipeline: facts, state and rule book in, decisions out.

Everything works on arrays over many customers; one customer is a frame of one row. Only the reading of
rules (`engine.decisions.reading`) differs between the two evaluators.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.campaigns import Contacts, gate_dispatches
from engine.decisions.force import read_force
from engine.decisions.ladder import Asked, Ladder, ask, climb
from engine.decisions.lifecycle import Staged, band, override, phase_codes, stage, tag
from engine.decisions.model import Codes, Days, Flags, Moment, Outcomes, States
from engine.decisions.names import market_column, phase_column, risk_column, stage_column, tier_column
from engine.decisions.reading import Evaluator, Reading, reading_of
from engine.decisions.stability import Kept, keep
from engine.expressions.columns import Columns
from engine.rulebook.book import MarketBook
from engine.scoring import Scored


def decide(
    book: MarketBook, columns: Columns, states: States, moment: Moment, evaluator: Evaluator = "columnar"
) -> Outcomes:
    """Decide every customer of a frame: force, scorecard and ladder, stability, override, risk, stage, tags,
    campaigns, in this order.

    A pure function of its arguments: no customer's outcome depends on another's, on their order or on how a
    base is split into frames, and both evaluators give the same bits.

    Args:
        book: The rules of the market all these customers are in.
        columns: Facts, one column of (customers,) per metric; an absent metric is unknown.
        states: What the latest earlier decision left, and what is known about contacting.
        moment: The instant and its local day.
        evaluator: `columnar` for many, `traced` for few.
    """
    return decide_by(_read(book, columns, states, moment, evaluator), book, states, moment)


def decide_by(reading: Reading, book: MarketBook, states: States, moment: Moment) -> Outcomes:
    """`decide` by the caller's reading of the facts and the market, to ask it further questions afterwards."""
    rated = rate_by(reading, book, states)
    scored, asked = rated.scored, rated.asked
    kept = keep(book, states, moment, score=scored.score, ladder=rated.ladder, asked=asked)
    effective, effective_since = override(states, kept.tier, moment)
    risk = band(book, reading.columns, reading.length)
    by_data = kept.provisional & (states.override < 0)
    given = {"tier": tier_column(book, effective), "risk": risk_column(risk)}
    unsure = {**given, "tier": tier_column(book, effective, by_data)} if by_data.any() else None
    staged = stage(book, states, given, reading, unsure)
    after = _given(book, effective, by_data, risk, staged)
    tags = tag(book, after, reading)
    campaigns = _contact(book, states, moment, after, reading)

    standing = _Standing(effective, effective_since, risk, tags, campaigns)
    return _outcomes(scored, asked, kept, staged, standing)


@dataclass(frozen=True, slots=True)
class Rated:
    """The first half of a decision: what the rules ask for, before stability."""

    scored: Scored
    ladder: Ladder
    asked: Asked


def rate(
    book: MarketBook, columns: Columns, states: States, moment: Moment, evaluator: Evaluator = "columnar"
) -> Rated:
    """Force, scorecard and ladder: the tier asked for, for every customer; arguments as of `decide`."""
    return rate_by(_read(book, columns, states, moment, evaluator), book, states)


def _read(book: MarketBook, columns: Columns, states: States, moment: Moment, evaluator: Evaluator) -> Reading:
    length = len(states.tier)
    market = {"market": market_column(book.market, length)}
    return reading_of({**columns, **market}, length, moment.day, evaluator)


def rate_by(reading: Reading, book: MarketBook, states: States) -> Rated:
    """`rate` by the caller's reading of the facts and the market."""
    forcing = read_force(book, states, reading)
    scored = reading.scored(book.scorecard)
    ladder = climb(book, scored.score, reading)
    return Rated(scored, ladder, ask(states, scored.score, forcing, ladder))


@dataclass(frozen=True, slots=True)
class _Standing:
    """What follows from the stored tier; fields as in `Outcomes`."""

    effective: Codes
    effective_since: Days
    risk: NDArray[np.int8]
    tags: Flags
    campaigns: NDArray[np.uint8]


def _given(book: MarketBook, effective: Codes, by_data: Flags, risk: NDArray[np.int8], staged: Staged) -> Columns:
    """The names tags and campaigns see: a provisional tier and an open stage are unknown to them."""
    phases = phase_codes(book, staged.stage, staged.rule, staged.held)
    return {
        "tier": tier_column(book, effective, by_data),
        "risk": risk_column(risk),
        "stage": stage_column(staged.stage, staged.open),
        "phase": phase_column(phases, staged.open),
    }


def names_after(book: MarketBook, states: States, outcomes: Outcomes) -> Columns:
    """The names tags and campaigns saw in decisions that are made: tier, risk, stage and phase."""
    staged = Staged(outcomes.stage, outcomes.stage_rule, outcomes.stage_held, outcomes.stage_open)
    return _given(book, outcomes.effective, outcomes.provisional & (states.override < 0), outcomes.risk, staged)


def _contact(book: MarketBook, states: States, moment: Moment, given: Columns, reading: Reading) -> NDArray[np.uint8]:
    """What every trigger does, (customers, triggers)."""
    truths = reading.table([trigger.when for trigger in book.campaigns.triggers], given)
    contacts = Contacts(states.consents, states.last_contact, states.contacts, states.holdout, states.full)
    return gate_dispatches(book.campaigns, truths, moment.day, contacts)


def _outcomes(scored: Scored, asked: Asked, kept: Kept, staged: Staged, standing: _Standing) -> Outcomes:
    return Outcomes(
        points=scored.points,
        point_states=scored.states,
        score=scored.score.values.astype(np.int32),
        low=scored.score.low.astype(np.int32),
        high=scored.score.high.astype(np.int32),
        known_weight=scored.known_weight,
        worst=asked.worst,
        best=asked.best,
        computed=asked.computed,
        forced=asked.forced,
        stage=staged.stage,
        stage_rule=staged.rule,
        stage_held=staged.held,
        stage_open=staged.open,
        **_values(kept),
        **_values(standing),
    )


def _values(record: Kept | _Standing) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}
