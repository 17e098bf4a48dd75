"""Campaigns of a rule book."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.campaigns import Trigger
from engine.rulebook import Book
from engine.vocabulary import Unit, scale_of
from schema.basics import Money, Place
from schema.context import Info
from schema.describing import answered, described, spoken, told


@dataclass(frozen=True, slots=True)
class MoneySource:
    """Source of `Money`."""

    amount: Decimal
    currency: str


def money_of(minor: int, currency: str) -> MoneySource:
    """An amount of minor units."""
    scale = scale_of(Unit.MONEY, currency)
    return MoneySource((Decimal(minor) / scale).quantize(Decimal(1) / scale), currency)


@dataclass(frozen=True, slots=True)
class CampaignSource:
    """A trigger in its book."""

    trigger: Trigger
    currency: str

    def __getattr__(self, name: str) -> object:
        return getattr(self.trigger, name)


def _when(root: CampaignSource) -> str:
    """Condition of the trigger, as written."""
    return root.trigger.when.text


def _channel(root: CampaignSource) -> str:
    """Name of the channel it leaves through."""
    return root.trigger.channel.name


def _unit_cost(root: CampaignSource) -> MoneySource | None:
    """Cost of one contact; null: none is stated."""
    if not root.trigger.unit_cost:
        return None
    return money_of(root.trigger.unit_cost, root.currency)


def _holdout(root: CampaignSource) -> Decimal:
    """Share of triggered customers left alone to measure the effect, in percent."""
    return Decimal(root.trigger.holdout.percent if root.trigger.holdout is not None else 0)


@described
class Campaign:
    """A campaign of a rule book."""

    name: str = told("As in the rule book.")
    title: str = spoken("title", "Name for people.")
    when: str = answered(_when)
    priority: int = told("The highest wins when several reach the same customer.")
    channel: str = answered(_channel)
    unit_cost: Money | None = answered(_unit_cost)
    holdout_percent: Decimal = answered(_holdout)
    place: Place = told("Where the rule book declares it.")


def campaigns_of(book: Book) -> list[CampaignSource]:
    """The campaigns of all markets, each once, by falling priority, then name."""
    triggers = {trigger.name: trigger for rules in book.markets.values() for trigger in rules.campaigns.triggers}
    ordered = sorted(triggers.values(), key=lambda trigger: (-trigger.priority, trigger.name))
    return [CampaignSource(trigger, book.currency) for trigger in ordered]


async def _campaigns(info: Info) -> list[CampaignSource] | None:
    """Of the live rule book."""
    book = await info.context.required_book()
    return campaigns_of(book)


@described
class CampaignQueries:
    """Questions about campaigns."""

    campaigns: list[Campaign] | None = answered(_campaigns)
