"""Decisions, their distribution and migration."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

import strawberry
from sqlalchemy.orm import Session

from engine.operations.replay_report import Replayed
from engine.operations.replaying import replay_decision
from engine.store.reading import (
    DecisionView,
    EntryView,
    Kind,
    RunView,
    entries_of_subjects,
    read_number,
    subject_of,
    tier_counts,
    tier_moves,
)
from engine.vocabulary import Market, Risk, Stage, Text
from schema.basics import (
    CustomerTier,
    CustomerTierSource,
    MoveSource,
    ShareSource,
    TierMove,
    TierShare,
    score_of,
    shares,
    tier_of,
    tier_rank,
)
from schema.change_sources import ChangeSource, change_of
from schema.changes import ScoreChange
from schema.context import Info, LocaleArgument
from schema.describing import answered, backed_by, described, identified, told
from schema.documents import document_path
from schema.explaining import ExplanationSource, explanation_of
from schema.explanations import Explanation
from schema.ledger import LedgerEntry
from schema.lookups import customer_of, found, or_fault, run_of, stored_decisions, stored_digests
from schema.models import ModelVersion
from schema.pointers import CustomerLater
from schema.proofs import InclusionProof, proof_of_decision
from schema.relay import Node
from schema.rulebooks import BookSource, Rulebook, book_source
from schema.runs import Run, model_of_run
from schema.scalars import Hash
from schema.standing import tier_given


def _tier(root: DecisionView, info: Info) -> CustomerTierSource | Awaitable[CustomerTierSource]:
    """The tiers it gave."""
    return info.context.by_book(root.revision, partial(tier_given, root))


def _score(root: DecisionView) -> Decimal | None:
    """0 to 100; null: unknown."""
    return score_of(root.score)


async def _rulebook(root: DecisionView, info: Info) -> BookSource:
    """The rule book it was made by."""
    return await book_source(info, root.revision)


async def _model(root: DecisionView, info: Info) -> object | None:
    """Null: no model was used."""
    return await model_of_run(root, info)


async def _digest(root: DecisionView, info: Info) -> str:
    """Of inputs and outcome; the same for ever."""
    digest = await info.context.load(stored_digests, root.id)
    assert digest is not None
    return f"sha256:{digest.hex()}"


async def _run(root: DecisionView, info: Info) -> RunView:
    """The run it was made in."""
    return await run_of(root, info)


async def _change(root: DecisionView, info: Info) -> ChangeSource | None:
    """Against the customer's decision before; null: it is the first."""
    return await change_of(info, root.id, root.revision, root.market)


async def _explanation(root: DecisionView, info: Info) -> ExplanationSource | None:
    """Computed when asked. Null only beside fault DAMAGED, or NOT_READY that names the engine version needed."""
    return await explanation_of(info, root.id)


async def _entry(root: DecisionView, info: Info) -> EntryView:
    """The ledger entry that anchors it."""
    entry = await info.context.load(entries_of_subjects, subject_of(Kind.RUN, root.run_id))
    return found(entry, Text("ledger entry", "审计记录"))


async def _replay(root: DecisionView, info: Info) -> Replayed:
    """Decides again from the stored inputs and compares; writes nothing."""
    replayed: Replayed | None = await info.context.load(_replays, root.id)
    return found(replayed, Text("decision", "决定"))


def _replays(session: Session, ids: Sequence[int]) -> Mapping[int, Any]:
    return {number: or_fault(partial(replay_decision, session, number)) for number in ids}


@described
class Replay:
    """Result of a replay."""

    identical: bool = told("The same bytes came out again.")
    digest: Hash | None = told("Of what came out now. Null: could not be replayed, see `neededEngine`.")
    needed_engine: str | None = told("Engine version that can replay it; null: this one.")


def _document_url(root: DecisionView, info: Info, locale: LocaleArgument = None) -> str:
    """Path of the printable page (HTML)."""
    return document_path(root.id, info.context.in_locale(locale))


@described
class Decision(Node):
    """An immutable decision: a pure function of facts, state, revision, engine version and `asOf`."""

    is_type_of = backed_by(DecisionView)

    id: strawberry.ID = identified(Kind.DECISION)
    customer: CustomerLater = answered(customer_of)
    as_of: datetime = told("The instant decided for.")
    as_known_at: datetime = told("Only what was recorded by then counts.")
    recorded_at: datetime = told("When it was made.")
    run: Run = answered(_run)
    tier: CustomerTier = answered(_tier)
    score: Decimal | None = answered(_score)
    stage: Stage = told("Lifecycle stage.")
    risk: Risk | None = told("Null: churn probability unknown.")
    revision: Hash = told("Content hash of the rule book it was made by; `rulebook` is the thing itself.")
    rulebook: Rulebook = answered(_rulebook)
    model: ModelVersion | None = answered(_model)
    engine_version: str = told("Version of the engine that decided.")
    digest: Hash = answered(_digest)
    change: ScoreChange | None = answered(_change)
    explanation: Explanation | None = answered(_explanation)
    entry: LedgerEntry = answered(_entry)
    replay: Replay = answered(_replay)
    document_url: str = answered(_document_url)
    proof: InclusionProof | None = answered(proof_of_decision)


MarketArgument = Annotated[Market | None, strawberry.argument(description="Null: both, each by itself.")]


async def _decision(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Global id of a decision.")]
) -> DecisionView | None:
    """By id; by customer and date: `customer(ref) { decision(asOf) }`. Null: no such decision."""
    return await info.context.load(stored_decisions, read_number(id, Kind.DECISION))


async def _distribution(
    info: Info,
    market: MarketArgument = None,
    as_of: Annotated[datetime | None, strawberry.argument(description="Null: now.")] = None,
) -> list[ShareSource]:
    """By the latest decisions at or before `asOf`; best tier first, UNRATED last."""
    instant = await info.context.instant_or_none(as_of)
    counted = await info.context.read(partial(tier_counts, market=market, as_of=instant))
    return shares(list(counted), await info.context.live_book())


async def _migration(
    info: Info,
    from_: Annotated[datetime, strawberry.argument(name="from", description="The earlier instant.")],
    to: Annotated[datetime, strawberry.argument(description="The later instant.")],
    market: MarketArgument = None,
) -> list[MoveSource]:
    """From the effective tier at `from` to that at `to`, customers that had a decision at both."""
    earlier, later = await info.context.instant(from_), await info.context.instant(to)
    counted = await info.context.read(partial(tier_moves, market=market, earlier=earlier, later=later))
    book = await info.context.live_book()
    ordered = sorted(
        counted, key=lambda row: (row[0], tier_rank(book, row[0], row[1]), tier_rank(book, row[0], row[2]))
    )
    return [
        MoveSource(place, tier_of(book, place, before), tier_of(book, place, after), customers)
        for place, before, after, customers in ordered
    ]


@described
class DecisionQueries:
    """Questions about decisions."""

    decision: Decision | None = answered(_decision)
    tier_distribution: list[TierShare] | None = answered(_distribution)
    tier_migration: list[TierMove] | None = answered(_migration)
