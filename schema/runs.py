"""Runs: deciding for many, or for named customers."""

from __future__ import annotations

from datetime import datetime

import strawberry

from engine.store.reading import DecisionView, Kind, RunView, model_versions_by_digests, tiers_of_runs
from schema.basics import Actor, ActorSource, ShareSource, TierShare, shares
from schema.context import Info
from schema.describing import answered, backed_by, described, identified, spoken, spoken_pair, told
from schema.lists import RunState
from schema.models import ModelVersion
from schema.relay import Node
from schema.scalars import Hash


async def model_of_run(root: RunView | DecisionView, info: Info) -> object | None:
    """Null: no model was used."""
    if root.model_digest is None:
        return None
    return await info.context.load(model_versions_by_digests, root.model_digest)


async def _tiers(root: RunView, info: Info) -> list[ShareSource]:
    """Effective tiers of those decided so far."""
    counted = await info.context.load(tiers_of_runs, root.id) or ()
    return shares(list(counted), await info.context.book(root.revision))


def _left_out(root: RunView) -> int:
    """Customers who were due and whose state is in a damaged chunk: left out, everybody else is decided."""
    return root.total - root.decided if root.state == "DONE" else 0


def _started_by(root: RunView) -> ActorSource:
    """Who started it."""
    return ActorSource(root.actor)


@described
class DamagedChunk:
    """Customers who cannot be decided: where they stand is in a chunk that does not fit its hash."""

    chunk: str = told("Its name, as messages and the audit log call it.")
    customers: int = told("How many.")
    message: str = spoken("text", "What this means for them.")


@described
class Run(Node):
    """Deciding for many, or for named customers."""

    is_type_of = backed_by(RunView)

    id: strawberry.ID = identified(Kind.RUN)
    state: RunState = told("What became of it.")
    as_of: datetime = told("The instant decided for.")
    as_known_at: datetime = told("Only what was recorded by then counts.")
    revision: Hash = told("Content hash of the rule book it decides by.")
    model: ModelVersion | None = answered(model_of_run)
    total: int = told("Customers to decide.")
    decided: int = told("Decided so far.")
    left_out: int = answered(_left_out)
    changed: int = told("Decisions that differ from the one before.")
    tiers: list[TierShare] = answered(_tiers)
    root: Hash | None = told("Merkle root over the decision leaves; null until DONE.")
    problem: str | None = spoken_pair(
        "problem", "What went wrong and what to do; null unless FAILED or somebody was left out."
    )
    started_by: Actor = answered(_started_by)
    started_at: datetime = told("When it started.")
    finished_at: datetime | None = told("Null while it runs.")
