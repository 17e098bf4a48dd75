"""Dispatch rows of a run: what is to leave, and what a campaign would have done but for something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.campaigns import CAMPAIGN_DISPATCH, CAMPAIGN_QUIET, SUPPRESSIONS, Trigger, due_at, not_before
from engine.operations.computing import MarketRun
from engine.rulebook import Book
from engine.vocabulary import SuppressionCause

if TYPE_CHECKING:
    from engine.operations.blocks import Block

_UNKNOWN = CAMPAIGN_DISPATCH + 1 + SUPPRESSIONS.index(SuppressionCause.UNKNOWN_DATA)

_CAUSES: Final = {CAMPAIGN_DISPATCH: None} | {
    CAMPAIGN_DISPATCH + 1 + index: cause.value for index, cause in enumerate(SUPPRESSIONS)
}
_STATES: Final = {code: "PENDING" if cause is None else "SUPPRESSED" for code, cause in _CAUSES.items()}


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom one trigger contacts, or would but for something, (contacts,).

    Attributes:
        rows: Places among the customers decided.
        codes: As in `Outcomes.campaigns`.
    """

    rows: NDArray[np.intp]
    codes: NDArray[np.uint8]


def contacts_of(run: MarketRun) -> list[Contact]:
    """What becomes rows of the outbox, by trigger.

    Triggers that read something unknown make no row: that is told by the explanation, and would be most
    of the base where a source is missing.
    """
    found = []
    for index in range(len(run.rules.campaigns.triggers)):
        codes = run.outcomes.campaigns[:, index]
        rows = np.flatnonzero((codes != CAMPAIGN_QUIET) & (codes != _UNKNOWN))
        found.append(Contact(rows, codes[rows]))
    return found


def dispatch_columns(
    book: Book, blocks: Sequence[Block], numbers: Sequence[NDArray[np.int64]], as_of: datetime, now: datetime
) -> Iterator[dict[str, Any]]:
    """Columns of the dispatch table, trigger by trigger; what all rows of one share stands there once.

    Args:
        blocks: Of one market.
        numbers: By block (customers,) numbers of the decisions.
    """
    for index, trigger in enumerate(blocks[0].rules.campaigns.triggers):
        rows = [block.contacts[index].rows for block in blocks]
        codes = np.concatenate([block.contacts[index].codes for block in blocks])
        if len(codes):
            yield {
                **_fixed(book, blocks[0], trigger, as_of, now),
                "customer_id": np.concatenate([block.ids[own] for block, own in zip(blocks, rows, strict=True)]),
                "decision_id": np.concatenate([all_[own] for all_, own in zip(numbers, rows, strict=True)]),
                "suppressed_by": [_CAUSES[code] for code in codes.tolist()],
                "state": [_STATES[code] for code in codes.tolist()],
            }


def _fixed(book: Book, block: Block, trigger: Trigger, as_of: datetime, now: datetime) -> dict[str, Any]:
    """What every dispatch of one trigger in one run shares."""
    # A task reaches nobody by ringing, so it does not wait for the morning.
    quiet = None if trigger.channel.to_owner else trigger.quiet_hours
    later = not_before(as_of, book.timezone, quiet)
    return {
        "market": block.market.value,
        "as_of": as_of,
        "revision": book.revision,
        "campaign": trigger.name,
        "channel": trigger.channel.name,
        "template": trigger.template,
        "marketing": trigger.marketing,
        "as_of_day": block.day,
        "unit_cost": trigger.unit_cost,
        "not_before": None if later == as_of else later,
        "due_at": due_at(as_of, book.timezone, trigger.due_days),
        "created_at": now,
        "sent_at": None,
        "lease_until": None,
        "fence": 0,
        "attempts": 0,
    }
