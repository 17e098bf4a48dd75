"""What follows from a tier for the customers of a box: risk band, stage, and the names campaigns see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.rulebook.book import MarketBook, StageRule
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


def staged(rules: MarketBook, possible: Possible, unsure: Possible | None = None) -> Staged:
    """Walk the lifecycle.

    Args:
        possible: Sees tier, risk and market.
        unsure: The same box with the tier unknown, if it is provisional; a line that then is unknown opens the walk.
    """
    closed, opened = set(), set()
    sure, open_ = True, False
    for index, line in enumerate(rules.lifecycle):
        truths = possible.truths(line.when.node) if line.when is not None else TRUE
        resting = _without_tier(line, unsure)
        passes, fails = (truths & UNKNOWN and line.on_unknown == one for one in ("pass", "fail"))
        holds = bool(truths & UNKNOWN and line.on_unknown == "hold")
        may_rest, must_rest = bool(resting & UNKNOWN), resting == UNKNOWN
        if sure and (passes or (truths & TRUE and not must_rest)):
            closed.add(index)
        if (open_ and (passes or truths & TRUE)) or (sure and truths & TRUE and may_rest):
            opened.add(index)
        open_ = (open_ and bool(fails or holds or truths & FALSE)) or (
            sure and (holds or bool(truths & FALSE and may_rest))
        )
        sure = sure and bool(fails or (truths & FALSE and not must_rest))
        if not (sure or open_):
            break
    return Staged(frozenset(closed), frozenset(opened))


def _without_tier(line: StageRule, unsure: Possible | None) -> int:
    """What a line may be while the tier is unknown; 0: it does not rest on it."""
    if unsure is None or line.when is None or TIER not in line.when.names:
        return 0
    return unsure.truths(line.when.node)


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
    unknown = Words(frozenset(), unknown=True)
    found = []
    if shown.texts:
        seen = _of_lines(rules, possible, Words(shown.texts))
        stages = _stages(rules, staged(rules, seen))
        tiers = [Words(frozenset({key})) for key in sorted(shown.texts)]
        found += [seen.seeing(given={**stage, TIER: tier}) for stage in stages for tier in tiers]
    if shown.unknown:
        seen = _of_lines(rules, possible, keys)
        stages = _stages(rules, staged(rules, seen, _of_lines(rules, possible, unknown)))
        found += [seen.seeing(given={**stage, TIER: unknown}) for stage in stages]
    return found


def _stages(rules: MarketBook, lines: Staged) -> list[dict[str, Range]]:
    """Stage and phase as campaigns see them, one for each pair the lines may give."""
    pairs = sorted({(rules.lifecycle[at].stage.value, rules.lifecycle[at].phase.value) for at in lines.closed})
    stages: list[dict[str, Range]] = [
        {"stage": Words(frozenset({stage})), "phase": Words(frozenset({phase}))} for stage, phase in pairs
    ]
    if lines.open:
        unknown = Words(frozenset(), unknown=True)
        stages.append({"stage": unknown, "phase": unknown})
    return stages


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
