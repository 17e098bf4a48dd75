"""The tiers that scores give: to whoever is decided for the first time, and to whoever holds a tier already.

A held tier is lost when everything that is unknown, at its best, gives a lower one, and the score is below the exit
margin or a gate fails. Said for ranges of customers and for made-up ones; `tests/trials` compares the two.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.decisions.ladder import climb
from engine.decisions.reading import UNKNOWN as NOT_KNOWN
from engine.decisions.reading import reading_of
from engine.expressions import ScoreColumn
from engine.rulebook.book import MarketBook
from engine.trials.analysis.pool import Crowd
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE, UNKNOWN, disjunction, negated
from engine.trials.analysis.scores import ScoreRange
from engine.trials.analysis.steps import climbed, gates_at_best, target


def exits(rules: MarketBook) -> tuple[int, ...]:
    """By tier but the last: the score, in 0.0001, below which whoever holds it may fall."""
    return tuple((tier.at_least or 0) - rules.stability.exit_margin for tier in rules.tiers[:-1])


def onward(rules: MarketBook, possible: Possible, score: ScoreRange) -> list[frozenset[int]]:
    """The tiers that may come of no stored tier, then of each stored tier but the last.

    Of a stored tier: itself for whoever stays or rises (what may rise is told by the first), else where they may
    fall to in the end, grace and dwell over.
    """
    limits = exits(rules)
    first: set[int] = set()
    held: list[set[int]] = [set() for _ in limits]
    for part in score.parts(sorted({*possible.score_cuts, *limits})):
        seen = possible.seeing(part)
        worst, best = climbed(rules, seen, part)
        lower = _with_force(rules, seen, best)
        first |= worst
        for stored, found in enumerate(held):
            lost = _lost(rules, seen, part, stored)
            if lost & FALSE or min(lower) <= stored:
                found.add(stored)
            if lost & TRUE:
                found |= {_down(rules, stored, tier) for tier in lower if tier > stored}
    return [frozenset(first), *(frozenset(found) for found in held)]


def _lost(rules: MarketBook, possible: Possible, score: ScoreRange, stored: int) -> int:
    """Whether a stored tier may be lost, if a lower one is asked for."""
    if not rules.stability.exit_margin:
        return TRUE
    limit = exits(rules)[stored]
    low = TRUE if score.known and score.high[0] < limit else 0
    enough = FALSE if score.unknown or score.high[1] >= limit else 0
    return disjunction([negated(gates_at_best(rules.tiers[stored], possible)), low | enough])


def _with_force(rules: MarketBook, possible: Possible, best: frozenset[int]) -> frozenset[int]:
    """The best tiers, force rules counted that are unknown: whoever may be forced so high, does not fall below."""
    found = best
    for force in rules.force:
        truths = possible.of_facts(force.when) if force.on_unknown == "hold" else 0
        if truths & UNKNOWN:
            raised = frozenset(min(tier, target(rules, force)) for tier in found)
            found = raised if truths == UNKNOWN else found | raised
    return found


def _down(rules: MarketBook, stored: int, tier: int) -> int:
    """Where whoever falls is next."""
    return stored + 1 if rules.stability.down == "one_step" else tier


def onward_of(crowd: Crowd, score: ScoreColumn) -> NDArray[np.int16]:
    """(tiers, customers) the tiers that come of no stored tier, then of each stored tier but the last, as `onward`.

    Args:
        score: Known scores, whatever the customers' own.
    """
    rules = crowd.rules
    ladder = climb(rules, score, reading_of(crowd.seen, len(crowd), crowd.moment.day, "columnar"))
    best = ladder.best
    for force in rules.force:
        if force.on_unknown == "hold":
            open_ = crowd.facts_answer(force.when) == NOT_KNOWN
            best = np.where(open_, np.minimum(best, target(rules, force)), best)
    found = [ladder.worst]
    for stored, limit in enumerate(exits(rules)):
        falls = (best > stored) & (~ladder.gates[stored] | (score.high < limit))
        next_ = stored + 1 if rules.stability.down == "one_step" else best
        found.append(np.where(falls, next_, stored).astype(np.int16))
    return np.array(found, np.int16)
