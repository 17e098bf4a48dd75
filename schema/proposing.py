"""Proposing, approving, withdrawing and rolling back rule changes."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Final

import strawberry

from engine.operations.publishing import ANY_REVISION, merge_with_live
from engine.operations.rule_life import Person, Proposal, Verdict, files_of_edit, propose, review, roll_back, withdraw
from engine.store import Database
from engine.store.reading import Kind, read_number
from schema.commands import Payload
from schema.context import Info
from schema.describing import answered, described, given, given_or, told
from schema.publishing import PLACES, RuleChangePayload, RuleFileInput, done_with
from schema.scalars import Hash
from schema.scheduling import ScheduleMutations

_KEY: Final = "The same key with the same input gives the first answer again; kept 24 hours."
_CHANGE: Final = {"NOT_FOUND": "change", "WRONG_STATE": "change", "FOUR_EYES": "change", "FORBIDDEN": "change"}


@given
class ProposeRulebookInput:
    """A proposal for review."""

    idempotency_key: str = told(_KEY)
    change: strawberry.ID | None = given_or(None, "Null: a new change.")
    files: list[RuleFileInput] = told(
        "Files as edited; those not given are taken from `expectedRevision`, of an own change as it edits them on the "
        "live rules of now."
    )
    expected_revision: Hash | None = given_or(None, "The revision edited: the live one, or the change's.")
    reason: str = told("Why, for the ledger.")
    submit: bool = strawberry.field(default=True, description="False: stays a draft.")


@given
class ApproveRulebookInput:
    """A verdict on what was seen."""

    idempotency_key: str = told(_KEY)
    change: strawberry.ID = told("Which change.")
    expected_revision: Hash = told("Its content that was seen.")
    snapshot: Hash = told("`preview.snapshot` that was seen.")
    approve: bool = told("False: reject it.")
    note: str | None = given_or(None, "What to say about it, for the ledger.")


@given
class WithdrawRulebookInput:
    """By the author, before it is live."""

    idempotency_key: str = told(_KEY)
    change: strawberry.ID = told("Which change.")
    reason: str = told("Why, for the ledger.")
    expected_version: int = told("`version` that was read. Otherwise CONFLICT.")


@given
class RollbackRulebookInput:
    """Which revision to publish again."""

    idempotency_key: str = told(_KEY)
    to_revision: Hash = told("A revision that was live.")
    expected_revision: Hash = told("The live revision. Otherwise CONFLICT.")
    reason: str = told("Why, for the ledger.")


async def _propose(
    info: Info, input: Annotated[ProposeRulebookInput, strawberry.argument(description="What to propose, and why.")]
) -> Payload:
    """Makes a change, or edits an own one that is not live yet: an edit voids what was approved before."""
    change = None if input.change is None else read_number(input.change, Kind.RULE_CHANGE)
    places = {**PLACES, **_CHANGE, "INVALID": "files"}
    return await done_with(info, partial(_proposed, input, change, info.context.actor, info.context.now), places)


def _proposed(input_: ProposeRulebookInput, change: int | None, actor: str, now: datetime, database: Database) -> int:
    edits = {file.path: file.text for file in input_.files}
    with database.read() as session:
        if change is None:
            files = merge_with_live(session, edits, input_.expected_revision)
        else:
            files = files_of_edit(session, change, edits)
    expected = input_.expected_revision or ANY_REVISION
    proposal = Proposal(files, input_.reason, change, expected, input_.submit)
    return propose(database, proposal, Person.named(actor), now, input_.idempotency_key).change_id


async def _approve(
    info: Info,
    input: Annotated[ApproveRulebookInput, strawberry.argument(description="Which change, and what of it.")],
) -> Payload:
    """Approves or rejects exactly this content and preview; never by its author."""
    number = read_number(input.change, Kind.RULE_CHANGE)
    verdict = Verdict(number, input.approve, input.note, input.expected_revision, input.snapshot)
    actor, now = Person.named(info.context.actor), info.context.now

    def command(database: Database) -> int:
        return review(database, verdict, actor, now, input.idempotency_key).change_id

    return await done_with(info, command, _CHANGE)


async def _withdraw(
    info: Info, input: Annotated[WithdrawRulebookInput, strawberry.argument(description="Which change, and why.")]
) -> Payload:
    """Takes an own change back before it is live."""
    number = read_number(input.change, Kind.RULE_CHANGE)
    actor, now = Person.named(info.context.actor), info.context.now

    def command(database: Database) -> int:
        withdraw(database, number, actor, input.reason, now, input.expected_version, input.idempotency_key)
        return number

    return await done_with(info, command, {**_CHANGE, "CONFLICT": "expectedVersion", "REQUIRED": "reason"})


async def _rollback(
    info: Info, input: Annotated[RollbackRulebookInput, strawberry.argument(description="Which revision, and why.")]
) -> Payload:
    """Publishes an old revision again: a new change with its own preview, approved like any other."""
    actor, now = Person.named(info.context.actor), info.context.now
    to, expected, key = input.to_revision, input.expected_revision, input.idempotency_key

    def command(database: Database) -> int:
        return roll_back(database, to, actor, input.reason, now, expected, key).change_id

    return await done_with(info, command, {**PLACES, "NOT_FOUND": "toRevision", "INVALID": "toRevision"})


@described
class RuleMutations(ScheduleMutations):
    """Commands over rule books."""

    propose_rulebook: RuleChangePayload | None = answered(_propose)
    approve_rulebook: RuleChangePayload | None = answered(_approve)
    withdraw_rulebook: RuleChangePayload | None = answered(_withdraw)
    rollback_rulebook: RuleChangePayload | None = answered(_rollback)
