"""What would lose the tier: the smallest changes for the worse, each tried out before it is shown.

The tier is the stored one, which an override does not touch. Changes are decided from the state the decision left,
as if grace, minimum dwell and further confirming dates were over: so an exit margin counts, and what a way tells is a
loss that comes, though perhaps not at once; its words name the first day on which it may. With `down: one_step` the
tier that then results is the next one, otherwise the one the ladder asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.deciding import Frame, Moves
from engine.decisions.explanation.search import Search
from engine.decisions.explanation.values import midnight, points
from engine.decisions.explanation.ways import SHOWN, way_of
from engine.decisions.model import NO_DAY, PENDING_DOWN, Flags, States
from engine.decisions.pipeline import Rated
from engine.decisions.record import NextTier, Way
from engine.decisions.rows import repeated_row
from engine.decisions.stability import Kept, keep
from engine.decisions.stored import next_states
from engine.vocabulary import Text

_ENOUGH_DATES: Final = 1 << 14
_NOTHING: Final = Text("Nothing more is needed", "无需更多改变")


def loss_of_tier(case: Case) -> NextTier | None:
    """The smallest changes that lose the stored tier, fewest first; None in the last tier, and where none is stored.

    One metric alone is tried first, then two, then all, as on the way up. `attainable` is the worst score.

    Raises:
        RuntimeError: The traced evaluator does not lose the tier by a way found; that would be a mistake here.
    """
    tiers, tier = case.rules.tiers, case.tier
    if tier < 0 or tier == len(tiers) - 1:
        return None
    search = Search.of(case, _after_waiting(case), lambda rated, states: _kept(case, rated, states).tier > tier, -1)
    found = search.found()
    attainable = None if found.attainable is None else points(found.attainable)
    now = search.decided([({}, 1)])
    chosen: list[Moves] = [{}] if now.reached[0] else found.ways[:SHOWN]
    if not chosen:
        following = tiers[tier + 1]
        return NextTier(following.key, following.title, (), attainable, found.reachable, (), found.exhaustive)
    for moves in chosen:
        search.check(moves)
    frame = search.decided([(moves, 1) for moves in chosen])
    results = _kept(case, frame.rated, repeated_row(search.states, len(chosen))).tier.tolist()
    first = tiers[results[0]]
    return NextTier(first.key, first.title, _told(case, search, chosen, frame, results), attainable, True)


def _after_waiting(case: Case) -> States:
    """The state the decision left, with a fall that has been pending long enough."""
    day = case.moment.day
    return replace(
        next_states(case.outcomes, case.states, case.rules, case.moment),
        since=np.full(1, NO_DAY, np.int32),
        pending=np.full(1, PENDING_DOWN, np.int8),
        pending_to=case.outcomes.tier,
        pending_since=np.full(1, NO_DAY, np.int32),
        pending_last=np.full(1, day - 1, np.int32),
        pending_dates=np.full(1, _ENOUGH_DATES, np.int16),
    )


def _kept(case: Case, rated: Rated, states: States) -> Kept:
    """The stored tiers after stability."""
    return keep(case.rules, states, case.moment, score=rated.scored.score, ladder=rated.ladder, asked=rated.asked)


def _told(case: Case, search: Search, chosen: Sequence[Moves], frame: Frame, results: Sequence[int]) -> tuple[Way, ...]:
    """Ways with the tier that results and the first day on which it may."""
    at_once: Flags = frame.rated.asked.skips
    ways = []
    for moves, result, skips in zip(chosen, results, at_once.tolist(), strict=True):
        way = way_of(case, search.levers, moves) if moves else Way((), True, _NOTHING)
        key, when = case.rules.tiers[result].key, Text("", "") if skips else _when(case)
        text = Text(f"{way.text.en}; then {key}{when.en}", f"{way.text.zh}；随后为 {key}{when.zh}")
        ways.append(replace(way, text=text))
    return tuple(ways)


def _when(case: Case) -> Text:
    """When a fall asked for from now on may happen: the deciding dates it takes, and the first local day."""
    due, dates = _due(case), _dates(case)
    en, zh = (f", not before {due}", f"，最早 {due}") if due is not None else ("", "")
    if dates > 1:
        en, zh = f"{en}, after {dates} deciding dates", f"{zh}，须经 {dates} 个决定日"
    return Text(en, zh)


def _dates(case: Case) -> int:
    """On how many further dates a fall must be decided before it happens; that of the decision counts already."""
    outcomes = case.outcomes
    counted = int(outcomes.pending_dates[0]) if outcomes.pending[0] == PENDING_DOWN else 0
    return case.rules.stability.confirm - counted


def _due(case: Case) -> str | None:
    """The first local day on which a fall asked for from now on may happen; None: at once."""
    rules, outcomes, day = case.rules.stability, case.outcomes, case.moment.day
    begun = int(outcomes.pending_since[0]) if outcomes.pending[0] == PENDING_DOWN else day
    due = max(begun + rules.grace_days, int(outcomes.since[0]) + rules.min_dwell_days)
    if due <= day:
        return None
    return midnight(due, case.book.timezone).astimezone(case.zone).date().isoformat()
