"""Overrides: tiers set by hand."""

from __future__ import annotations

import json
from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from engine.operations.overriding import standing_of, why_text, whys_pending
from engine.store.reading import Kind, OverrideFilter, OverrideView, overrides_page, slice_of
from schema.basics import Actor, ActorSource, Tier, Titled, tier_of
from schema.context import Info, LocaleArgument
from schema.describing import answered, backed_by, described, identified, read, told
from schema.lists import OverrideState
from schema.lookups import customer_of
from schema.pointers import CustomerLater
from schema.relay import After, Before, First, Last, Node, Paged, UncountedConnection, listed


async def _tier(root: OverrideView, info: Info) -> Titled | None:
    """The tier given by hand."""
    customer = await customer_of(root, info)
    return tier_of(await info.context.live_book(), customer.market, root.tier)


def _state(root: OverrideView, info: Info) -> OverrideState:
    """Whether it is in force."""
    return OverrideState(standing_of(root, info.context.services.now()))


async def _computed(root: OverrideView, info: Info) -> Titled | None:
    """The tier computed when it was set; null: there was none. The one of now: `customer.tier.computed`."""
    customer = await customer_of(root, info)
    return tier_of(await info.context.live_book(), customer.market, root.computed)


def _approved_by(root: OverrideView) -> ActorSource | None:
    """The second person, who approved or refused it; null: nobody has, or nobody has to."""
    return None if root.approver is None else ActorSource(root.approver)


def _evidence(root: OverrideView) -> list[str]:
    """Links or record ids."""
    return [str(link) for link in json.loads(root.evidence)]


def _by(root: OverrideView) -> ActorSource:
    """Who set it."""
    return ActorSource(root.actor)


def _on_behalf_of(root: OverrideView) -> ActorSource | None:
    """For whom it was set, who does not approve it either; null: for nobody else."""
    return None if root.on_behalf_of is None else ActorSource(root.on_behalf_of)


async def _pending_because(root: OverrideView, info: Info, locale: LocaleArgument = None) -> list[str]:
    """Why somebody else had to agree when it was set, as the ledger says it; empty: nobody had to."""
    whys = await info.context.load(whys_pending, root.id)
    return [why_text(why).within(info.context.in_locale(locale)) for why in whys or ()]


@described
class Override(Node):
    """A tier set by hand; it beats rules and never alters the computed tier."""

    is_type_of = backed_by(OverrideView)

    id: strawberry.ID = identified(Kind.OVERRIDE)
    customer: CustomerLater = answered(customer_of)
    tier: Tier = answered(_tier)
    state: OverrideState = answered(_state)
    pending_because: list[str] = answered(_pending_because)
    reason: str = told("Reason code.")
    note: str | None = told("In words; null: none.")
    evidence: list[str] = answered(_evidence)
    computed: Tier | None = answered(_computed)
    by: Actor = answered(_by)
    on_behalf_of: Actor | None = answered(_on_behalf_of)
    approved_by: Actor | None = answered(_approved_by)
    approved_at: datetime | None = told("When the second person approved or refused it; null: nobody has.")
    from_: datetime = read("from_at", "In force from here; while PENDING when it was set.", name="from")
    expires_at: datetime = told("In force until here, this instant not included.")
    ended_at: datetime | None = told("Ended before its time; null: it was not.")
    version: int = told("For `expectedVersion`; rises with every change.")


async def _overrides(
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    state: Annotated[list[OverrideState] | None, strawberry.argument(description="In any of these states.")] = None,
) -> Paged:
    """Everybody's tiers set by hand, the latest first; those that wait for a second person by `state: PENDING`."""
    states = None if state is None else tuple(one.value for one in state)
    kept, slice_ = OverrideFilter(info.context.services.now(), states), slice_of(first, after, last, before)
    return await listed(info, partial(overrides_page, filter_=kept, slice_=slice_))


@described
class OverrideQueries:
    """Questions about tiers set by hand."""

    overrides: UncountedConnection[Override] | None = answered(_overrides)
