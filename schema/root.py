"""The schema: all nouns together, with the caches, limits and faults every request goes through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSchema, Undefined
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext

from schema.assigning import TaskMutations
from schema.basics import Viewer
from schema.campaigns import CampaignQueries
from schema.checking import CheckQueries
from schema.context import Context
from schema.customers import CustomerQueries
from schema.decisions import DecisionQueries
from schema.describing import answered, described
from schema.dispatches import DispatchQueries
from schema.erasing import ErasingMutations
from schema.faults import finish
from schema.granting import ActorQueries, GrantMutations
from schema.guarding import guard
from schema.kpis import KpiQueries
from schema.ledger import LedgerQueries
from schema.limits import CachedDocuments, DocumentCache
from schema.live import Subscription
from schema.models import ModelQueries
from schema.nodes import NodeQueries
from schema.overridden import OverriddenQueries
from schema.overrides import OverrideQueries
from schema.overriding import OverrideMutations
from schema.personal import note_shown
from schema.proposing import RuleMutations
from schema.quality import QualityQueries
from schema.recording import RecordMutations
from schema.resolving import shorten
from schema.rule_changes import RuleChangeQueries
from schema.rulebooks import RulebookQueries
from schema.scalars import SCALARS
from schema.tasks import TaskQueries
from schema.whatif import WhatIfQueries
from schema.writing import WorkMutations


@dataclass(frozen=True, slots=True)
class Asking:
    """Source of `Viewer`."""


def _viewer() -> Asking:
    """Who is asking."""
    return Asking()


@described
class Query(
    NodeQueries,
    CustomerQueries,
    DecisionQueries,
    RulebookQueries,
    RuleChangeQueries,
    CheckQueries,
    WhatIfQueries,
    CampaignQueries,
    DispatchQueries,
    TaskQueries,
    OverrideQueries,
    OverriddenQueries,
    ModelQueries,
    LedgerQueries,
    KpiQueries,
    QualityQueries,
    ActorQueries,
):
    """Reads."""

    viewer: Viewer = answered(_viewer)


@described
class Mutation(
    RecordMutations,
    WorkMutations,
    OverrideMutations,
    TaskMutations,
    RuleMutations,
    ErasingMutations,
    GrantMutations,
):
    """Writes. The same idempotency key with the same input gives the first answer again, with other input
    IDEMPOTENCY_MISMATCH; keys are kept 24 hours."""


class TouchstoneSchema(strawberry.Schema):
    """The schema; finishes every error of every answer."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        _leave_out_null_defaults(self._schema)
        shorten(self._schema)
        guard(self._schema)

    async def execute(self, *given: Any, **named: Any) -> Any:
        """Execute a document; personal data in the answer are on record before it is given.

        Raises:
            TouchstoneError: That could not be put on record, so there is no answer.
        """
        result = await super().execute(*given, **named)
        context = named.get("context_value")
        if isinstance(context, Context):
            await note_shown(context)
        return result

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Give errors their codes; nothing is logged but what `finish` logs."""
        context = execution_context.context if execution_context is not None else None
        if isinstance(context, Context):
            named = execution_context.operation_name if execution_context is not None else None
            finish(errors, context, named)


def _leave_out_null_defaults(schema: GraphQLSchema) -> None:
    """Say of what may be left out that it may be null, not that null is its default; both mean the same here."""
    for kind in schema.type_map.values():
        members: list[Any] = list(getattr(kind, "fields", {}).values())
        for member in members:
            for part in (member, *getattr(member, "args", {}).values()):
                if getattr(part, "default_value", Undefined) is None:
                    part.default_value = Undefined


def build_schema(cache: DocumentCache) -> TouchstoneSchema:
    """A schema with a document cache of its own."""

    def documents() -> SchemaExtension:
        return CachedDocuments(cache)

    extensions: list[Callable[[], SchemaExtension]] = [documents]
    return TouchstoneSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=extensions,
        config=StrawberryConfig(scalar_map=SCALARS),
    )


@lru_cache(maxsize=1)
def the_schema() -> tuple[Any, DocumentCache]:
    """The one schema of the process and its document cache; built once, at first use."""
    cache = DocumentCache()
    return build_schema(cache), cache
