"""What follows from a tier for the customers of a box: risk band, stage, and the names campaigns see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.rulebook.book import MarketBook
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE, UNKNOWN, Range, Words
from engine.trials.analysis.spans import PROVISIONAL, TIER
from engine.trials.analysis.steps import rated
from engine.vocabulary import UNRATED


@dataclass(frozen=True, slots=True)
class Staged:
    """What the lifecycle may give a customer without a stored stage.

    Attributes:
        closed, open: Lines that may give the stage while no line above is unknown, and while one is.
    """

    closed: frozenset[int]
    open: frozenset[int]


def staged(rules: MarketBook, possible: Possible) -> Staged:
    """Walk the lifecycle; `possible` sees tier, risk and market."""
    closed, opened = set(), set()
    sure, open_ = True, False
    for index, line in enumerate(rules.lifecycle):
        truths = possible.truths(line.when.node) if line.when is not None else TRUE
        matches = bool(truths & TRUE or (truths & UNKNOWN and line.on_unknown == "pass"))
        if matches and sure:
            closed.add(index)
        if matches and open_:
            opened.add(index)
        holds = bool(truths & UNKNOWN and line.on_unknown == "hold")
        fails = bool(truths & FALSE or (truths & UNKNOWN and line.on_unknown == "fail"))
        open_ = (open_ and (fails or holds)) or (sure and holds)
        sure = sure and fails
        if not (sure or open_):
            break
    return Staged(frozenset(closed), frozenset(opened))


def risk_words(rules: MarketBook, possible: Possible) -> Words:
    """The risk bands a customer may be in."""
    if rules.risk is None:
        return Words(frozenset(), unknown=True)
    span = possible.stored(rules.risk.metric)
    if not span.known:
        return Words(frozenset(), unknown=True)
    first, last = (sum(end >= edge for edge in rules.risk.edges) for end in (span.low, span.high))
    keys = rules.risk.keys[max(first - 1, 0) : last]
    return Words(frozenset(keys), span.unknown or first == 0)


def tier_words(rules: MarketBook, tiers: Iterable[int], *, unknown: bool = False) -> Words:
    """Keys of tiers; −1: UNRATED."""
    return Words(frozenset(UNRATED if tier < 0 else rules.tiers[tier].key for tier in tiers), unknown)


def line_names(rules: MarketBook, possible: Possible) -> Possible:
    """The box with the names that lifecycle lines see; without a tier in the box that of a first decision."""
    span = possible.box.get(TIER)
    if span is None:
        return _of_lines(rules, possible, tier_words(rules, rated(rules, possible).tiers))
    return _of_lines(rules, possible, Words(frozenset(span.texts[span.low : span.high + 1])))


def _of_lines(rules: MarketBook, possible: Possible, tier: Words) -> Possible:
    return possible.seeing(given={"risk": risk_words(rules, possible), TIER: tier})


def campaign_names(rules: MarketBook, possible: Possible) -> list[Possible]:
    """The box with every name that campaigns and tags see; without a tier in the box that of a first decision.

    One for each tier and each lifecycle line the customers may have: nobody has two, which ranges alone do not see.
    """
    keys, shown = _tiers(rules, possible)
    seen = _of_lines(rules, possible, keys)
    lines = staged(rules, seen)
    stages: list[dict[str, Range]] = [
        {"stage": Words(frozenset({stage})), "phase": Words(frozenset({phase}))}
        for stage, phase in sorted(
            {(rules.lifecycle[at].stage.value, rules.lifecycle[at].phase.value) for at in lines.closed}
        )
    ]
    if lines.open:
        unknown = Words(frozenset(), unknown=True)
        stages.append({"stage": unknown, "phase": unknown})
    tiers = [Words(frozenset({key})) for key in sorted(shown.texts)]
    if shown.unknown:
        tiers.append(Words(frozenset(), unknown=True))
    return [seen.seeing(given={**stage, TIER: tier}) for stage in stages for tier in tiers]


def _tiers(rules: MarketBook, possible: Possible) -> tuple[Words, Words]:
    """The tiers of the customers of a box, and as campaigns see them: unknown while provisional."""
    span = possible.box.get(TIER)
    if span is None:
        first = rated(rules, possible)
        shown = tier_words(rules, first.tiers if first.sure else (), unknown=first.open)
        return tier_words(rules, first.tiers), shown
    mark = possible.box.get(PROVISIONAL)
    keys = Words(frozenset(span.texts[span.low : span.high + 1]))
    return keys, keys if mark is None else Words(frozenset() if mark.low else keys.texts, bool(mark.high))
