"""What a decision gave, in the words a test uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from engine.campaigns import CAMPAIGN_DISPATCH
from engine.decisions import HOLDS, RISK_NAMES, STAGE_NAMES, Outcomes, phases
from engine.rulebook.book import MarketBook
from engine.vocabulary import POINTS_SCALE, UNRATED

_FULL: Final = 100 * POINTS_SCALE

Found = str | int | bool | tuple[str, ...] | None


def tier_name(rules: MarketBook, code: int) -> str:
    """A tier's key, UNRATED for none."""
    return UNRATED if code < 0 else rules.tiers[code].key


def reasons_found(rules: MarketBook, outcomes: Outcomes, row: int) -> tuple[str, ...]:
    """Reason codes of the criteria that cost points, and of the force rule in effect."""
    codes = [
        criterion.reason
        for criterion, points in zip(rules.scorecard.criteria, outcomes.points[row].tolist(), strict=True)
        if criterion.reason is not None and 0 <= points < _FULL
    ]
    forced = int(outcomes.forced[row])
    if forced >= 0 and (reason := rules.force[forced].reason) is not None:
        codes.append(reason)
    return tuple(dict.fromkeys(codes))


def _score(rules: MarketBook, outcomes: Outcomes, row: int) -> Found:
    score = int(outcomes.score[row])
    return None if score < 0 else score


def _campaigns(rules: MarketBook, outcomes: Outcomes, row: int) -> Found:
    did = outcomes.campaigns[row].tolist()
    triggers = rules.campaigns.triggers
    return tuple(trigger.name for trigger, code in zip(triggers, did, strict=True) if code == CAMPAIGN_DISPATCH)


def _tags(rules: MarketBook, outcomes: Outcomes, row: int) -> Found:
    return tuple(tag.name for tag, on in zip(rules.campaigns.tags, outcomes.tags[row].tolist(), strict=True) if on)


def _held_by(rules: MarketBook, outcomes: Outcomes, row: int) -> Found:
    held = int(outcomes.held_by[row])
    return None if held < 0 else HOLDS[held].value


def _forced(rules: MarketBook, outcomes: Outcomes, row: int) -> Found:
    forced = int(outcomes.forced[row])
    return None if forced < 0 else rules.force[forced].name


READERS: Final[Mapping[str, Callable[[MarketBook, Outcomes, int], Found]]] = {
    "tier": lambda rules, outcomes, row: tier_name(rules, int(outcomes.effective[row])),
    "computed": lambda rules, outcomes, row: tier_name(rules, int(outcomes.computed[row])),
    "score": _score,
    "stage": lambda rules, outcomes, row: STAGE_NAMES[int(outcomes.stage[row])],
    "phase": lambda rules, outcomes, row: phases(rules, outcomes)[row],
    "risk": lambda rules, outcomes, row: RISK_NAMES[int(outcomes.risk[row])],
    "reasons": reasons_found,
    "campaigns": _campaigns,
    "tags": _tags,
    "held_by": _held_by,
    "forced": _forced,
    "provisional": lambda rules, outcomes, row: bool(outcomes.provisional[row]),
}
"""How to read what a test expects, by key of `expect`."""
