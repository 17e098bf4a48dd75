"""Which instants a model learns from and which it is judged at: judged later than anything it learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.churn.settings import ChurnSettings
from engine.value import AsOf, EventFrame, as_known

ENOUGH_CUT_OFFS: Final = 3
"""Fewer than these, and one snapshot must do: learning comes first."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Local days, latest first.

    Attributes:
        cut_offs: To learn from; every label ends, purge gap included, before the first snapshot.
        snapshots: To evaluate at; every label ends, purge gap included, before the training's instant.
    """

    cut_offs: tuple[int, ...]
    snapshots: tuple[int, ...]


def plan_days(first_day: int, as_of_day: int, settings: ChurnSettings) -> Plan:
    """Lay out cut-offs over the history from its first day to the training's instant.

    >>> plan_days(0, 400, ChurnSettings())
    Plan(cut_offs=(188, 158, 128, 98, 68, 38), snapshots=(309, 279))
    >>> plan_days(0, 150, ChurnSettings())
    Plan(cut_offs=(59,), snapshots=())
    """
    reach = settings.horizon_days + settings.gap_days
    latest, earliest = as_of_day - reach, first_day + settings.min_history_days
    for count in range(settings.snapshots, 0, -1):
        snapshots = _days(latest, earliest, settings.step_days, count)
        if len(snapshots) < count:
            continue
        cut_offs = _days(snapshots[-1] - reach, earliest, settings.step_days, settings.max_cut_offs)
        if len(cut_offs) >= (1 if count == 1 else ENOUGH_CUT_OFFS):
            return Plan(cut_offs, snapshots)
    return Plan(_days(latest, earliest, settings.step_days, settings.max_cut_offs), ())


def plan_instants(frame: EventFrame, as_of: AsOf, settings: ChurnSettings) -> Plan:
    """The plan for what is known of a frame at an instant; empty where nothing is."""
    days = as_known(frame, as_of).purchases.day
    return plan_days(int(days.min()), as_of.day, settings) if len(days) else Plan((), ())


def _days(latest: int, earliest: int, step: int, count: int) -> tuple[int, ...]:
    return tuple(range(latest, earliest - 1, -step))[:count]
