"""Publishing rule books."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Final

import strawberry

from engine.access import Permission
from engine.errors import UserProblemsError
from engine.operations.local_time import zone_named
from engine.operations.publishing import merge_with_live, publish
from engine.operations.rule_life import publish_change, schedule_change
from engine.store import Database
from engine.store.reading import Kind, read_number, rule_changes_by_ids
from engine.vocabulary import Locale
from schema.basics import UserError
from schema.commands import Payload, Refused, attempt, refusals, refuse
from schema.context import Info
from schema.describing import answered, described, given, given_or, told
from schema.error_codes import ErrorCode
from schema.rule_changes import RuleChange
from schema.scalars import Hash

PLACES: Final = {"CONFLICT": "expectedRevision", "REQUIRED": "reason"}


@given
class RuleFileInput:
    """A rule file as edited."""

    path: str = told("Relative to the rule folder, e.g. `b2c.yaml`; files not given are taken from the live revision.")
    text: str | None = given_or(None, "Null removes the file.")


@given
class PublishRulebookInput:
    """Exactly one of `change` (an approved one) and `files` (proposing and publishing at once: only where nobody has to
    approve)."""

    idempotency_key: str = told("The same key with the same input gives the first answer again; kept 24 hours.")
    change: strawberry.ID | None = given_or(None, "An approved change.")
    files: list[RuleFileInput] | None = given_or(None, "Files as edited.")
    expected_revision: Hash | None = given_or(None, "The live revision; null: none yet. Otherwise CONFLICT.")
    reason: str = told("Why, for the ledger.")
    activate_at: datetime | None = given_or(
        None, "Default: at once. Later: of an approved change, which goes live by itself at or after it."
    )
    activate_zone: str | None = given_or(
        None,
        "Time zone, as `Asia/Shanghai`, of an `activateAt` that is a date, and to tell it in; null: the rule book's.",
    )


@described
class RuleChangePayload:
    """The thing, or why not."""

    change: RuleChange | None = told("Null with user errors.")
    user_errors: list[UserError] = told("What the caller can correct; empty: it was done.")


async def _publish(
    info: Info, input: Annotated[PublishRulebookInput, strawberry.argument(description="What to publish, and why.")]
) -> Payload:
    """Makes a rule book live, at once or at a set time: compare-and-swap on the live revision."""
    context = info.context
    chinese = context.locale is Locale.ZH
    at = input.activate_at
    if at is not None and at.tzinfo is None and input.activate_zone is not None:
        try:
            at = at.replace(tzinfo=zone_named(input.activate_zone))
        except UserProblemsError as error:
            return Payload(refusals(error, context.locale, PLACES))
    at = await context.instant_or_none(at)
    if at is not None and input.change is None:
        message = "只有已批准的变更可以定时发布。" if chinese else "Only an approved change can go live at a set time."
        return refuse(ErrorCode.INVALID, message, ("activateAt",))
    if input.change is not None and input.files:
        message = "change 和 files 只能给出一个。" if chinese else "Give `change` or `files`, not both."
        return refuse(ErrorCode.INVALID, message, ("change",))
    if input.change is not None:
        number = read_number(input.change, Kind.RULE_CHANGE)
        if at is not None:
            return await done_with(info, _scheduling(info, input, number, at), {**PLACES, "INVALID": "activateAt"})
        return await done_with(info, partial(_publish_change, input, number, context.actor, context.now))
    if not input.files:
        return refuse(ErrorCode.REQUIRED, "请给出规则文件。" if chinese else "Give the rule files.", ("files",))
    context.caller.require(Permission.PROPOSE)
    return await done_with(info, partial(_publish_files, input, context.actor, context.now))


async def done_with(info: Info, command: Callable[[Database], int], places: Mapping[str, str] = PLACES) -> Payload:
    """Run a command that gives the number of a change."""
    done = await attempt(info, partial(command, info.context.services.database), places)
    if isinstance(done, Refused):
        return Payload(done.errors)
    return Payload(things={"change": await info.context.load(rule_changes_by_ids, done)})


def _publish_change(input_: PublishRulebookInput, number: int, actor: str, now: datetime, database: Database) -> int:
    key, expected = input_.idempotency_key, input_.expected_revision
    return publish_change(database, number, actor, input_.reason, now, expected, key).change_id


def _scheduling(info: Info, input_: PublishRulebookInput, number: int, at: datetime) -> Callable[[Database], int]:
    key, expected = input_.idempotency_key, input_.expected_revision
    actor, now = info.context.actor, info.context.now

    def command(database: Database) -> int:
        return schedule_change(database, number, at, actor, input_.reason, now, input_.activate_zone, expected, key)

    return command


def _publish_files(input_: PublishRulebookInput, actor: str, now: datetime, database: Database) -> int:
    edits = {file.path: file.text for file in input_.files or ()}
    with database.read() as session:
        files = merge_with_live(session, edits, input_.expected_revision)
    return publish(
        database,
        files,
        actor,
        input_.reason,
        now,
        expected_revision=input_.expected_revision,
        idempotency_key=input_.idempotency_key,
    ).change_id


@described
class PublishMutations:
    """Making rule books live."""

    publish_rulebook: RuleChangePayload | None = answered(_publish)
