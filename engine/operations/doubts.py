"""What a person should look at among the decisions of a block, as columns: never an object per customer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.decisions import HOLDS, Kept
from engine.expressions import Column
from engine.operations.computing import MarketRun
from engine.rulebook import MarketBook, NearThreshold, ReviewQueue
from engine.vocabulary import HoldCause

Flags = NDArray[np.bool_]
Codes = NDArray[np.int16]


class Why(StrEnum):
    """Why a person should look at a decision."""

    MISSING_DATA = "MISSING_DATA"
    NEAR_THRESHOLD = "NEAR_THRESHOLD"
    GUARDRAIL = "GUARDRAIL"


@dataclass(frozen=True, slots=True)
class Doubts:
    """Of the customers of a block, (customers,) each; tiers are codes of the market's, best first, −1: none.

    Attributes:
        held: Missing data keep the tier, or it is provisional for want of them.
        near: The tier whose start the score is near, −1: none or not asked for.
        before, after: Effective tiers; a first decision has none before.
        value: Lifetime value as work lists show it.
    """

    held: Flags
    near: Codes
    before: Codes
    after: Codes
    value: Column

    @property
    def moved(self) -> Flags:
        """(customers,) had a tier and has another or none now."""
        return np.asarray((self.before >= 0) & (self.before != self.after), np.bool_)

    @property
    def worse(self) -> Flags:
        """(customers,) of those moved: to a lower tier, or out of all."""
        return np.asarray(self.moved & ((self.after > self.before) | (self.after < 0)), np.bool_)


def doubts_of(queue: ReviewQueue, run: MarketRun, kept: Kept) -> Doubts:
    """What a person should look at. Who has a tier by hand has been looked at: only a move counts there."""
    alone = run.states.override < 0
    none = np.full(run.customers, -1, np.int16)
    near = none if queue.near_threshold is None else _near(run, queue.near_threshold, alone)
    by_data = run.outcomes.provisional | (run.outcomes.held_by == HOLDS.index(HoldCause.MISSING_DATA))
    held = np.asarray(by_data & alone & (run.outcomes.tier >= 0), np.bool_)
    return Doubts(
        held=held if queue.missing_data else np.zeros(run.customers, np.bool_),
        near=near,
        before=run.states.effective,
        after=run.outcomes.effective,
        value=kept.told("clv"),
    )


def starts_of(rules: MarketBook) -> tuple[NDArray[np.int64], Codes]:
    """The scores at which tiers start, and the tiers' codes."""
    started = [(tier.at_least, code) for code, tier in enumerate(rules.tiers) if tier.at_least is not None]
    return np.array([one[0] for one in started], np.int64), np.array([one[1] for one in started], np.int16)


def _near(run: MarketRun, rule: NearThreshold, alone: Flags) -> Codes:
    """The nearest start within the margin; of two equally near the better tier's.

    A score that decided nothing, because a force rule did, is near nothing.
    """
    score = run.outcomes.score.astype(np.int64)
    best, code = np.full(run.customers, rule.margin + 1, np.int64), np.full(run.customers, -1, np.int16)
    for start, tier in zip(*starts_of(run.rules), strict=True):
        distance = np.abs(score - start)
        best, code = np.minimum(best, distance), np.where(distance < best, tier, code).astype(np.int16)
    counts = (score >= 0) & (run.outcomes.forced < 0) & alone
    return np.where(counts, code, -1).astype(np.int16)
