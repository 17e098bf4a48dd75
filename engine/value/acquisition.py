"""Customer acquisition cost (CAC): what was spent to win each customer, to the last minor unit.

Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics. A cost on one customer is that customer's; a cost on
a channel and month is shared equally by the customers won through that channel in that month.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.value.frame import Flags, Integers


@dataclass(frozen=True, slots=True)
class AcquisitionCosts:
    """Costs, one row each.

    Attributes:
        amount: (costs,) minor units.
        customer: (costs,) row of the customer it was spent on; −1: on a channel and month.
        channel: (costs,) code of the channel; −1 unknown, such a cost stays unallocated.
        day: (costs,) local day; its calendar month is the cohort's.
    """

    amount: Integers
    customer: NDArray[np.int32]
    channel: NDArray[np.int16]
    day: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Allocation:
    """CAC of each customer, (customers,); `allocated + unallocated` is the sum of all costs.

    Attributes:
        known: A cost was found for the customer; without one CAC is unknown, not zero.
        unallocated: Costs of channels and months through which nobody was won.
    """

    amount: Integers
    known: Flags
    allocated: int
    unallocated: int


def allocate_costs(
    costs: AcquisitionCosts, keys: Integers, channel: NDArray[np.int16], acquired: NDArray[np.int32], won: Flags
) -> Allocation:
    """Allocate acquisition costs to customers.

    Args:
        keys: (customers,) stable numbers; the minor units left over by division go to the lowest ones.
        channel: (customers,) code of the channel the customer came through; −1 unknown.
        acquired: (customers,) local day of the first paid order or first contract.
        won: (customers,) whether there is such a day.
    """
    amount = np.zeros(len(keys), np.int64)
    direct = costs.customer >= 0
    np.add.at(amount, costs.customer[direct], costs.amount[direct])
    known = np.zeros(len(keys), np.bool_)
    known[costs.customer[direct]] = True
    unallocated = 0
    cohorts = _cohorts(keys, channel, acquired, won)
    for cohort, total in _pools(costs).items():
        members = cohorts.get(cohort)
        if members is None:
            unallocated += total
            continue
        share, left = divmod(total, len(members))
        amount[members] += share
        amount[members[:left]] += 1
        known[members] = True
    allocated = sum(amount.tolist())
    if allocated + unallocated != sum(costs.amount.tolist()):
        raise AssertionError("allocated and unallocated costs do not sum to the costs")
    return Allocation(amount, known, allocated, unallocated)


def _pools(costs: AcquisitionCosts) -> dict[tuple[int, int], int]:
    """Costs by channel and month."""
    pools: dict[tuple[int, int], int] = {}
    shared = costs.customer < 0
    rows = zip(costs.channel[shared], _months(costs.day[shared]), costs.amount[shared], strict=True)
    for channel, month, amount in rows:
        cohort = (int(channel), int(month))
        pools[cohort] = pools.get(cohort, 0) + int(amount)
    return pools


def _cohorts(
    keys: Integers, channel: NDArray[np.int16], acquired: NDArray[np.int32], won: Flags
) -> dict[tuple[int, int], NDArray[np.intp]]:
    """Customers by channel and month they were won in, each group in the order of keys."""
    rows = np.flatnonzero(won & (channel >= 0))
    month = _months(acquired)
    rows = rows[np.lexsort((keys[rows], month[rows], channel[rows]))]
    new = np.flatnonzero(np.diff(channel[rows], prepend=-1).astype(np.bool_) | (np.diff(month[rows], prepend=-1) != 0))
    groups = np.split(rows, new[1:]) if len(rows) else []
    return {(int(channel[group[0]]), int(month[group[0]])): group for group in groups}


def _months(day: NDArray[np.int32]) -> NDArray[np.int64]:
    """Months since 1970-01 of local days."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
