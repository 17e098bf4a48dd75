"""Who was active at a cut-off, and who of them bought nothing in the horizon after it (Neslin et al. 2006)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.churn.settings import ChurnSettings
from engine.value import AsOf, EventFrame
from engine.value.frame import Flags


@dataclass(frozen=True, slots=True)
class Labels:
    """(customers,) each: had a purchase in `[c − active, c)`; had none in `[c, c + horizon)`."""

    active: Flags
    churned: Flags


def active_at(known: EventFrame, as_of: AsOf, active_days: int) -> Flags:
    """Who bought within the last `active_days`, (customers,); `known` holds only what was known then."""
    events = known.purchases
    recent = (events.net > 0) & (events.day >= as_of.day - active_days)
    return np.bincount(events.customer[recent], minlength=known.customers) > 0


def label(frame: EventFrame, known: EventFrame, cut_off: AsOf, known_at: int, settings: ChurnSettings) -> Labels:
    """Label every customer at a cut-off.

    Args:
        known: The frame as known at the cut-off; activity is judged by it.
        known_at: Microseconds; purchases after the cut-off count when recorded by then.
    """
    events = frame.purchases
    after = (events.net > 0) & (events.occurred >= cut_off.at) & events.known_at(known_at)
    after &= events.day < cut_off.day + settings.horizon_days
    bought = np.bincount(events.customer[after], minlength=frame.customers) > 0
    return Labels(active_at(known, cut_off, settings.active_days), ~bought)
