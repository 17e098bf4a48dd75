"""The ladder, decided twice: at the worst and at the best of everything that is unknown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.decisions.force import Forcing
from engine.decisions.model import NONE, Codes, Flags, States
from engine.decisions.reading import FALSE, TRUE, Reading
from engine.expressions.columns import ScoreColumn
from engine.rulebook.book import Gate, MarketBook


@dataclass(frozen=True, slots=True)
class Ladder:
    """Both answers of the ladder, (customers,).

    Attributes:
        worst, best: First tier that holds in either case.
        gates: By tier: its gates hold in the best case.
    """

    worst: Codes
    best: Codes
    gates: tuple[Flags, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What force rules and ladder ask for before stability, (customers,).

    Attributes:
        computed: The tier asked for; NONE: UNRATED.
        worst, best: The two cases it was taken from.
        forced: The force rule that decides, or NONE.
        skips: Stability is skipped: every possible answer is a force.
        missing: The customer stays because of missing data.
    """

    computed: Codes
    worst: Codes
    best: Codes
    forced: Codes
    skips: Flags
    missing: Flags


def climb(book: MarketBook, score: ScoreColumn, reading: Reading) -> Ladder:
    """Decide the ladder at the worst and at the best of what is unknown, for every customer."""
    last = len(book.tiers) - 1
    worst = np.full(reading.length, last, np.int16)
    best = np.full(reading.length, last, np.int16)
    nothing, everything = np.zeros(reading.length, np.bool_), np.ones(reading.length, np.bool_)
    gates = [everything]
    for index in range(last - 1, -1, -1):
        tier = book.tiers[index]
        worst_gates, best_gates = _all_hold(tier.gates, score, reading, everything)
        worst_door, best_door = (
            _two_cases(tier.or_when, score, reading) if tier.or_when is not None else (nothing, nothing)
        )
        needed = tier.at_least or 0
        worst[worst_gates & (worst_door | (score.known & (score.low >= needed)))] = index
        best[best_gates & (best_door | ~score.known | (score.high >= needed))] = index
        gates.append(best_gates)
    return Ladder(worst, best, tuple(reversed(gates)))


def _all_hold(gates: tuple[Gate, ...], score: ScoreColumn, reading: Reading, start: Flags) -> tuple[Flags, Flags]:
    worst, best = start, start
    for gate in gates:
        in_worst, in_best = _two_cases(gate, score, reading)
        worst, best = worst & in_worst, best & in_best
    return worst, best


def _two_cases(gate: Gate, score: ScoreColumn, reading: Reading) -> tuple[Flags, Flags]:
    """A condition at the worst and at the best of what is unknown."""
    truth = reading.truths(gate.when, score=score)
    worst = truth != FALSE if gate.on_unknown == "pass" else truth == TRUE
    return worst, truth != FALSE if gate.on_unknown == "hold" else worst


def ask(states: States, score: ScoreColumn, forcing: Forcing, ladder: Ladder) -> Asked:
    """Compare the two cases with the stored tier: missing data moves nobody.

    Worst better than the stored tier: up to worst. Best worse than it: down towards best. Otherwise the
    customer stays. Without a stored tier: the worst, if the score is known. A force that matched replaces the
    ladder; rules before it that are unknown join both cases, and unless all agree it moves nobody alone.
    """
    stored, rated = states.tier, states.tier >= 0
    matched = forcing.rule >= 0
    worst = np.maximum(np.where(matched, forcing.target, ladder.worst), forcing.worst)
    best = np.minimum(np.where(matched, forcing.target, ladder.best), forcing.best)
    applies = matched & ((worst == best) | (forcing.in_force & (stored == forcing.target)))

    computed = np.where(worst < stored, worst, np.where(best > stored, best, stored))
    computed = np.where(rated, computed, np.where(score.known, worst, NONE))
    computed = np.where(applies, forcing.target, computed).astype(np.int16)

    moves = matched & (computed != stored)
    forced = np.where(applies | (moves & (computed == forcing.target)), forcing.rule, NONE).astype(np.int16)
    missing = rated & ~applies & (computed == stored) & (worst != best)
    return Asked(computed, worst, best, forced, applies | moves, missing)
