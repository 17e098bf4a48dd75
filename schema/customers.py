"""Customers: profiles and work lists."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated

import strawberry

from engine.access import mask
from engine.store.reading import (
    CustomerFilter as KeptCustomers,
)
from engine.store.reading import (
    CustomerView,
    DecisionView,
    Kind,
    RecordFilter,
    count_customer_dispatches,
    count_customers,
    count_decisions,
    count_records,
    customers_by_refs,
    customers_page,
    decision_pages,
    dispatch_pages,
    identities_by_customers,
    override_pages,
    record_pages,
    slice_of,
)
from engine.vocabulary import Market, Phase, RecordKind, Risk, Stage
from schema.basics import CustomerTier, Tag
from schema.churn import Churn, churn_of_customer
from schema.clocks import AsKnownAt, AsOf
from schema.context import Info
from schema.decisions import Decision
from schema.describing import answered, backed_by, described, given, given_or, identified, told
from schema.dispatches import Dispatch, DispatchFilterArgument, kept_dispatches
from schema.explaining import ExplanationSource, explanation_of
from schema.explanations import Explanation
from schema.fields import CustomerField, fields_of_customer
from schema.lists import CustomerOrderKey, Direction
from schema.lookups import decisions_at, stored_decisions
from schema.metric_sources import MetricSource, live_metrics
from schema.metrics import Metric, NamesArgument
from schema.overrides import Override
from schema.personal import Purpose, note_search, shown_plainly, unmasked
from schema.records import Record
from schema.relay import After, Before, Connection, First, Last, Node, Paged, UncountedConnection, listed, listed_of
from schema.rule_changes import RuleChange, changes_of_customer
from schema.scalars import Ref
from schema.standing import latest_of, phase_now, risk_now, score_now, stage_now, tags_now, tier_now


async def _identities(root: CustomerView, info: Info) -> tuple[str, ...]:
    """All names outside, in the order in which they became known."""
    return await info.context.load(identities_by_customers, root.id) or ()


def _name(root: CustomerView, info: Info, purpose: Purpose = None) -> Awaitable[str] | str | None:
    """Masked without the right and a `purpose`, which is logged."""
    if root.name is None:
        return None
    plainly = shown_plainly(info.context, purpose)
    if plainly is None:
        return _name_for(root.name, root.id, info, purpose)
    return root.name if plainly else mask(root.name)


async def _name_for(name: str, customer: int, info: Info, purpose: str | None) -> str:
    return name if await unmasked(info.context, customer, ("name",), purpose) else mask(name)


async def _metrics(
    root: CustomerView,
    info: Info,
    *,
    names: NamesArgument = None,
    as_of: AsOf = None,
    as_known_at: AsKnownAt = None,
) -> list[MetricSource]:
    """Metrics of the live rule book by name (null: all), computed as of an instant from what was known by then;
    unknown names are refused."""
    context = info.context
    instant = await context.instant_or_none(as_of)
    known_at = await context.instant_or_none(as_known_at)
    return await live_metrics(info, root.id, None if names is None else tuple(names), instant, known_at)


async def _decision(
    root: CustomerView, info: Info, as_of: AsOf = None, as_known_at: AsKnownAt = None
) -> DecisionView | None:
    """The latest stored decision at or before `asOf` that had been made by `asKnownAt`; null: none."""
    context = info.context
    if as_of is None and as_known_at is None:
        latest = await latest_of(root, info)
        return None if latest is None else await context.load(stored_decisions, latest.decision_id)
    instant, known_at = await context.instant_or_none(as_of), await context.instant_or_none(as_known_at)
    return await context.load(decisions_at, root.id, instant, known_at)


async def _decisions(
    root: CustomerView,
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Paged:
    """Ordered by `asOf`, newest first."""
    slice_ = slice_of(first, after, last, before)
    return await listed_of(info, root.id, slice_, decision_pages, count_decisions)


async def _explanation(root: CustomerView, info: Info) -> ExplanationSource | None:
    """Of the latest decision; of another one: `decision(asOf) { explanation }`."""
    latest = await latest_of(root, info)
    return None if latest is None else await explanation_of(info, latest.decision_id)


async def _dispatches(
    root: CustomerView,
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    filter: DispatchFilterArgument = None,
) -> Paged:
    """Contacts made or suppressed, newest first."""
    kept, slice_ = await kept_dispatches(info, filter), slice_of(first, after, last, before)
    return await listed_of(info, root.id, slice_, dispatch_pages, count_customer_dispatches, kept)


async def _overrides(
    root: CustomerView,
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Paged:
    """Tiers set by hand, the latest first."""
    return await listed_of(info, root.id, slice_of(first, after, last, before), override_pages, None)


async def _records(
    root: CustomerView,
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    kind: Annotated[list[RecordKind] | None, strawberry.argument(description="Any of these; null: all.")] = None,
    from_: Annotated[
        datetime | None, strawberry.argument(name="from", description="Occurred at or after this instant.")
    ] = None,
    to: Annotated[datetime | None, strawberry.argument(description="Occurred before this instant.")] = None,
    as_known_at: AsKnownAt = None,
) -> Paged:
    """Ordered by `occurredAt`, newest first; a corrected record shows the version known at `asKnownAt`."""
    context = info.context
    kept = RecordFilter(
        kinds=None if kind is None else tuple(kind),
        from_at=await context.instant_or_none(from_),
        to_at=await context.instant_or_none(to),
        as_known_at=await context.instant_or_none(as_known_at),
    )
    slice_ = slice_of(first, after, last, before)
    return await listed_of(info, root.id, slice_, record_pages, count_records, kept)


@described
class Customer(Node):
    """A company or person. Tier, score, stage, risk and tags are those of the latest decision; null before the
    first."""

    is_type_of = backed_by(CustomerView)

    id: strawberry.ID = identified(Kind.CUSTOMER)
    ref: Ref = told("First identity; all of them are in `identities`.")
    identities: list[Ref] = answered(_identities)
    market: Market = told(
        "Company or person, as it is now: a market has no history; explanations tell the one of then."
    )
    name: str | None = answered(_name)
    fields: list[CustomerField] = answered(fields_of_customer)
    owner: str | None = told("Who looks after the customer; null: nobody.")
    tier: CustomerTier | None = answered(tier_now)
    score: Decimal | None = answered(score_now)
    stage: Stage | None = answered(stage_now)
    phase: Phase | None = answered(phase_now)
    risk: Risk | None = answered(risk_now)
    tags: list[Tag] = answered(tags_now)
    churn: Churn | None = answered(churn_of_customer)
    metrics: list[Metric] = answered(_metrics)
    decision: Decision | None = answered(_decision)
    decisions: Connection[Decision] = answered(_decisions)
    explanation: Explanation | None = answered(_explanation)
    dispatches: Connection[Dispatch] = answered(_dispatches)
    overrides: UncountedConnection[Override] = answered(_overrides)
    records: Connection[Record] = answered(_records)
    rule_changes: Connection[RuleChange] = answered(changes_of_customer)
    version: int = told("For `expectedVersion`; rises with every edit of owner, market or fields.")
    updated_at: datetime = told("Last record, edit or decision.")


@given
class CustomerFilter:
    """All given parts must hold; lists mean any of."""

    market: Market | None = given_or(None, "Companies or persons.")
    tier: list[str] | None = given_or(
        None,
        "Keys of effective tiers; `UNRATED` too; a key that no tier has finds nobody.",
    )
    stage: list[Stage] | None = given_or(None, "Any of these.")
    risk: list[Risk] | None = given_or(None, "Any of these.")
    tag: str | None = given_or(None, "Has this tag; one that no rule gives finds nobody.")
    owner: str | None = given_or(None, "Who looks after the customer.")
    changed_since: datetime | None = given_or(None, "Effective tier, stage or risk changed since.")
    text: str | None = given_or(None, "Beginning of a ref; with the right and a `purpose` part of the name, too.")
    purpose: str | None = given_or(None, "Why names are looked into, for the ledger; not in subscriptions.")


@given
class CustomerOrder:
    """Order of customers."""

    key: CustomerOrderKey = told("What to sort by.")
    direction: Direction = given_or(Direction.DESC, "Largest or smallest first.")


async def kept_customers(info: Info, filter_: CustomerFilter | None) -> KeptCustomers:
    """A filter as the store takes it."""
    if filter_ is None:
        return KeptCustomers()
    return KeptCustomers(
        market=filter_.market,
        tiers=None if filter_.tier is None else tuple(filter_.tier),
        stages=None if filter_.stage is None else tuple(filter_.stage),
        risks=None if filter_.risk is None else tuple(filter_.risk),
        tag=filter_.tag,
        owner=filter_.owner,
        changed_since=await info.context.instant_or_none(filter_.changed_since),
        text=filter_.text,
        by_name=info.context.caller.local,
    )


async def _customer(
    info: Info, ref: Annotated[Ref, strawberry.argument(description="Any of the customer's identities.")]
) -> CustomerView | None:
    """Null: unknown. Any of the customer's identities."""
    return await info.context.load(customers_by_refs, ref)


async def _customers(
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    filter: Annotated[CustomerFilter | None, strawberry.argument(description="Which customers.")] = None,
    order_by: Annotated[CustomerOrder | None, strawberry.argument(description="Default: UPDATED DESC.")] = None,
) -> Paged:
    """Default order: UPDATED DESC."""
    kept = await kept_customers(info, filter)
    key = order_by.key if order_by is not None else CustomerOrderKey.UPDATED
    descending = order_by is None or order_by.direction is Direction.DESC
    slice_ = slice_of(first, after, last, before)
    text, purpose = (filter.text or "", filter.purpose) if filter is not None else ("", None)
    searched = bool(text) and shown_plainly(info.context, purpose) is None
    kept = replace(kept, by_name=True) if searched else kept
    asked = partial(customers_page, filter_=kept, order=key, descending=descending, slice_=slice_)
    if searched:
        await note_search(info.context, kept, purpose)
    return await listed(info, asked, partial(count_customers, filter_=kept))


@described
class CustomerQueries:
    """Questions about customers."""

    customer: Customer | None = answered(_customer)
    customers: Connection[Customer] | None = answered(_customers)
