"""The best way up: the smallest changes of metrics somebody can change, each tried out before it is shown.

A way is verified by deciding again, from the same state, with the changed metrics and what the book derives
from them, up to the tier asked for (`Outcomes.computed`): it does not tell how long stability then waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.deciding import Moves
from engine.decisions.explanation.levers import Lever
from engine.decisions.explanation.obstacles import obstacles_of
from engine.decisions.explanation.search import Search
from engine.decisions.explanation.values import exact, points, spoken
from engine.decisions.model import Flags, States
from engine.decisions.pipeline import Rated
from engine.decisions.record import MetricChange, NextTier, Way
from engine.vocabulary import Text

SHOWN: Final = 3
"""Most ways told."""


def next_tier_of(case: Case) -> NextTier | None:
    """The next better tier and the smallest changes that reach it; None in the best tier.

    One metric alone is tried first, then two: one where the score is best if that is enough, the other as little as
    possible, then the first likewise. If none suffices, all together are tried.

    Raises:
        RuntimeError: The traced evaluator does not give the tier by a way found; that would be a mistake here.
    """
    tiers, computed = case.rules.tiers, int(case.outcomes.computed[0])
    if case.tier == 0:
        return None
    waits = 0 <= computed < case.tier
    aimed = computed if waits else case.tier - 1 if case.tier > 0 else len(tiers) - 1
    target = tiers[aimed]
    search = Search.of(case, case.states, partial(_reaches, aimed), 1)
    found = search.found()
    attainable = None if found.attainable is None else points(found.attainable)
    if waits:
        said = Text("Nothing more is needed; the move has to wait.", "无需更多改变；只需等待升级生效。")
        return NextTier(target.key, target.title, (Way((), True, said),), attainable, True)
    for moves in found.ways[:SHOWN]:
        search.check(moves)
    ways = tuple(way_of(case, search.levers, moves) for moves in found.ways[:SHOWN])
    blocked_by = () if found.reachable else obstacles_of(case, found, aimed)
    return NextTier(target.key, target.title, ways, attainable, found.reachable, blocked_by, found.exhaustive)


def _reaches(target: int, rated: Rated, _states: States) -> Flags:
    """Which rows ask for a tier, or for a better one."""
    computed = rated.asked.computed
    return (computed >= 0) & (computed <= target)


def way_of(case: Case, levers: Mapping[str, Lever], moves: Moves) -> Way:
    """Changes of metrics as they are told, once `Search.check` has verified them."""
    changes, told = [], []
    for name, steps in sorted(moves.items()):
        lever, metric = levers[name], levers[name].metric
        after = int(lever.moved(steps))
        before_text, after_text = (exact(value, metric.unit, metric.scale) for value in (lever.value, after))
        changes.append(MetricChange(name, metric.title, before_text, after_text or "", metric.unit))
        now, then = (spoken(v, metric.unit, metric.scale, case.book.currency) for v in (lever.value, after))
        en = f"{metric.title.en} from {now.en} to {then.en}"
        zh = f"{metric.title.zh or metric.title.en} 从 {now.zh or now.en} 到 {then.zh or then.en}"
        told.append(Text(en, zh))
    return Way(tuple(changes), True, Text("; ".join(t.en for t in told), "；".join(t.zh for t in told)))
