"""What the steps of a first decision may give for the customers of a box: score, ladder, force, stage, risk.

First: of a customer nothing is stored about. Whatever `engine.decisions` does with arrays of customers is said here
once more for ranges of them; `tests/trials` compares the two on every customer of thousands of small books.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.expressions.point_nodes import bin_points, curve_points
from engine.expressions.rounding import half_even
from engine.expressions.tree import Bins, Curve
from engine.rulebook.book import Force, Gate, MarketBook, Tier
from engine.scoring import Criterion, assumed_points
from engine.scoring.policy import BEST_POINTS
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE, UNKNOWN, Range, Words
from engine.trials.analysis.scores import ScoreRange
from engine.trials.analysis.spans import Span

_NOT: int = -1
"""No tier, no force rule."""


def points_range(node: Curve | Bins, span: Span) -> tuple[int, int]:
    """Fewest and most points for stored values within a span."""
    if isinstance(node, Bins):
        first, last = (sum(end >= edge for edge in node.edges) for end in (span.low, span.high))
        found = node.ys[first : last + 1]
    else:
        inside = [y for x, y in zip(node.xs, node.ys, strict=True) if span.low < x < span.high]
        found = (curve_points(node, span.low), curve_points(node, span.high), *inside)
    return min(found), max(found)


def points_at(node: Curve | Bins, value: int) -> int:
    """Points of one stored value."""
    return bin_points(node, value) if isinstance(node, Bins) else curve_points(node, value)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one criterion may bring: points when it counts for the lower and for the upper bound."""

    low: tuple[int, int]
    high: tuple[int, int]
    counts: bool
    left_out: bool
    known: bool
    unknown: bool


def _part(criterion: Criterion, span: Span) -> _Part:
    assumed = assumed_points(criterion)
    lows, highs = [], []
    if span.known:
        both = points_range(criterion.node, span)
        lows, highs = list(both), list(both)
    if span.unknown:
        lows.append(0 if assumed is None else assumed)
        highs.append(BEST_POINTS if assumed is None else assumed)
    left_out = span.unknown and assumed is None
    counts = span.known or assumed is not None
    return _Part((min(lows), max(lows)), (min(highs), max(highs)), counts, left_out, span.known, span.unknown)


def _remembered(index: int, criterion: Criterion, possible: Possible) -> _Part:
    """A criterion's part for the span of its metric; most spans are those of the box before."""
    key = index, possible.stored(criterion.metric)
    found = possible.memo.get(key)
    if not isinstance(found, _Part):
        found = possible.memo[key] = _part(criterion, key[1])
    return found


def score_range(
    criteria: tuple[Criterion, ...],
    least_known: int,
    possible: Possible,
    fixed: tuple[int, tuple[int, int]] | None = None,
) -> ScoreRange:
    """What the score and its bounds may be.

    Args:
        least_known: Percent of the weights that must be known.
        fixed: A criterion by its position, known, and the points it brings, from … to, whatever its metric is.
    """
    parts = [_remembered(index, criterion, possible) for index, criterion in enumerate(criteria)]
    if fixed is not None:
        parts[fixed[0]] = _Part(fixed[1], fixed[1], counts=True, left_out=False, known=True, unknown=False)
    possible.reads[0] += len(parts)
    pairs = [(criterion.weight, part) for criterion, part in zip(criteria, parts, strict=True)]
    total = sum(weight for weight, _ in pairs)
    whole = max(total, 1)
    low = tuple(half_even(sum(weight * part.low[end] for weight, part in pairs), whole) for end in (0, 1))
    high = tuple(half_even(sum(weight * part.high[end] for weight, part in pairs), whole) for end in (0, 1))
    most = sum(weight for weight, part in pairs if part.known) * 100 >= least_known * total
    least = sum(weight for weight, part in pairs if not part.unknown) * 100 >= least_known * total
    known = most and any(part.counts for part in parts)
    unknown = not least or all(part.left_out for part in parts)
    point = low[0] == low[1] and high[0] == high[1]
    return ScoreRange(
        (low[0], low[1]),
        (high[0], high[1]),
        known,
        unknown,
        exact=low == high if point else low[0] <= high[1],
        opened=low != high if point else any(part.left_out for part in parts),
    )


@dataclass(frozen=True, slots=True)
class Rated:
    """What force and ladder may give a customer without a stored tier.

    Attributes:
        worst, best: Tiers the ladder may ask for in either case.
        forced: Force rules that may decide; −1: none.
        tiers: Tiers that may come out; −1: UNRATED.
        sure, open: Whether the tier may be final, and provisional.
    """

    worst: frozenset[int]
    best: frozenset[int]
    forced: frozenset[int]
    tiers: frozenset[int]
    sure: bool
    open: bool


