"""Rule changes off their schedule (`publishRulebook` puts them on it), and beside the live rules."""

from __future__ import annotations

from typing import Annotated, Final

import strawberry

from engine.operations.rule_life import unschedule_change
from engine.operations.shadowing import end_shadow, start_shadow
from engine.store import Database
from engine.store.reading import Kind, read_number
from schema.commands import Payload
from schema.context import Info
from schema.describing import answered, described, given, told
from schema.publishing import PublishMutations, RuleChangePayload, done_with

_KEY: Final = "The same key with the same input gives the first answer again; kept 24 hours."
_PLACES: Final = {"NOT_FOUND": "change", "WRONG_STATE": "change", "CONFLICT": "expectedVersion"}


@given
class UnscheduleRulebookInput:
    """A scheduled change; one that stopped is proposed again, or withdrawn."""

    idempotency_key: str = told(_KEY)
    change: strawberry.ID = told("Which change.")
    reason: str = told("Why, for the ledger.")
    expected_version: int = told("`version` that was read. Otherwise CONFLICT.")


@given
class ShadowRulebookInput:
    """Decide beside the live book for so many days."""

    idempotency_key: str = told(_KEY)
    change: strawberry.ID = told("Which change; no draft.")
    days: int = told("1 to 366.")
    expected_version: int = told("`version` that was read. Otherwise CONFLICT.")


@given
class UnshadowRulebookInput:
    """A change that decides beside the live book."""

    idempotency_key: str = told(_KEY)
    change: strawberry.ID = told("Which change.")
    expected_version: int = told("`version` that was read. Otherwise CONFLICT.")


async def _unschedule(
    info: Info, input: Annotated[UnscheduleRulebookInput, strawberry.argument(description="Which change, and why.")]
) -> Payload:
    """Takes a scheduled change off its schedule; it is approved as before."""
    number = read_number(input.change, Kind.RULE_CHANGE)
    actor, now = info.context.actor, info.context.now

    def command(database: Database) -> int:
        unschedule_change(database, number, actor, input.reason, now, input.expected_version, input.idempotency_key)
        return number

    return await done_with(info, command, {**_PLACES, "REQUIRED": "reason"})


async def _shadow(
    info: Info,
    input: Annotated[ShadowRulebookInput, strawberry.argument(description="Which change, and how long.")],
) -> Payload:
    """Lets every run from now on decide by a change as well (双轨并行): stored, compared, never acted on."""
    number = read_number(input.change, Kind.RULE_CHANGE)
    actor, now = info.context.actor, info.context.now

    def command(database: Database) -> int:
        start_shadow(database, number, input.days, actor, now, input.expected_version, input.idempotency_key)
        return number

    return await done_with(info, command, {**_PLACES, "INVALID": "days"})


async def _unshadow(
    info: Info, input: Annotated[UnshadowRulebookInput, strawberry.argument(description="Which change.")]
) -> Payload:
    """Ends deciding by a change beside the live rules; what was decided stays."""
    number = read_number(input.change, Kind.RULE_CHANGE)
    actor, now = info.context.actor, info.context.now

    def command(database: Database) -> int:
        end_shadow(database, number, actor, now, input.expected_version, input.idempotency_key)
        return number

    return await done_with(info, command, _PLACES)


@described
class ScheduleMutations(PublishMutations):
    """Commands over rule changes that go live by themselves, or decide beside the live rules."""

    unschedule_rulebook: RuleChangePayload | None = answered(_unschedule)
    shadow_rulebook: RuleChangePayload | None = answered(_shadow)
    unshadow_rulebook: RuleChangePayload | None = answered(_unshadow)
