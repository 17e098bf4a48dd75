"""One semantic edit of a rule book."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.errors import Place
from engine.vocabulary import Text


class Effect(StrEnum):
    """What an edit can do: nothing, nothing to tiers, move somebody, or take away what others use."""

    NO_OP = "no_op"
    NON_MOVING = "non_moving"
    MOVING = "moving"
    BREAKING = "breaking"


EFFECT_TEXTS: Final = {
    Effect.NO_OP: Text("no-op", "含义不变"),
    Effect.NON_MOVING: Text("non-moving", "不改变等级"),
    Effect.MOVING: Text("moving", "可能改变等级"),
    Effect.BREAKING: Text("breaking", "破坏性变更"),
}
"""Effects in words."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One semantic edit.

    Attributes:
        item: Address of what was edited, e.g. `b2b.tiers.A.at_least`.
        before, after: Canonical YAML; None: it was not there, or is no longer.
        text: The edit as a sentence, e.g. "B2B · churn_risk: weight 5 → 8".
        place: In the newer revision; None: removed.
        path: The steps of `item`; a step may hold a point.
    """

    item: str
    effect: Effect
    before: str | None
    after: str | None
    text: Text
    place: Place | None
    path: tuple[str, ...] = ()
