"""What campaigns would do in one run: contacts and their cost, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.campaigns import Trigger
from engine.decisions import CAMPAIGN_DISPATCH
from engine.rulebook import Book
from engine.trials.preview.sides import Flags, Pair, Side
from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class Volume:
    """One campaign's contacts.

    Attributes:
        gained, lost: Customers contacted by the candidate alone, and by the live book alone.
        cost_before, cost_after: Minor units of each book's currency.
    """

    campaign: str
    title: Text
    before: int
    after: int
    gained: int
    lost: int
    cost_before: int
    cost_after: int


def volumes(pairs: Sequence[Pair], live: Book, candidate: Book) -> tuple[Volume, ...]:
    """Contacts of every campaign of either book, those of the candidate by falling priority first."""
    old, new = _triggers(live), _triggers(candidate)
    return tuple(_volume(pairs, name, old.get(name), new.get(name)) for name in dict.fromkeys((*new, *old)))


def contacts(sides: Sequence[Side]) -> int:
    """Contacts of one book in one run."""
    return sum(int((side.outcomes.campaigns == CAMPAIGN_DISPATCH).sum()) for side in sides)


def _triggers(book: Book) -> dict[str, Trigger]:
    return {trigger.name: trigger for rules in book.markets.values() for trigger in rules.campaigns.triggers}


def _volume(pairs: Sequence[Pair], name: str, old: Trigger | None, new: Trigger | None) -> Volume:
    before = after = gained = lost = 0
    for pair in pairs:
        was, will = _contacted(pair, pair.live, name), _contacted(pair, pair.candidate, name)
        before, after = before + int(was.sum()), after + int(will.sum())
        gained, lost = gained + int((will & ~was).sum()), lost + int((was & ~will).sum())
    cost_before = before * (0 if old is None else old.unit_cost)
    cost_after = after * (0 if new is None else new.unit_cost)
    told = new or old
    assert told is not None
    return Volume(name, told.title, before, after, gained, lost, cost_before, cost_after)


def _contacted(pair: Pair, side: Side | None, name: str) -> Flags:
    triggers = () if side is None else side.rules.campaigns.triggers
    index = next((index for index, trigger in enumerate(triggers) if trigger.name == name), None)
    if side is None or index is None:
        return np.zeros(len(pair), np.bool_)
    found: Flags = side.outcomes.campaigns[:, index] == CAMPAIGN_DISPATCH
    return found
