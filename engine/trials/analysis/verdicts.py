"""Whether something can happen: first asked of made-up customers, then searched for, then decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from engine.trials.analysis.pool import Crowd
from engine.trials.analysis.search import Asks
from engine.trials.analysis.study import Facts, Study


class Can(Enum):
    """What was decided."""

    HAPPEN = "happen"
    NEVER = "never"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it can happen, and a customer of whom it does."""

    can: Can
    facts: Facts


Rows = Callable[[Crowd], NDArray[np.bool_]]
"""Of which customers of a crowd it is so; decided by the evaluators themselves."""


def verdict(study: Study, rows: Rows, names: Iterable[str], asks: Asks) -> Verdict:
    """Decide whether something can happen to a customer.

    What is found by searching counts only once a decision of that very customer shows it.

    Args:
        names: Metrics it depends on.
        asks: The same question to a box.
    """
    listed = sorted(names)
    hits = np.flatnonzero(rows(study.pool))
    if len(hits):
        return Verdict(Can.HAPPEN, study.row(hits, listed))
    answer = study.seek(listed, asks)
    if answer.impossible:
        return Verdict(Can.NEVER, {})
    if answer.box is not None:
        facts = study.found(answer)
        if rows(study.alone(facts))[0]:
            return Verdict(Can.HAPPEN, facts)
    return Verdict(Can.OPEN, {})


def either(first: Verdict, other: Callable[[], Verdict]) -> Verdict:
    """Whether it can happen in one of two ways; the second is looked at only if need be."""
    if first.can is Can.HAPPEN:
        return first
    second = other()
    return second if second.can is Can.HAPPEN or first.can is Can.NEVER else first


def together(verdicts: Iterable[Verdict]) -> Can:
    """Of a rule that several markets share: it never happens where it happens in none of them."""
    found = {one.can for one in verdicts}
    if Can.HAPPEN in found:
        return Can.HAPPEN
    return Can.OPEN if Can.OPEN in found else Can.NEVER
