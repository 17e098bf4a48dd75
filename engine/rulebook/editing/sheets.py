"""Every file of a book read as a blank sheet, so that its reader says what may stand there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.campaigns.model import Campaigns
from engine.expressions.tree import Declared
from engine.rulebook.blank import Alternative, Alternatives, Blank
from engine.rulebook.book import Book
from engine.rulebook.desk import Desk
from engine.rulebook.parts import campaigns, header, lifecycle, market, metrics
from engine.rulebook.parts.scorecards import UNSCORED
from engine.vocabulary import Unit

_ESTIMATES: Final = ("clv", "cac", "margin")
_ORIGINS: Final = (
    Alternative(),
    Alternative(("from",), {"from": "orders"}),
    Alternative(("field",)),
    *(Alternative(("value",), {"value": name}, {"value": (name,)}) for name in _ESTIMATES),
    Alternative(("model",)),
    Alternative(("expr",)),
)


def blank_sheets(book: Book) -> dict[str, Blank]:
    """What the reader of each file asks for, by path; a market without a file is there too."""
    sheets = {path: Blank(alternatives=_alternatives(book)) for path in _FILES}
    for path, sheet in sheets.items():
        desk = _desk(book)
        if path in market.FILES:
            market.read_market(sheet, market.FILES[path], (), Campaigns((), (), None), desk)
        else:
            _READERS[path](sheet, desk)
    return sheets


_READERS: Final = {
    header.FILE: header.read_header,
    metrics.FILE: metrics.read_metrics,
    lifecycle.FILE: lifecycle.read_lifecycle,
    campaigns.FILE: campaigns.read_campaigns,
}
_FILES: Final = (header.FILE, metrics.FILE, *market.FILES, lifecycle.FILE, campaigns.FILE)


def _desk(book: Book) -> Desk:
    """A desk on which everything lies that the book has declared."""
    declared = {name: Declared(one.unit, one.scale, one.values) for name, one in book.metrics.items()}
    tiers = dict.fromkeys(tier.key for rules in book.markets.values() for tier in rules.tiers)
    return Desk(currency=book.currency, metrics=dict(book.metrics), scope=declared, tiers=tuple(tiers))


def _alternatives(book: Book) -> Alternatives:
    """The things that have several shapes."""
    return {
        "the list of metrics": tuple(_metrics()),
        "criteria": tuple(_criteria(book)),
        "lifecycle": (Alternative(("stage",)), Alternative(("else",))),
    }


def _metrics() -> Iterator[Alternative]:
    """Every type with every origin."""
    for unit in Unit:
        for origin in _ORIGINS:
            answers = {"type": unit.value, **origin.answers}
            yield Alternative(origin.present, answers, {"type": (unit.value,), **origin.when})


def _criteria(book: Book) -> Iterator[Alternative]:
    """Curve or bins over each kind of number."""
    scored = [metric for metric in book.metrics.values() if metric.unit not in UNSCORED]
    for kind in (True, False):
        names = tuple(metric.name for metric in scored if (metric.unit is Unit.PROBABILITY) is kind)
        for points in ("curve", "bins") if names else ():
            yield Alternative((points,), {"metric": names[0]}, {"metric": names})
