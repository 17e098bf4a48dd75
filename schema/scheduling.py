"""Taking scheduled rule changes off their schedule; `publishRulebook` puts them on it."""

from __future__ import annotations

from typing import Annotated

import strawberry

from engine.operations.rule_life import unschedule_change
from engine.store import Database
from engine.store.reading import Kind, read_number
from schema.commands import Payload
from schema.context import Info
from schema.describing import answered, described, given, told
from schema.publishing import PublishMutations, RuleChangePayload, done_with


@given
class UnscheduleRulebookInput:
    """A scheduled change, or one that stopped."""

    idempotency_key: str = told("The same key with the same input gives the first answer again; kept 24 hours.")
    change: strawberry.ID = told("Which change.")
    reason: str = told("Why, for the ledger.")
    expected_version: int = told("`version` that was read. Otherwise CONFLICT.")


async def _unschedule(
    info: Info, input: Annotated[UnscheduleRulebookInput, strawberry.argument(description="Which change, and why.")]
) -> Payload:
    """Takes a scheduled or stopped change off its schedule; it is approved as before."""
    number = read_number(input.change, Kind.RULE_CHANGE)
    actor, now = info.context.actor, info.context.now

    def command(database: Database) -> int:
        unschedule_change(database, number, actor, input.reason, now, input.expected_version, input.idempotency_key)
        return number

    places = {"NOT_FOUND": "change", "WRONG_STATE": "change", "CONFLICT": "expectedVersion", "REQUIRED": "reason"}
    return await done_with(info, command, places)


@described
class ScheduleMutations(PublishMutations):
    """Commands over rule changes that go live by themselves."""

    unschedule_rulebook: RuleChangePayload | None = answered(_unschedule)
