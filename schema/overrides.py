"""Overrides: tiers set by hand."""

from __future__ import annotations

import json
from datetime import datetime

import strawberry

from engine.store.reading import Kind, OverrideView
from schema.basics import Actor, ActorSource, Tier, Titled, tier_of
from schema.context import Info
from schema.describing import answered, backed_by, described, identified, read, told
from schema.lists import OverrideState
from schema.lookups import customer_of
from schema.pointers import CustomerLater
from schema.relay import Node


async def _tier(root: OverrideView, info: Info) -> Titled | None:
    """The tier given by hand."""
    customer = await customer_of(root, info)
    return tier_of(await info.context.live_book(), customer.market, root.tier)


def _state(root: OverrideView, info: Info) -> OverrideState:
    """Whether it is in force."""
    if root.ended_at is not None:
        return OverrideState.ENDED
    expired = root.expires_at <= info.context.services.now()
    return OverrideState.EXPIRED if expired else OverrideState.ACTIVE


def _evidence(root: OverrideView) -> list[str]:
    """Links or record ids."""
    return [str(link) for link in json.loads(root.evidence)]


def _by(root: OverrideView) -> ActorSource:
    """Who set it."""
    return ActorSource(root.actor)


@described
class Override(Node):
    """A tier set by hand; it beats rules and never alters the computed tier."""

    is_type_of = backed_by(OverrideView)

    id: strawberry.ID = identified(Kind.OVERRIDE)
    customer: CustomerLater = answered(customer_of)
    tier: Tier = answered(_tier)
    state: OverrideState = answered(_state)
    reason: str = told("Reason code.")
    note: str | None = told("In words; null: none.")
    evidence: list[str] = answered(_evidence)
    by: Actor = answered(_by)
    from_: datetime = read("from_at", "In force from here.", name="from")
    expires_at: datetime = told("In force until here, this instant not included.")
    ended_at: datetime | None = told("Ended before its time; null: it was not.")
    version: int = told("For `expectedVersion`; rises with every change.")
