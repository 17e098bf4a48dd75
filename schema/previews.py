"""Previews: what a candidate rule book would change."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from engine.errors import Place as BookPlace
from engine.operations.left_out import LeftOut
from engine.rulebook import Edit
from engine.store.reading import Page, slice_of
from engine.trials.preview import Band, Impact, Judged, Volume
from engine.vocabulary import Market
from schema.basics import Money, MoveSource, Place, TierMove, tier_of
from schema.campaigns import money_of
from schema.context import Info
from schema.deadlines import in_thread
from schema.describing import answered, described, read, told
from schema.explanations import Explanation
from schema.lookups import customer_of
from schema.pointers import CustomerLater
from schema.previewing import MoverSource, PreviewSource, attribution_of, movers_page
from schema.relay import After, Before, Connection, First, Last, Paged, paged
from schema.rulebooks import RuleEdit
from schema.runs import DamagedChunk
from schema.scalars import Hash


@described
class Mover:
    """A customer for whom two rule books differ."""

    customer: CustomerLater = answered(customer_of)
    live: Explanation = told("The decision by the live book: of a preview a what-if, of a shadow the stored one.")
    candidate: Explanation = told("The decision by the candidate, as a what-if: nothing was done about it.")


@described
class ScoreBand:
    """Customers with a score in [from, from + 10); the last band holds 100 too."""

    from_: int = read("low", "Where the band begins: 0, 10 … 90.", name="from")
    before: int = told("By the live book.")
    after: int = told("By the candidate.")


class VolumeSource:
    """Source of `CampaignVolume`.

    Args:
        currencies: Of the live book and of the candidate.
    """

    def __init__(self, volume: Volume, currencies: tuple[str, str]) -> None:
        self.campaign, self.before, self.after = volume.campaign, volume.before, volume.after
        self.cost_before = money_of(volume.cost_before, currencies[0])
        self.cost_after = money_of(volume.cost_after, currencies[1])


@described
class CampaignVolume:
    """Contacts and cost of a campaign in one run, before and after."""

    campaign: str = told("As in the rule book.")
    before: int = told("Contacts by the live book.")
    after: int = told("Contacts by the candidate.")
    cost_before: Money = told("Contacts × unit cost, by the live book.")
    cost_after: Money = told("Contacts × unit cost, by the candidate.")


def _guardrail_name(root: Judged) -> str:
    """`max_moved`, or e.g. `max_moved_down_from.A`."""
    return root.guardrail.name


def _guardrail_place(root: Judged) -> BookPlace:
    """In the book that sets the stricter limit."""
    return root.guardrail.place


@described
class Guardrail:
    """A limit of the rule book on how many may move; of the live book and the candidate the stricter one."""

    name: str = answered(_guardrail_name)
    market: Market | None = told("A limit about a tier is judged market by market; null: the whole base.")
    limit: Decimal = told("Share that may move, 0 to 1.")
    found: Decimal = told("Share that moves.")
    crossed: bool = told("More move than may.")
    place: Place = answered(_guardrail_place)


def _edit(root: Impact) -> Edit:
    """The edit."""
    return root.edits[0]


def _needs(root: Impact) -> tuple[Edit, ...]:
    """Edits it cannot stand without, applied with it and counted here; empty: it stands alone."""
    return root.edits[1:]


@described
class EditImpact:
    """How many customers one edit moves by itself."""

    edit: RuleEdit = answered(_edit)
    needs: list[RuleEdit] = answered(_needs)
    moved: int = told("Customers whose tier it changes.")
    contacts: int = told("Contacts of one run more (negative: fewer) than by the live book.")


def _damaged(root: PreviewSource) -> list[LeftOut]:
    """Customers who would not be decided, since their state is in a damaged chunk."""
    return list(root.done.damaged)


def _matrix(root: PreviewSource) -> list[MoveSource]:
    """Cells with customers, diagonal too."""
    live, candidate = root.done.comparison.live, root.done.comparison.candidate
    return [
        MoveSource(
            cell.market,
            tier_of(live, cell.market, cell.before),
            tier_of(candidate, cell.market, cell.after),
            cell.customers,
        )
        for cell in root.done.comparison.matrix
    ]


async def _movers(
    root: PreviewSource,
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    market: Annotated[Market | None, strawberry.argument(description="Only these; null: both.")] = None,
    from_: Annotated[
        str | None, strawberry.argument(name="from", description="Key of the tier before, or UNRATED; null: any.")
    ] = None,
    to: Annotated[str | None, strawberry.argument(description="Key of the tier after, or UNRATED; null: any.")] = None,
) -> Paged:
    """Largest revenue of the last 12 months first; of markets that both books have rules for."""
    slice_ = slice_of(first, after, last, before)

    def found() -> tuple[Page[MoverSource], int]:
        movers = root.done.comparison.movers.of(market, from_, to)
        return movers_page(movers, slice_, root.done.clocks.as_known_at), len(movers)

    page, total = await in_thread(found)

    async def counted(_info: Info) -> int:
        return total

    return paged(page, counted)


async def _snapshot(root: PreviewSource) -> str:
    """Of the stored facts and states it was computed on; an approval binds to it."""
    return await in_thread(lambda: root.done.comparison.snapshot)


def _scores(
    root: PreviewSource, market: Annotated[Market, strawberry.argument(description="Whose scores.")]
) -> list[Band]:
    """Customers per score decade, before and after."""
    return [band for band in root.done.comparison.scores if band.market is market]


def _campaigns(root: PreviewSource) -> list[VolumeSource]:
    """Every campaign of either book, by falling priority."""
    found = root.done.comparison
    currencies = (found.live.currency, found.candidate.currency)
    return [VolumeSource(volume, currencies) for volume in found.campaigns]


async def _attribution(root: PreviewSource, info: Info) -> tuple[Impact, ...]:
    """Each edit applied alone; together with `interaction` they sum to `moved`. Empty: more edits than are tried."""
    return (await attribution_of(info, root)).impacts


async def _interaction(root: PreviewSource, info: Info) -> int:
    """What the edits move together beyond (negative: short of) what each moves alone."""
    return (await attribution_of(info, root)).interaction


@described
class Preview:
    """What a candidate would change."""

    as_of: datetime = told("The instant: the one asked for, else now, or the last day for which the data are fresh.")
    base: Hash = told("The live revision.")
    candidate: Hash = told("The revision tried.")
    snapshot: Hash = answered(_snapshot)
    customers: int = told("Customers decided by both books.")
    damaged: list[DamagedChunk] = answered(_damaged)
    moved: int = told("Those whose effective tier differs.")
    held_by_stability: int = told("Whom the candidate asks to move, but stability keeps for now.")
    newly_unknown: int = told("Customers who lose their score.")
    matrix: list[TierMove] = answered(_matrix)
    movers: Connection[Mover] = answered(_movers)
    scores: list[ScoreBand] = answered(_scores)
    campaigns: list[CampaignVolume] = answered(_campaigns)
    guardrails: list[Guardrail] = told("Every limit with what was found.")
    attribution: list[EditImpact] = answered(_attribution)
    interaction: int = answered(_interaction)
