"""Whether one earlier rule alone takes whoever a later one would: a small question, asked before that of the order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from engine.expressions.language import SCORE
from engine.expressions.tree import Expression
from engine.trials.analysis.nodes import numbers_beside
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE, UNKNOWN, Range, Words
from engine.trials.analysis.spans import TIER
from engine.trials.analysis.standing import risk_words
from engine.trials.analysis.study import Study
from engine.vocabulary import UNRATED, Unit

_NODES: Final = 8_000
"""Nodes that all pairs of one later rule may look at; beside the purse, so that it is asked however little is left."""


class Ordered(Protocol):
    """A rule among others of which the first that matches decides."""

    @property
    def when(self) -> Expression | None:
        """Its condition; None: it always holds."""

    @property
    def on_unknown(self) -> str:
        """What counts while the condition is unknown."""


Views = Callable[[Possible], Iterable[Possible]]
"""A box with everything conditions may read, in as many cases as the decision gives names."""


def taker(
    study: Study,
    rules: Sequence[Ordered],
    names: Callable[[Expression], set[str]],
    views: Callable[[Sequence[Expression]], Views],
) -> int | None:
    """The position of an earlier rule that alone takes whoever the last one would; None: none is proved to.

    Args:
        names: The metrics behind a condition.
        views: How two conditions see a box; more cases than can be do no harm.
    """
    *above, last = rules
    if last.when is None:
        return None
    for index, one in enumerate(above):
        if one.when is not None and one.when.node == last.when.node and _same_unknown(one, last):
            return index
    mine, left = names(last.when), _NODES
    for index, one in enumerate(above):
        if one.when is None:
            continue
        theirs = names(one.when)
        if theirs and not mine & theirs and not set(one.when.names) & set(last.when.names):
            continue
        pair = (one.when, last.when)
        impossible, spent = study.seek_beside(mine | theirs, _escapes(one, last, views(pair)), left, _cuts(study, pair))
        left -= spent
        if impossible:
            return index
    return None


def _cuts(study: Study, conditions: Sequence[Expression]) -> dict[str, tuple[int, ...]]:
    """Where to halve metrics that the conditions compare themselves: the numbers beside them, no others."""
    found = {}
    for name in set(study.space.cuts) & {name for condition in conditions for name in condition.names}:
        metric = study.book.metrics.get(name)
        if metric is None or metric.unit is Unit.TEXT or SCORE in conditions[0].names + conditions[1].names:
            continue
        beside = [number * metric.scale for one in conditions for number in numbers_beside(one.node, name)]
        at = {cut for number in beside for cut in (math.ceil(number), math.floor(number) + 1)}
        kept = tuple(cut for cut in study.space.cuts[name] if cut in at)
        if kept:
            found[name] = kept
    return found


def _same_unknown(one: Ordered, last: Ordered) -> bool:
    """Whether of two rules with the same condition the first leaves nothing to the last."""
    return one.on_unknown == "pass" or last.on_unknown != "pass"


def _escapes(one: Ordered, last: Ordered, views: Views) -> Callable[[Possible], int]:
    """The question whether somebody is for the last rule and not for the first."""
    assert one.when is not None
    assert last.when is not None
    first, second = one.when.node, last.when.node
    takes = TRUE | UNKNOWN if last.on_unknown == "pass" else TRUE
    lets = FALSE if one.on_unknown == "pass" else FALSE | UNKNOWN

    def asks(possible: Possible) -> int:
        answer = 0
        for seen in views(possible):
            later = seen.truths(second)
            earlier = seen.truths(first) if later & takes else lets
            answer |= TRUE if later & takes and earlier & lets else 0
            answer |= FALSE if later & ~takes or earlier & ~lets else 0
        return answer

    return asks


def metrics_behind(study: Study, condition: Expression) -> set[str]:
    """The metrics behind a condition of the lifecycle or a campaign, those behind tier and stage not counted."""
    names = set(condition.names)
    if "risk" in names and study.rules.risk is not None:
        names.add(study.rules.risk.metric)
    return study.inputs(names)


def decided_views(study: Study, conditions: Iterable[Expression], *, campaigns: bool) -> Views:
    """A box with every tier, and for campaigns every stage, that there is, as far as conditions read them.

    Whether such a customer can be is not asked: who is ruled out in all these cases is ruled out in fewer.
    """
    read = {name for condition in conditions for name in condition.names}
    unknown = Words(frozenset(), unknown=True)
    tiers: list[dict[str, Range]] = [{}]
    stages: list[dict[str, Range]] = [{}]
    if TIER in read:
        keys = (*(tier.key for tier in study.rules.tiers), UNRATED)
        tiers = [{TIER: unknown}] if campaigns else []
        tiers += [{TIER: Words(frozenset({key}))} for key in keys]
    if read & {"stage", "phase"}:
        both = sorted({(line.stage.value, line.phase.value) for line in study.rules.lifecycle})
        stages = [{"stage": unknown, "phase": unknown}]
        stages += [{"stage": Words(frozenset({one})), "phase": Words(frozenset({other}))} for one, other in both]
    cases = [{**tier, **stage} for tier, stage in itertools.product(tiers, stages)]

    def views(possible: Possible) -> list[Possible]:
        risk: dict[str, Range] = {"risk": risk_words(study.rules, possible)} if "risk" in read else {}
        return [possible.seeing(given={**risk, **case}) for case in cases]

    return views
