"""Commands over tiers set by hand: the second person's word, and an early end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final

import strawberry

from engine.operations.overriding import approve_override, end_override
from engine.operations.people import Person
from engine.store.reading import Kind, overrides_by_ids, read_number
from schema.commands import Payload, Refused, attempt
from schema.context import Info
from schema.describing import answered, described, given, given_or, told
from schema.writing import OverridePayload

_KEY: Final = "The same key with the same input gives the first answer again; kept 24 hours."
_PLACES: Final = {
    "CONFLICT": "expectedVersion",
    "NOT_FOUND": "override",
    "WRONG_STATE": "override",
    "FOUR_EYES": "override",
    "REQUIRED": "reason",
}


@given
class ApproveOverrideInput:
    """A second person's word on a tier set by hand."""

    idempotency_key: str = told(_KEY)
    override: strawberry.ID = told("Global id of the override.")
    approve: bool = told("False: refuse it.")
    note: str | None = given_or(None, "In words.")
    expected_version: int = told("Of the override.")


@given
class EndOverrideInput:
    """Why a tier set by hand ends before its time."""

    idempotency_key: str = told(_KEY)
    override: strawberry.ID = told("Global id of the override.")
    reason: str = told("Why; kept in the ledger.")
    expected_version: int = told("Of the override.")


async def _approve_override(
    info: Info, input: Annotated[ApproveOverrideInput, strawberry.argument(description="Which, and yes or no.")]
) -> Payload:
    """Approves or refuses a tier that waits for a second person, never the one who set it; in force from then on."""
    context = info.context
    command = partial(
        approve_override,
        context.services.database,
        read_number(input.override, Kind.OVERRIDE),
        input.approve,
        Person.named(context.actor),
        context.now,
        input.note,
        input.expected_version,
        input.idempotency_key,
    )
    return await _done(info, command)


async def _end_override(
    info: Info, input: Annotated[EndOverrideInput, strawberry.argument(description="Which, and why.")]
) -> Payload:
    """Ends a tier set by hand before its time, or takes one back that waits; it counts from the next decision on."""
    context = info.context
    command = partial(
        end_override,
        context.services.database,
        read_number(input.override, Kind.OVERRIDE),
        context.actor,
        input.reason,
        context.now,
        input.expected_version,
        input.idempotency_key,
    )
    return await _done(info, command)


async def _done(info: Info, command: Callable[[], int]) -> Payload:
    """The override as the command left it."""
    done = await attempt(info, command, _PLACES)
    if isinstance(done, Refused):
        return Payload(done.errors)
    return Payload(things={"override": await info.context.load(overrides_by_ids, done)})


@described
class OverrideMutations:
    """Commands over tiers set by hand."""

    approve_override: OverridePayload | None = answered(_approve_override)
    end_override: OverridePayload | None = answered(_end_override)
