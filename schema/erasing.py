"""Erasing a person."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

import strawberry

from engine.operations.erasing import forget_customer
from engine.store.reading import entries_by_positions
from schema.basics import UserError
from schema.commands import Payload, Refused, attempt
from schema.context import Info
from schema.describing import answered, described, given, told
from schema.ledger import LedgerEntry
from schema.scalars import Ref

_PLACES: Final = {"NOT_FOUND": "ref", "REQUIRED": "reason"}


@given
class ForgetCustomerInput:
    """Who is to be erased, and why."""

    idempotency_key: str = told("The same key with the same input gives the first answer again; kept 24 hours.")
    ref: Ref = told("Any of the customer's identities.")
    reason: str = told("For the ledger; no names.")


@described
class ForgetCustomerPayload:
    """The thing, or why not."""

    entry: LedgerEntry | None = told("What the ledger says of it. Null with user errors.")
    user_errors: list[UserError] = told("What the caller can correct; empty: it was done.")


async def _forget_customer(
    info: Info, input: Annotated[ForgetCustomerInput, strawberry.argument(description="Who, and why.")]
) -> Payload:
    """Erases a person: everything stored about it, in every past decision too. This cannot be undone; asking for one of
    these decisions is fault ERASED from then on."""
    context = info.context
    command = partial(
        forget_customer,
        context.services.database,
        input.ref,
        context.actor,
        input.reason,
        context.now,
        input.idempotency_key,
    )
    done = await attempt(info, command, _PLACES)
    if isinstance(done, Refused):
        return Payload(done.errors)
    return Payload(things={"entry": await context.load(entries_by_positions, done.entry)})


@described
class ErasingMutations:
    """Commands that take away."""

    forget_customer: ForgetCustomerPayload | None = answered(_forget_customer)
