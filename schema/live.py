"""Live events in ledger order: subscriptions follow the ledger by its position."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

import strawberry

from engine.errors import InputError, NotFoundError
from engine.store.reading import (
    CustomerFilter as KeptCustomers,
)
from engine.store.reading import (
    DecisionView,
    EntryView,
    Kind,
    RunView,
    alerts_of_run,
    changed_decisions,
    entries_after,
    entries_of_subjects,
    head_position,
    matching_customers,
    read_number,
    read_subject,
    rule_changes_by_ids,
    runs_by_ids,
    subject_of,
)
from engine.vocabulary import Text
from schema.context import Context, Info
from schema.customers import CustomerFilter, kept_customers
from schema.decisions import Decision
from schema.describing import described, told
from schema.dispatches import Dispatch
from schema.rule_changes import RuleChange
from schema.runs import Run

POLL_SECONDS: Final = 0.5
TOKENS: Final = "2"
"""Which numbering tokens speak of, their first part. The first (without this part) named decisions by rows of a table
that is no more: schema 0002 numbered them anew, and such a token would tell events again."""
BATCH: Final = 200

AfterToken = Annotated[
    str | None, strawberry.argument(description="A `token`: first everything since, without gap or repeat.")
]
_TOKEN = "Names this event; pass it as `after` to go on from here."  # noqa: S105 (a description)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a follower is: a ledger position, and the row number of the last event within that entry."""

    entry: int
    row: int = 0

    @property
    def token(self) -> str:
        """Opaque text of the position."""
        return base64.urlsafe_b64encode(f"{TOKENS}.{self.entry}.{self.row}".encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Event:
    """Source of every event type: the thing under its name, and the token."""

    token: str
    decision: Any = None
    dispatch: Any = None
    change: Any = None
    run: Any = None


@described
class TierChanged:
    """An effective tier changed."""

    decision: Decision = told("The decision that changed it.")
    token: str = told(_TOKEN)


@described
class AlertRaised:
    """A dispatch with a due time was made."""

    dispatch: Dispatch = told("The alert.")
    token: str = told(_TOKEN)


@described
class RulesPublished:
    """A revision went live."""

    change: RuleChange = told("The change that brought it.")
    token: str = told(_TOKEN)


@described
class RunProgress:
    """`token` names the run's last ledger entry; progress between entries is not repeated."""

    run: Run = told("How far it is.")
    token: str = told(_TOKEN)


async def _start(context: Context, after: str | None) -> Position:
    """Where to begin: after a token, or after everything so far.

    Raises:
        InputError: BAD_CURSOR, the ledger does not know the token, or it is of an earlier numbering.
    """
    head = await context.read(head_position)
    if after is None:
        return Position(head + 1)
    try:
        text = base64.urlsafe_b64decode(after.encode() + b"=" * (-len(after) % 4)).decode()
        numbering, *parts = text.split(".")
        entry, row = (int(part) for part in parts)
    except (ValueError, binascii.Error):
        raise _bad_token() from None
    if numbering != TOKENS or not 0 < entry <= head or row < 0:
        raise _bad_token()
    return Position(entry, row)


def _bad_token() -> InputError:
    return InputError(
        Text("This token names no event of this ledger.", "这个 token 不对应账本中的任何事件。"),
        Text(
            "Take tokens from events and pass them on unchanged; those of before an upgrade to schema 0002 no longer "
            "count. Without `after` it begins now.",
            "请原样使用事件给出的 token；升级到结构 0002 之前的 token 已失效。不填 `after` 则从现在开始。",
        ),
        code="BAD_CURSOR",
    )


async def _follow(
    context: Context, start: Position, kinds: Sequence[str]
) -> AsyncGenerator[tuple[EntryView, int], None]:
    """Entries from a position on as they come, each with the row of it that was told already."""
    position, row = start.entry - 1, start.row
    while True:
        entries = await context.read(partial(entries_after, position=position, kinds=kinds, limit=BATCH))
        for entry in entries:
            yield entry, row if entry.position == start.entry else 0
            position = entry.position
        if not entries:
            await asyncio.sleep(POLL_SECONDS)


def _number(entry: EntryView, kind: Kind) -> int | None:
    named = read_subject(entry.subject) if entry.subject is not None else None
    return named[1] if named is not None and named[0] is kind else None


async def _changed(context: Context, run: int, row: int, kept: KeptCustomers) -> AsyncGenerator[DecisionView, None]:
    """A run's decisions that changed a tier of the customers asked for, beyond a row."""
    while True:
        decisions = await context.read(partial(changed_decisions, run=run, after=row, limit=BATCH))
        customers = [decision.customer_id for decision in decisions]
        wanted = await context.read(partial(matching_customers, ids=customers, filter_=kept))
        for decision in decisions:
            if decision.customer_id in wanted:
                yield decision
        if len(decisions) < BATCH:
            return
        row = decisions[-1].id


async def _tier_changed(
    info: Info,
    filter: Annotated[CustomerFilter | None, strawberry.argument(description="Which customers.")] = None,
    after: AfterToken = None,
) -> AsyncGenerator[Event, None]:
    """Effective tiers as they change, in ledger order."""
    context = info.context
    kept = await kept_customers(info, filter)
    async for entry, row in _follow(context, await _start(context, after), ("RUN",)):
        run = _number(entry, Kind.RUN)
        if run is None:
            continue
        async for decision in _changed(context, run, row, kept):
            yield Event(Position(entry.position, decision.id).token, decision=decision)


async def _alert_raised(
    info: Info,
    owner: Annotated[str | None, strawberry.argument(description="Only for customers of this owner.")] = None,
    after: AfterToken = None,
) -> AsyncGenerator[Event, None]:
    """Alerts as they are made, in ledger order."""
    context = info.context
    async for entry, row in _follow(context, await _start(context, after), ("RUN",)):
        run, last = _number(entry, Kind.RUN), row
        while run is not None:
            alerts = await context.read(partial(alerts_of_run, run=run, owner=owner, after=last, limit=BATCH))
            for alert in alerts:
                yield Event(Position(entry.position, alert.id).token, dispatch=alert)
            if len(alerts) < BATCH:
                break
            last = alerts[-1].id


async def _rules_published(info: Info, after: AfterToken = None) -> AsyncGenerator[Event, None]:
    """Revisions as they go live."""
    context = info.context
    kinds = ("RULES_PUBLISHED", "RULES_ROLLED_BACK")
    async for entry, row in _follow(context, await _start(context, after), kinds):
        number = _number(entry, Kind.RULE_CHANGE)
        if number is None or row:
            continue
        change = await context.load(rule_changes_by_ids, number)
        yield Event(Position(entry.position, number).token, change=change)


async def _run_progress(
    info: Info,
    run: Annotated[strawberry.ID | None, strawberry.argument(description="Null: every run.")] = None,
    after: AfterToken = None,
) -> AsyncGenerator[Event, None]:
    """Ends when the run does; null: every run."""
    context = info.context
    start = await _start(context, after)
    if run is not None:
        async for event in _one_run(context, read_number(run, Kind.RUN)):
            yield event
        return
    async for entry, row in _follow(context, start, ("RUN",)):
        number = _number(entry, Kind.RUN)
        if number is not None and not row:
            told_ = await context.load(runs_by_ids, number)
            yield Event(Position(entry.position, number).token, run=told_)


async def _one_run(context: Context, number: int) -> AsyncGenerator[Event, None]:
    """A run whenever it has come further, until it ends."""
    before: RunView | None = None
    while before is None or before.state == "RUNNING":
        run = await context.load(runs_by_ids, number)
        if run is None:
            raise NotFoundError(
                Text("There is no such run.", "没有这次运行。"),
                Text("Take its id from `decide`.", "请使用 `decide` 返回的 id。"),
            )
        if run != before:
            entry = await context.load(entries_of_subjects, subject_of(Kind.RUN, number))
            position = entry.position if entry is not None else await context.read(head_position)
            yield Event(Position(position, number).token, run=run)
        elif run.state == "RUNNING":
            await asyncio.sleep(POLL_SECONDS)
        before = run


def _subscribed(resolver: Any) -> Any:
    return strawberry.subscription(resolver=resolver, description=" ".join(resolver.__doc__.split()))


@strawberry.type(
    description="Live events in ledger order, over graphql-transport-ws. With `after` (a `token`) first everything "
    "since, without gap or repeat; a token the ledger does not know is fault BAD_CURSOR."
)
class Subscription:
    """Live events in ledger order."""

    tier_changed: TierChanged = _subscribed(_tier_changed)
    alert_raised: AlertRaised = _subscribed(_alert_raised)
    rules_published: RulesPublished = _subscribed(_rules_published)
    run_progress: RunProgress = _subscribed(_run_progress)
