"""Values of one node for a chunk of customers, and the unknowns among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.expressions.columns import CAUSE_CODE, Bytes
from engine.vocabulary import UnknownCause


@dataclass(frozen=True, slots=True)
class Lane:
    """What a node gives for every customer of a chunk; a scalar stands for all of them.

    Attributes:
        data: Doubles for numbers and dates, booleans for conditions, indices into `texts` for texts.
            Where unknown: any finite number, False, 0.
        causes: Index into `CAUSES`, 0 where known; None: everything is known.
        owned: `data` is a buffer of this lane alone and may be written over.
    """

    data: Any
    causes: Bytes | None = None
    texts: tuple[str, ...] = ()
    owned: bool = False

    @property
    def buffer(self) -> NDArray[np.float64] | None:
        """The doubles as a place for a result, if nobody else reads them."""
        return self.data if self.owned else None


def merged(*causes: Bytes | None) -> Bytes | None:
    """The cause of the leftmost unknown operand, 0 where all are known."""
    given = [cause for cause in causes if cause is not None]
    if not given:
        return None
    result = given[0]
    for cause in given[1:]:
        result = np.where(result != 0, result, cause)
    return result


def marked(causes: Bytes | None, where: NDArray[np.bool_], cause: UnknownCause) -> Bytes | None:
    """Causes with one more, where nothing was unknown before."""
    if not where.any():
        return causes
    code = np.where(where, np.uint8(CAUSE_CODE[cause]), np.uint8(0))
    return merged(causes, code)


def known_only(causes: Bytes) -> Bytes | None:
    """The causes of a chunk, None when everything is known."""
    return causes if causes.any() else None


def all_of(lanes: Sequence[Lane]) -> Lane:
    """Kleene conjunction: false where one is known to be false, else unknown where one is."""
    holds: Any = lanes[0].data
    for lane in lanes[1:]:
        holds = holds & lane.data
    causes = merged(*(lane.causes for lane in lanes))
    if causes is None:
        return Lane(holds)
    fails: Any = False
    for lane in lanes:
        fails = fails | (~lane.data if lane.causes is None else ~lane.data & (lane.causes == 0))
    return Lane(holds, np.where(fails, np.uint8(0), causes))


def any_of(lanes: Sequence[Lane]) -> Lane:
    """Kleene disjunction: true where one is known to be true, else unknown where one is."""
    holds: Any = lanes[0].data
    for lane in lanes[1:]:
        holds = holds | lane.data
    causes = merged(*(lane.causes for lane in lanes))
    return Lane(holds) if causes is None else Lane(holds, np.where(holds, np.uint8(0), causes))


def negated(lane: Lane) -> Lane:
    """Kleene negation."""
    return Lane(~lane.data if lane.causes is None else ~lane.data & (lane.causes == 0), lane.causes)


def answered(holds: Any, causes: Bytes | None) -> Lane:
    """A condition that is unknown where `causes` says so."""
    return Lane(holds if causes is None else holds & (causes == 0), causes)


def same_texts(left: Lane, right: Lane) -> tuple[Any, Any, tuple[str, ...]]:
    """Indices of two lanes of texts into one tuple of texts."""
    if left.texts == right.texts:
        return left.data, right.data, left.texts
    texts = left.texts + tuple(text for text in right.texts if text not in left.texts)
    if not right.texts:
        return left.data, right.data, texts
    position = {text: index for index, text in enumerate(texts)}
    moved = np.array([position[text] for text in right.texts], np.int64)
    return left.data, moved[right.data], texts
