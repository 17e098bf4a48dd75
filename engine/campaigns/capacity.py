"""Capacity: how many dispatches a campaign, and the owner of the customers, can take in one local day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.campaigns.model import Trigger


def allot_capacity(
    triggers: Sequence[Trigger],
    wanted: NDArray[np.bool_],
    customers: NDArray[np.int64],
    owners: NDArray[np.int64],
    *,
    used: Mapping[str, int] | None = None,
    used_by_owner: Mapping[tuple[str, int], int] | None = None,
) -> NDArray[np.bool_]:
    """Say whose dispatch finds no room, by trigger priority and then by customer id.

    A customer gets at most one marketing contact a decision, so one that got a place in a marketing trigger
    takes none in a later one. The answer is stored and enters the decision as `States.full`.

    Args:
        triggers: By falling priority, as in `Campaigns.triggers`.
        wanted: (customers, triggers), see `reached_capacity`.
        customers: (customers,) ids.
        owners: (customers,) the owner's number; negative: no owner, whose capacity is not bounded.
        used: Dispatches already made this day, by trigger name.
        used_by_owner: Dispatches already made this day, by channel name and owner.

    Returns:
        (customers, triggers) true where there is no room.
    """
    full = np.zeros(wanted.shape, np.bool_)
    taken = np.zeros(len(customers), np.bool_)
    by_owner: dict[tuple[str, int], int] = dict(used_by_owner or {})
    order = np.argsort(customers, kind="stable")
    for index, trigger in enumerate(triggers):
        rows = order[wanted[order, index]]
        if trigger.marketing:
            rows = rows[~taken[rows]]
        given = _given(trigger, owners[rows], (used or {}).get(trigger.name, 0), by_owner)
        full[rows[~given], index] = True
        if trigger.marketing:
            taken[rows[given]] = True
    return full


def _given(
    trigger: Trigger, owners: NDArray[np.int64], used: int, by_owner: dict[tuple[str, int], int]
) -> NDArray[np.bool_]:
    """Which of the customers, in order, find room; counts them into `by_owner`."""
    given = np.ones(len(owners), np.bool_)
    limit = trigger.channel.capacity_per_owner
    if limit is not None:
        given = _within_owner(trigger.channel.name, owners, limit, by_owner)
    if trigger.per_day is not None:
        given &= np.cumsum(given) <= trigger.per_day - used
    if limit is not None:
        numbers, counts = np.unique(owners[given], return_counts=True)
        for owner, count in zip(numbers.tolist(), counts.tolist(), strict=True):
            key = (trigger.channel.name, owner)
            by_owner[key] = by_owner.get(key, 0) + count
    return given


def _within_owner(
    channel: str, owners: NDArray[np.int64], limit: int, by_owner: Mapping[tuple[str, int], int]
) -> NDArray[np.bool_]:
    """The customers whose place in their owner's queue is within the limit."""
    given = np.ones(len(owners), np.bool_)
    for owner in np.unique(owners[owners >= 0]).tolist():
        mine = owners == owner
        given[mine] = np.arange(int(mine.sum())) < limit - by_owner.get((channel, owner), 0)
    return given
