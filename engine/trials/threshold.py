"""Where a tier must start so that it holds a share of customers or of an amount: exact, and tried by deciding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.decisions import Outcomes, States, decide
from engine.errors import InputError, TouchstoneError
from engine.rulebook import MarketBook
from engine.trials.claims import Base
from engine.trials.invariants import only_tiers
from engine.vocabulary import POINTS_SCALE, Text

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_MOST: Final = 100 * POINTS_SCALE


@dataclass(frozen=True, slots=True)
class Held:
    """What a tier holds at one threshold: customers, and its share of what was asked about (0 to 1)."""

    at_least: int
    customers: int
    share: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """Answer to where a tier must start; thresholds in 0.0001 points.

    Attributes:
        rated: Customers that have a tier at all.
        found: The largest threshold at which the tier holds at least the share; None: there is none.
        least: Any threshold from here to that of `found` gives the same.
        round: The roundest of these.
        above: What it holds with a hair (0.0001) more; None: that would be out of bounds.
        lowest, highest: What it holds at the lowest and highest threshold the ladder leaves it.
        now: What it holds at the threshold of the book.
        at_once: Share held after the next decision if that threshold were live, from the tiers of now, when stability
            still keeps some; None: none found.
    """

    tier: str
    wanted: float
    rated: int
    found: Held | None
    least: int | None
    round: int | None
    above: Held | None
    lowest: Held
    highest: Held
    now: Held
    at_once: float | None


def suggest_threshold(rules: MarketBook, base: Base, tier: str, wanted: float, weights: Integers) -> Threshold:
    """Find where a tier must start to hold a share.

    Everybody is decided as if there were no earlier state, so that stability, which only delays, does not blur
    the answer; gates, `or_when`, force rules and what is unknown count as in any decision. A tier's customers
    lose it one by one as its threshold rises past what their score is at least, so two decisions (at the lowest and
    at the highest threshold) tell who depends on it; the answer is then decided once more.

    Args:
        base: Facts and the states of now.
        wanted: Share, 0 to 1.
        weights: (customers,) what is shared: 1 for each, or amounts.

    Raises:
        InputError: No such tier, it takes everybody else, nobody has a tier, or the amounts come to nothing.
        TouchstoneError: INTERNAL, the answer does not hold when it is decided.
    """
    trial = _Trial(only_tiers(rules), base, _index(rules, tier), weights)
    if not trial.total > 0:
        raise InputError(
            Text("There is nothing to share: nobody has a tier, or the amounts come to nothing.",
                 "没有可分配的对象：没有已评级客户，或金额合计不为正。"),
            Text("Import the data first, or ask for a share of customers.", "请先导入数据，或改用客户比例。"),
            code="WRONG_STATE",
        )  # fmt: skip
    low, high = trial.bounds
    steps, shares = trial.steps
    fits = np.flatnonzero(shares >= wanted)
    place = int(steps[fits[0]]) if len(fits) else None
    below = steps[fits[0] + 1 :] if len(fits) else steps[:0]
    least = None if place is None else (int(below[0]) + 1 if len(below) else low)
    return Threshold(
        tier=tier,
        wanted=wanted,
        rated=int(trial.rated.sum()),
        found=None if place is None else trial.checked(place),
        least=least,
        round=None if place is None or least is None else roundest(least, place),
        above=None if place is None or place == high else trial.checked(place + 1),
        lowest=trial.at(low),
        highest=trial.at(high),
        now=trial.at(rules.tiers[trial.index].at_least or 0),
        at_once=None if place is None else trial.at(place, base.states).share,
    )


def roundest(low: int, high: int) -> int:
    """The roundest number in `[low, high]`: tens before fives before ones, halves, tenths …; in 0.0001 points.

    >>> roundest(714_213, 715_588), roundest(699_000, 712_000), roundest(706_000, 719_000)
    (715000, 700000, 710000)
    """
    for step in (10 * POINTS_SCALE, 5 * POINTS_SCALE, POINTS_SCALE, 5_000, 1_000, 100, 10):
        if (found := high // step * step) >= low:
            return found
    return high


@dataclass(frozen=True)
class _Trial:
    """Decisions of one base at many thresholds of one tier."""

    rules: MarketBook
    base: Base
    index: int
    weights: Integers

    def decided(self, at_least: int, states: States | None = None) -> Outcomes:
        """Everybody decided at a threshold, without an earlier state unless one is given."""
        tiers = list(self.rules.tiers)
        tiers[self.index] = replace(tiers[self.index], at_least=at_least)
        first = States.first(len(self.weights), 0) if states is None else states
        return decide(replace(self.rules, tiers=tuple(tiers)), self.base.columns, first, self.base.moment)

    def at(self, at_least: int, states: States | None = None) -> Held:
        """What the tier holds at a threshold."""
        mine = self.decided(at_least, states).tier == self.index
        return Held(at_least, int(mine.sum()), float(self.weights[mine].sum()) / self.total)

    def checked(self, at_least: int) -> Held:
        """Alike; what was reckoned from the two decisions at the bounds must come out.

        Raises:
            TouchstoneError: INTERNAL, it does not: no answer is better than one that does not hold.
        """
        steps, shares = self.steps
        held = self.at(at_least)
        reckoned = float(shares[np.flatnonzero(steps >= at_least)[-1]])
        if abs(held.share - reckoned) > 1e-9:
            raise TouchstoneError(
                Text(f"Decided at {at_least / POINTS_SCALE:g}, the tier holds {held.share:.4%}, not {reckoned:.4%}.",
                     f"以 {at_least / POINTS_SCALE:g} 分决定时，该等级占 {held.share:.4%}，而非 {reckoned:.4%}。"),
                Text("This is a fault of the program: report it with the rule files.",
                     "这是程序错误：请附上规则文件报告。"),
            )  # fmt: skip
        return held

    @cached_property
    def rated(self) -> Flags:
        """Who has a tier; no threshold changes that."""
        return np.asarray(self.decided(self.bounds[0]).tier >= 0, np.bool_)

    @cached_property
    def total(self) -> float:
        """What there is to share."""
        return float(self.weights[self.rated].sum())

    @property
    def bounds(self) -> tuple[int, int]:
        """The thresholds the ladder leaves between the tiers beside."""
        above = self.rules.tiers[self.index - 1].at_least if self.index else None
        below = self.rules.tiers[self.index + 1].at_least
        return (0 if below is None else below + 1), (_MOST if above is None else above - 1)

    @cached_property
    def steps(self) -> tuple[Integers, NDArray[np.float64]]:
        """Thresholds at which somebody more comes in, falling from the highest, and the share held at each."""
        low, high = self.bounds
        wide, narrow = self.decided(low), self.decided(high)
        always, ever = narrow.tier == self.index, wide.tier == self.index
        depends = ever & ~always
        scores, place = np.unique(-wide.low[depends].astype(np.int64), return_inverse=True)
        gained = np.zeros(len(scores), np.int64)
        np.add.at(gained, place, self.weights[depends])
        sums = int(self.weights[always].sum()) + np.append(0, np.cumsum(gained))
        return np.append(high, -scores), sums / self.total


def _index(rules: MarketBook, tier: str) -> int:
    """Position of a tier that has a threshold."""
    keys = [one.key for one in rules.tiers]
    exact = next((key for key in keys if key.lower() == tier.lower()), None)
    if exact is None or exact == keys[-1]:
        listed = ", ".join(keys[:-1])
        message = Text(f"There is no tier {tier}.", f"没有等级 {tier}。")
        if exact is not None:
            message = Text(f"{exact} takes everybody else: it has no threshold.", f"{exact} 收纳其余客户，没有起点分。")
        raise InputError(message, Text(f"Name one of {listed}.", f"可选：{listed}。"), code="UNKNOWN_TIER")
    return keys.index(exact)
