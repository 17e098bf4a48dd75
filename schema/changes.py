"""What changed since the decision before."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from engine.rulebook import Edit
from engine.store.reading import DecisionView, RecordView, records_by_ids
from engine.vocabulary import Text
from schema.basics import Tier, Titled
from schema.change_sources import ChangeSource, PartSource, edits_behind_part, records_behind_part
from schema.context import Info
from schema.describing import answered, described, told
from schema.lists import ChangeCause
from schema.lookups import found, stored_decisions
from schema.pointers import DecisionLater
from schema.records import Record
from schema.rulebooks import RuleEdit


async def _since(root: ChangeSource, info: Info) -> DecisionView:
    """The decision before."""
    decision: DecisionView | None = await info.context.load(stored_decisions, root.since_id)
    return found(decision, Text("decision before", "上一次决定"))


def _tier(root: PartSource) -> Titled | None:
    """Effective tier after this swap, key UNRATED if there is none; null: the swap did not move it."""
    return root.tier


def _tier_before(root: PartSource) -> Titled | None:
    """Effective tier before this swap, key UNRATED if there is none; null: the swap did not move it. The first move
    begins at the tier of the decision before, each other one where the last has led."""
    return root.tier_before


async def _records(root: PartSource, info: Info) -> list[RecordView]:
    """Records behind BEHAVIOUR and DATA_CORRECTION, and behind TIME those that entered or left a window (at most 100
    each), newest first."""
    ids = await records_behind_part(info, root)
    views = await asyncio.gather(*(info.context.load(records_by_ids, number) for number in ids))
    return [found(view, Text("record", "记录")) for view in views]


async def _edits(root: PartSource, info: Info) -> tuple[Edit, ...]:
    """Rule edits behind RULE that this market's tiers can depend on."""
    return await edits_behind_part(info, root)


@described
class CriterionDelta:
    """One criterion's part of a change."""

    name: str = told("As in the rule book.")
    delta: Decimal = told("Difference of its contribution.")


@described
class ChangePart:
    """One part of a change."""

    cause: ChangeCause = told("What was swapped.")
    delta: Decimal | None = told("Difference of the score; null: the score before or after this swap is unknown.")
    tier: Tier | None = answered(_tier)
    tier_before: Tier | None = answered(_tier_before)
    criteria: list[CriterionDelta] = told(
        "Every criterion of both rule books; they sum to `delta` exactly. To an unknown score each contributes nothing."
    )
    records: list[Record] = answered(_records)
    edits: list[RuleEdit] = answered(_edits)


@described
class ScoreChange:
    """What changed since the decision before."""

    since: DecisionLater = answered(_since)
    delta: Decimal | None = told("Null: one of the two scores is unknown, or there are no parts.")
    parts: list[ChangePart] = told(
        "All six causes in the fixed order; they sum to `delta` exactly, their tiers lead from the effective tier "
        "before to the one now. Empty: the decision before is of another market, or cannot be made again."
    )
