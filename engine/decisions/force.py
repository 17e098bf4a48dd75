"""First step of a decision: the force rules, in order, the first match wins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.decisions.model import NONE, Codes, Flags, States
from engine.decisions.reading import TRUE, UNKNOWN, Reading
from engine.rulebook.book import MarketBook


@dataclass(frozen=True, slots=True)
class Forcing:
    """What the force rules say, (customers,).

    Attributes:
        rule: The rule that matched, or NONE.
        target: Its tier, or NONE.
        in_force: It is the rule the stored state names.
        worst, best: Worst and best tier of the rules before it (all, without a match) that are unknown and
            may apply to a customer with a stored tier; NONE and the number of tiers where there is none.
    """

    rule: Codes
    target: Codes
    in_force: Flags
    worst: Codes
    best: Codes


def read_force(book: MarketBook, states: States, reading: Reading) -> Forcing:
    """Walk the force rules for every customer.

    An unknown rule with `hold` matches where it is in force already; elsewhere it does not match, but its
    tier counts among the possible ones of a customer with a stored tier, so that missing data moves nobody.
    """
    length, index_of = reading.length, {tier.key: index for index, tier in enumerate(book.tiers)}
    rule = np.full(length, NONE, np.int16)
    target = np.full(length, NONE, np.int16)
    worst = np.full(length, NONE, np.int16)
    best = np.full(length, len(book.tiers), np.int16)
    rated = states.tier >= 0
    for index, force in enumerate(book.force):
        truth = reading.truths(force.when)
        if not truth.any():
            continue  # false for everybody, as most of these rules are for most frames
        undecided = rule == NONE
        if not undecided.any():
            break
        tier = index_of[force.tier]
        unknown = truth == UNKNOWN
        matches = truth == TRUE
        if force.on_unknown == "pass":
            matches |= unknown
        elif force.on_unknown == "hold":
            matches |= unknown & (states.forced == index)
            open_ = unknown & ~matches & rated & undecided
            worst[open_] = np.maximum(worst[open_], tier)
            best[open_] = np.minimum(best[open_], tier)
        matches &= undecided
        rule[matches] = index
        target[matches] = tier
    return Forcing(rule, target, (rule != NONE) & (rule == states.forced), worst, best)
