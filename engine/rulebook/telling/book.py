"""A whole rule book said back in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from engine.rulebook.addresses import Addresses
from engine.rulebook.book import Book, MarketBook
from engine.rulebook.telling.checks import tell_checks
from engine.rulebook.telling.contacts import tell_campaigns, tell_lifecycle, tell_tags
from engine.rulebook.telling.header import tell_header
from engine.rulebook.telling.metrics import tell_metrics
from engine.rulebook.telling.names import Words, words_of
from engine.rulebook.telling.phrases import Line, say
from engine.rulebook.telling.scorecards import tell_scorecard
from engine.rulebook.telling.tiers import tell_force, tell_risk, tell_stability, tell_tiers
from engine.vocabulary import MARKET_TEXTS


def tell_book(book: Book) -> tuple[Line, ...]:
    """Everything a book says, a sentence or more for each rule: first what decides, at the end what is measured."""
    words, places = words_of(book), Addresses(book)
    lines = list(tell_header(book, places))
    for rules in book.markets.values():
        lines += _market(book, rules, words, places)
    shared = next(iter(book.markets.values()), None)
    if shared is not None:
        lines += tell_lifecycle(shared.lifecycle, words)
        lines += tell_campaigns(shared.campaigns, words, places)
        lines += tell_tags(shared.campaigns.tags, words)
    return (*lines, *tell_metrics(book, words))


def _market(book: Book, rules: MarketBook, words: Words, places: Addresses) -> Iterator[Line]:
    market, file = rules.market, rules.market.value.lower()
    text = MARKET_TEXTS[market]
    yield Line(say("{market}: how a {what} gets its tier", "{market}：{what}客户如何定级",
                   market=market.value, what=text), None, 0)  # fmt: skip
    yield from tell_force(rules, words)
    yield from tell_scorecard(rules, words)
    yield from tell_tiers(rules, words)
    yield from tell_stability(rules, places, file)
    yield from tell_risk(rules, words)
    yield from tell_checks(book, market, words, places)