def rated(rules: MarketBook, possible: Possible) -> Rated:
    """Force, scorecard and ladder; `possible` sees the facts only."""
    score = score_range(rules.scorecard.criteria, rules.scorecard.min_known_weight, possible)
    worst, best = ladder(rules, possible, score)
    forced = forced_by(rules, possible)
    index_of = {tier.key: index for index, tier in enumerate(rules.tiers)}
    tiers = {index_of[rules.force[rule].tier] for rule in forced if rule != _NOT}
    sure, open_ = bool(tiers), False
    if _NOT in forced:
        tiers |= worst if score.known else set()
        tiers |= {_NOT} if score.unknown else set()
        sure = sure or bool(worst & best) or score.unknown
        open_ = score.known and not (len(worst) == len(best) == 1 and worst == best)
    return Rated(worst, best, forced, frozenset(tiers), sure, open_)


Cases = tuple[frozenset[int], frozenset[int]]
"""Tiers at the worst, and at the best of what is unknown."""


def ladder(rules: MarketBook, possible: Possible, score: ScoreRange) -> Cases:
    """The tiers the ladder may ask for."""
    found = [climbed(rules, possible.seeing(part), part) for part in score.parts(possible.score_cuts)]
    return frozenset().union(*(worst for worst, _ in found)), frozenset().union(*(best for _, best in found))


def climbed(rules: MarketBook, possible: Possible, score: ScoreRange) -> Cases:
    """The same for scores of one part, which `possible` sees."""
    reached: tuple[set[int], set[int]] = set(), set()
    running = [True, True]
    last = len(rules.tiers) - 1
    for index, tier in enumerate(rules.tiers):
        doors = (TRUE, TRUE)
        if index < last:
            gates, entrance = _gates(tier.gates, possible), _doors(tier, possible, score)
            doors = both((gates[0], entrance[0])), both((gates[1], entrance[1]))
        for case, door in enumerate(doors):
            if running[case] and door & TRUE:
                reached[case].add(index)
            running[case] = running[case] and bool(door & FALSE)
    return frozenset(reached[0]), frozenset(reached[1])


def target(rules: MarketBook, force: Force) -> int:
    """The position of a force rule's tier."""
    return next(index for index, tier in enumerate(rules.tiers) if tier.key == force.tier)


def gates_at_best(tier: Tier, possible: Possible) -> int:
    """Whether the gates of a tier hold at the best of what is unknown."""
    return _gates(tier.gates, possible)[1]


def _gates(gates: Iterable[Gate], possible: Possible) -> tuple[int, int]:
    cases = [two_cases(gate, possible) for gate in gates]
    return both(case[0] for case in cases), both(case[1] for case in cases)


def _doors(tier: Tier, possible: Possible, score: ScoreRange) -> tuple[int, int]:
    """The score, or `or_when`."""
    needed = tier.at_least or 0
    worst = _either(score.known and score.low[1] >= needed, score.unknown or score.low[0] < needed)
    best = _either(score.unknown or score.high[1] >= needed, score.known and score.high[0] < needed)
    if tier.or_when is None:
        return worst, best
    other = two_cases(tier.or_when, possible)
    return _or(worst, other[0]), _or(best, other[1])


def two_cases(gate: Gate, possible: Possible) -> tuple[int, int]:
    """A condition at the worst and at the best of what is unknown, as truths without UNKNOWN."""
    truths = possible.of_facts(gate.when)
    known = truths & (TRUE | FALSE)
    if not truths & UNKNOWN:
        return known, known
    if gate.on_unknown == "hold":
        return known | FALSE, known | TRUE
    taken = known | (TRUE if gate.on_unknown == "pass" else FALSE)
    return taken, taken


def _either(true: bool, false: bool) -> int:
    return (TRUE if true else 0) | (FALSE if false else 0)


def both(cases: Iterable[int]) -> int:
    """True and false of a conjunction, without UNKNOWN."""
    result = TRUE
    for case in cases:
        result = ((result | case) & FALSE) | (result & case & TRUE)
    return result


def _or(one: int, other: int) -> int:
    return ((one | other) & TRUE) | (one & other & FALSE)


def forced_by(rules: MarketBook, possible: Possible) -> frozenset[int]:
    """The force rules that may decide first; −1: none matches."""
    found = set()
    for index, force in enumerate(rules.force):
        truths = possible.of_facts(force.when)
        if truths & TRUE or (truths & UNKNOWN and force.on_unknown == "pass"):
            found.add(index)
        if not truths & FALSE and not (truths & UNKNOWN and force.on_unknown != "pass"):
            return frozenset(found)
    return frozenset({*found, _NOT})


def market_word(rules: MarketBook) -> dict[str, Range]:
    """The name `market`."""
    return {"market": Words(frozenset({rules.market.value}))}
