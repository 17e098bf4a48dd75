"""Searches a box for a customer by halving it: what cannot happen in a part is never looked at again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.expressions.language import SCORE
from engine.metrics import Metric
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE, Range
from engine.trials.analysis.spans import Box, Space, Span

Asks = Callable[[Possible], int]
"""A question about the customers of a box: TRUE if the answer may be yes, FALSE if it may be no."""

_SHARE: Final = 4
"""One question may spend this part of what is left."""


@dataclass(slots=True)
class Purse:
    """How many nodes of rules may still be looked at; a question that would cost more is not decided."""

    left: int

    @property
    def rest(self) -> int:
        """What one question must leave for the others, so that a hard one does not take all."""
        return self.left - self.left // _SHARE


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search came to.

    Attributes:
        box: A box all of whose customers answer yes; None: none was found.
        decided: Without a box: nobody answers yes, whatever the data.
    """

    box: Box | None
    decided: bool

    @property
    def impossible(self) -> bool:
        """Nobody answers yes."""
        return self.box is None and self.decided


@dataclass(frozen=True, slots=True)
class Field:
    """Where all searches of a study take place.

    Attributes:
        given: Names that are the same for all customers, e.g. the market.
        purse: Shared by all questions about a book.
        memo: What was found out about spans of single metrics.
    """

    metrics: Mapping[str, Metric]
    space: Space
    given: Mapping[str, Range]
    purse: Purse
    memo: dict[object, object] = field(default_factory=dict)


def seek(place: Field, start: Box, asks: Asks) -> Answer:
    """Look for a customer of a box who answers yes."""
    space, purse = place.space, place.purse
    if purse.left <= 0:
        return Answer(None, decided=False)
    rest = purse.rest
    boxes, decided = [start], True
    while boxes:
        box = boxes.pop()
        possible = Possible(place.metrics, box, None, place.given, space.cuts[SCORE])
        possible.memo = place.memo
        answer = asks(possible)
        purse.left -= possible.reads[0] + 1
        if answer == TRUE:
            return Answer(box, decided=True)
        if not answer & TRUE:
            continue
        parts = _parts(space, box)
        if parts is not None and purse.left > rest:
            boxes.extend(parts)
            continue
        decided = False
        if parts is not None:
            break
    return Answer(None, decided)


def _parts(space: Space, box: Box) -> tuple[Box, Box] | None:
    """The box in two; None: one customer. First along metrics that conditions read, the one in fewest cells, because
    a condition settled is settled for all the rest; then along the one in most cells, or else the widest."""
    name = max(box, key=lambda name: _breadth(space, name, box[name]), default=None)
    halves = space.halves(name, box[name]) if name is not None else None
    if name is None or halves is None:
        return None
    far, near = sorted(halves, key=_usual)
    return {**box, name: far}, {**box, name: near}


def _usual(span: Span) -> tuple[bool, int]:
    """Sort key that puts what is likely last, where the search begins: known values, next to one."""
    away = 0 if span.low <= 1 <= span.high else min(abs(span.low), abs(span.high))
    return span.known, -away


def _breadth(space: Space, name: str, span: Span) -> tuple[bool, int, int]:
    cells, asked = space.cells(name, span), name in space.asked
    wide = span.high - span.low + span.unknown if span.known else 0
    return cells > 1 and asked, -cells if cells > 1 and asked else cells, wide


def no(truths: int) -> int:
    """The answer to the opposite question."""
    return (TRUE if truths & FALSE else 0) | (FALSE if truths & TRUE else 0)


def typical(space: Space, box: Box) -> dict[str, int | str | None]:
    """One customer of a box: of each metric the value next to zero, or the first text; None: unknown."""
    facts: dict[str, int | str | None] = {}
    for name, span in box.items():
        if not span.known:
            facts[name] = None
        elif span.texts:
            facts[name] = span.texts[span.low]
        else:
            facts[name] = min(max(0, span.low), span.high)
    return facts
