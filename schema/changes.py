"""What changed since the decision before."""

from __future__ import annotations

from decimal import Decimal

from engine.store.reading import DecisionView
from engine.vocabulary import Text
from schema.basics import Tier, Titled
from schema.context import Info
from schema.describing import answered, described, told
from schema.explaining import ChangeSource, PartSource
from schema.lists import ChangeCause
from schema.lookups import found, stored_decisions
from schema.pointers import DecisionLater


async def _since(root: ChangeSource, info: Info) -> DecisionView:
    """The decision before."""
    decision: DecisionView | None = await info.context.load(stored_decisions, root.since_id)
    return found(decision, Text("decision before", "上一次决定"))


def _tier(root: PartSource) -> Titled | None:
    """Computed tier after this swap, if the swap moved it."""
    return root.tier


@described
class ChangePart:
    """One part of a change."""

    cause: ChangeCause = told("What was swapped.")
    delta: Decimal = told("Difference of the score.")
    tier: Tier | None = answered(_tier)


@described
class ScoreChange:
    """What changed since the decision before."""

    since: DecisionLater = answered(_since)
    delta: Decimal | None = told("Null: one of the two scores is unknown.")
    parts: list[ChangePart] = told("All six causes in the fixed order; they sum to `delta` exactly.")
