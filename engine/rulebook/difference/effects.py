"""What an edit can do to customers' tiers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Final

from engine.errors import Place
from engine.expressions.tree import Expression
from engine.metrics.declaration import FromExpression
from engine.rulebook.book import Book, MarketBook
from engine.rulebook.difference.edit import Effect
from engine.rulebook.difference.steps import only_said
from engine.vocabulary import Text

_STILL: Final = ("risk", "reasons", "fixtures", "tests", "invariants")


class Effects:
    """Classifies the edits between two books.

    Args:
        before: None: everything is new.
        after: The newer book.
    """

    def __init__(self, before: Book | None, after: Book) -> None:
        self._before = before
        self._after = after
        self._deciding = _deciding(after) | (_deciding(before) if before else set())

    def of(self, path: tuple[str, ...], before: str | None, after: str | None) -> Effect:
        """The effect of one edit.

        Args:
            path: Its address.
            before, after: Canonical YAML; None: not there.
        """
        if self._before is not None and self._alike(path):
            return Effect.NO_OP
        if path[0] in ("lifecycle", "campaigns") or only_said(path):
            return Effect.NON_MOVING
        if path[0] == "rulebook":
            return self._of_header(path)
        return self._of_metric(path, after) if path[0] == "metrics" else _of_market(path, before, after)

    def _alike(self, path: tuple[str, ...]) -> bool:
        """The part of the book the edit lies in means the same on both sides."""
        old, new = _part(self._before, path), _part(self._after, path)
        return old is not None and old == new

    def _of_header(self, path: tuple[str, ...]) -> Effect:
        if path[1] == "currency":
            return Effect.BREAKING
        return Effect.MOVING if path[1] in ("timezone", "sources") else Effect.NON_MOVING

    def _of_metric(self, path: tuple[str, ...], after: str | None) -> Effect:
        name = path[1]
        removed = len(path) == 2 and after is None
        used = name in self._deciding or (self._before is not None and name in _everywhere(self._before))
        if (removed or path[2:3] == ("type",)) and used:
            return Effect.BREAKING
        return Effect.MOVING if name in self._deciding else Effect.NON_MOVING


def _of_market(path: tuple[str, ...], before: str | None, after: str | None) -> Effect:
    if len(path) > 1 and path[1] in _STILL:
        return Effect.NON_MOVING
    tier_gone = len(path) == 3 and path[1] == "tiers" and path[2] != "order" and after is None
    gone = after is None and (tier_gone or (len(path) == 2 and path[1] in ("scorecard", "tiers")))
    return Effect.BREAKING if gone and before is not None else Effect.MOVING


def _part(book: Book | None, path: tuple[str, ...]) -> object:
    """The meaning of the part of a book an address lies in, without places and spelling; None: not there."""
    if book is None or len(path) < 2:
        return None
    if path[0] == "metrics":
        metric = book.metrics.get(path[1])
        return meaning(metric) if metric else None
    markets = {market.value.lower(): found for market, found in book.markets.items()}
    if path[0] in markets:
        found = markets[path[0]]
        name = path[1]
        if name in ("tests", "invariants"):
            return meaning([one for one in getattr(book, name) if one.market is found.market])
        return meaning(getattr(found, name, None))
    if path[0] in ("lifecycle", "campaigns") and book.markets:
        return meaning(getattr(next(iter(book.markets.values())), path[0]))
    if path[1] == "approval":
        return book.approvers, book.approval_days
    names = {"sources": "fresh_within_days", "touchstone": "name"}
    return meaning(getattr(book, names.get(path[1], path[1]), None))


def meaning(thing: object) -> object:
    """A thing without places and without the spelling of expressions, to be compared."""
    if isinstance(thing, Place):
        return None
    if isinstance(thing, Expression):
        return meaning(thing.node)
    if isinstance(thing, Text) or not is_dataclass(thing):
        if isinstance(thing, Mapping):
            return {key: meaning(value) for key, value in thing.items()}
        if isinstance(thing, tuple | list):
            return tuple(meaning(item) for item in thing)
        return thing
    return (type(thing).__name__, *(meaning(getattr(thing, field.name)) for field in fields(thing)))


def _deciding(book: Book) -> set[str]:
    """Names of metrics that tiers depend on, also through other metrics."""
    return _closure(book, {name for market in book.markets.values() for name in _read_for_tiers(market)})


def _everywhere(book: Book) -> set[str]:
    """Names of metrics that anything in the book reads."""
    found = _deciding(book)
    for market in book.markets.values():
        found.update(name for rule in market.lifecycle if rule.when for name in rule.when.names)
        conditions = [trigger.when for trigger in market.campaigns.triggers]
        conditions += [tag.when for tag in market.campaigns.tags]
        found.update(name for condition in conditions for name in condition.names)
        found.update([market.risk.metric] if market.risk else [])
    return _closure(book, found)


def _read_for_tiers(market: MarketBook) -> Iterable[str]:
    for criterion in market.scorecard.criteria:
        yield criterion.metric
    for tier in market.tiers:
        for gate in (*tier.gates, *([tier.or_when] if tier.or_when else [])):
            yield from gate.when.names
    for rule in market.force:
        yield from rule.when.names


def _closure(book: Book, names: set[str]) -> set[str]:
    """Names with everything they are calculated from."""
    found, waiting = set(), set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        metric = book.metrics.get(name)
        if metric and isinstance(metric.origin, FromExpression):
            waiting.update(set(metric.origin.expression.names) - found)
    return found
