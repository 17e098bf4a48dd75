"""Dispatch rows of a run: what is to leave, and what a campaign would have done but for something."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.campaigns import CAMPAIGN_DISPATCH, CAMPAIGN_QUIET, SUPPRESSIONS, Trigger, due_at, not_before
from engine.operations.computing import MarketRun
from engine.rulebook import Book
from engine.vocabulary import SuppressionCause

_UNKNOWN = CAMPAIGN_DISPATCH + 1 + SUPPRESSIONS.index(SuppressionCause.UNKNOWN_DATA)

NAMES = (
    "customer_id decision_id market as_of revision campaign channel template marketing state suppressed_by as_of_day "
    "unit_cost not_before due_at created_at sent_at lease_until fence attempts"
).split()


def dispatch_columns(
    book: Book, run: MarketRun, decision_ids: NDArray[np.int64], as_of: datetime, now: datetime
) -> dict[str, list[Any]]:
    """Columns of the dispatch table.

    Triggers that read something unknown make no row: that is told by the explanation, and would be most
    of the base where a source is missing.
    """
    columns: dict[str, list[Any]] = {name: [] for name in NAMES}
    ids = run.assembled.customers.ids
    for index, trigger in enumerate(run.rules.campaigns.triggers):
        codes = run.outcomes.campaigns[:, index]
        rows = np.flatnonzero((codes != CAMPAIGN_QUIET) & (codes != _UNKNOWN))
        suppressed = [_cause(code) for code in codes[rows].tolist()]
        fixed = _fixed(book, run, trigger, as_of, now)
        for name in NAMES:
            if name in fixed:
                columns[name] += [fixed[name]] * len(rows)
        columns["customer_id"] += ids[rows].tolist()
        columns["decision_id"] += decision_ids[rows].tolist()
        columns["suppressed_by"] += suppressed
        columns["state"] += ["PENDING" if cause is None else "SUPPRESSED" for cause in suppressed]
    return columns


def _cause(code: int) -> str | None:
    return None if code == CAMPAIGN_DISPATCH else SUPPRESSIONS[code - CAMPAIGN_DISPATCH - 1].value


def _fixed(book: Book, run: MarketRun, trigger: Trigger, as_of: datetime, now: datetime) -> dict[str, Any]:
    """What every dispatch of one trigger in one run shares."""
    # A task reaches nobody by ringing, so it does not wait for the morning.
    quiet = None if trigger.channel.to_owner else trigger.quiet_hours
    later = not_before(as_of, book.timezone, quiet)
    return {
        "market": run.market.value,
        "as_of": as_of,
        "revision": book.revision,
        "campaign": trigger.name,
        "channel": trigger.channel.name,
        "template": trigger.template,
        "marketing": trigger.marketing,
        "as_of_day": run.assembled.instant.day,
        "unit_cost": trigger.unit_cost,
        "not_before": None if later == as_of else later,
        "due_at": due_at(as_of, book.timezone, trigger.due_days),
        "created_at": now,
        "sent_at": None,
        "lease_until": None,
        "fence": 0,
        "attempts": 0,
    }
