"""Metrics whose absence alone moves a customer by two tiers or more, because the rules say what it means."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.decisions import States
from engine.decisions.pipeline import rate
from engine.errors import Problem
from engine.expressions import CAUSE_CODE
from engine.expressions.language import SCORE
from engine.rulebook.book import Gate
from engine.scoring import Criterion, MissingPolicy, assumed_points
from engine.trials.analysis.nodes import ASKS_FOR_ABSENCE, calls, numbers_beside, only_compared
from engine.trials.analysis.pool import Crowd, with_calculated
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE, UNKNOWN
from engine.trials.analysis.saying import undecided, warning
from engine.trials.analysis.spans import Span
from engine.trials.analysis.steps import Rated, points_range, rated
from engine.trials.analysis.study import Study, also
from engine.trials.edges import tier_conditions
from engine.trials.found import tier_name
from engine.vocabulary import POINTS_SCALE, Text, UnknownCause

_TRIED: Final = 96
_METRICS: Final = 12
"""So many metrics, the heaviest, are looked at."""


def fragile_metrics(study: Study) -> Iterator[Problem]:
    """Metrics without which a rated customer is asked to move two tiers at once, everything else being as it was.

    What only counts as unknown moves nobody; this is about `missing: neutral`, `worst` and `best`, about
    `on_unknown: pass` and `fail`, and about conditions that ask whether something is known.
    """
    if len(study.rules.tiers) < 3:
        return
    asked_for = _asked_for(study)
    at_stake = {
        name: None if name in asked_for else _at_stake(study, name)
        for name in sorted(study.tier_inputs)
        if name in asked_for or _assuming(study, name)
    }
    narrowest = _narrowest(study)
    heavy = [name for name, points in at_stake.items() if points is None or points >= narrowest]
    heavy.sort(key=lambda name: -_heaviest(at_stake[name]))
    if len(heavy) > _METRICS:
        yield _left_out(study, heavy[_METRICS:])
    shown = _shown(study, heavy[:_METRICS])
    for name in heavy[:_METRICS]:
        if name in shown:
            yield _finding(study, shown[name], name)
            continue
        start = {**study.space.over(study.tier_inputs), **study.space.over([name], unknown=False)}
        answer = study.seek((), partial(_moves, study, name), start)
        crowd = study.alone(study.found(answer)) if answer.box is not None else None
        if crowd is not None and _moved(study, crowd, _without(study, crowd, [name]))[0]:
            yield _finding(study, crowd, name)
        elif not answer.impossible:
            message = Text(
                f"whether the absence of `{name}` alone can move two tiers", f"仅缺少 `{name}` 是否会让等级变动两级"
            )
            yield undecided(study.book.metrics[name].place, message)


def _conditions(study: Study) -> Iterator[Gate]:
    """Gates, `or_when` and force rules alike."""
    for tier in study.rules.tiers:
        yield from tier.gates
        if tier.or_when is not None:
            yield tier.or_when
    for force in study.rules.force:
        yield Gate(force.name, force.when, force.on_unknown, force.place)


def _assuming(study: Study, name: str) -> list[Criterion]:
    return [
        criterion
        for criterion in study.rules.scorecard.criteria
        if criterion.missing is not MissingPolicy.RENORMALISE and name in study.inputs([criterion.metric])
    ]


def _asked_for(study: Study) -> set[str]:
    """Metrics without which, or without the score they bring, some condition still answers."""
    found: set[str] = set()
    for gate in _conditions(study):
        if gate.on_unknown != "hold":
            found |= _behind(study, gate.when.names)
    for condition in tier_conditions(study.rules):
        for asked in calls(condition.node, ASKS_FOR_ABSENCE):
            found |= _behind(study, asked)
    return found


def _behind(study: Study, names: Iterable[str]) -> set[str]:
    """The metrics behind some names; behind the score all of the scorecard, without which it may be unknown."""
    read = set(names)
    if SCORE in read:
        read.update(criterion.metric for criterion in study.rules.scorecard.criteria)
    return study.inputs(read)


def _at_stake(study: Study, name: str) -> int:
    """Change of score, in 0.0001, that the absence of a metric can make at most where it acts on no condition."""
    total = sum(criterion.weight for criterion in study.rules.scorecard.criteria)
    at_stake = 0
    for criterion in _assuming(study, name):
        assumed = assumed_points(criterion) or 0
        box = study.space.over(study.inputs([criterion.metric]), unknown=False)
        ends = points_range(criterion.node, Possible(study.book.metrics, box).stored(criterion.metric))
        at_stake += criterion.weight * max(abs(assumed - end) for end in ends)
    return at_stake // max(total, 1) + 2


def _heaviest(points: int | None) -> int:
    return 100 * POINTS_SCALE + 1 if points is None else points


def _left_out(study: Study, names: list[str]) -> Problem:
    place = min(study.book.metrics[name].place for name in names)
    count, market = len(names), study.rules.market.value
    return undecided(
        place,
        Text(f"whether the absence of one of {count} metrics of little weight can move two tiers ({market})",
             f"{count} 个权重较小的指标中缺少一个是否会让等级变动两级（{market}）"),
    )  # fmt: skip


def _narrowest(study: Study) -> int:
    """The least change of score, in 0.0001, that can move two tiers; 0 where other conditions may help."""
    found = []
    plain = all(only_compared(one.when.node, SCORE) for one in _conditions(study))
    for tier, following in zip(study.rules.tiers, study.rules.tiers[1:-1], strict=False):
        entries = [tier.at_least or 0]
        if tier.or_when is not None and SCORE in tier.or_when.when.names:
            entries += [round(number * POINTS_SCALE) for number in numbers_beside(tier.or_when.when.node, SCORE)]
        found.append(0 if following.gates or not plain else min(entries) - (following.at_least or 0))
    return max(min(found, default=0), 0)


def _shown(study: Study, names: list[str]) -> dict[str, Crowd]:
    """By metric whose absence does it: a made-up customer; all metrics are tried at once."""
    rated_ = (study.pool.outcomes.computed >= 0) & ~study.pool.outcomes.provisional
    rows = {name: np.flatnonzero(rated_ & (study.pool.columns[name].causes == 0))[-_TRIED:] for name in names}
    gone = [name for name in names for _ in rows[name]]
    if not gone:
        return {}
    crowd = study.pool.some(np.concatenate([rows[name] for name in names]))
    moved = np.flatnonzero(_moved(study, crowd, _without(study, crowd, gone)))
    return {gone[row]: crowd.some(np.array([row])) for row in reversed(moved.tolist())}


def _moved(study: Study, crowd: Crowd, after: NDArray[np.int16]) -> NDArray[np.bool_]:
    """(customers,) whether the tier asked for changes by two or more."""
    before = crowd.outcomes.computed
    far = np.abs(after.astype(np.int64) - before) >= 2
    moved: NDArray[np.bool_] = (before >= 0) & ~crowd.outcomes.provisional & far
    return moved


def _without(study: Study, crowd: Crowd, gone: list[str]) -> NDArray[np.int16]:
    """(customers,) tiers asked for when one metric of each is gone and the tier of before is stored."""
    before = crowd.outcomes
    since = np.full(len(crowd), crowd.moment.day - 1_000, np.int32)
    states: States = replace(
        crowd.states, tier=before.computed, since=since, forced=before.forced,
        effective=before.computed, effective_since=since,
    )  # fmt: skip
    given = {name: crowd.columns[name] for name in crowd.given}
    for name in set(gone):
        column, lost = given[name], np.array([one == name for one in gone])
        causes = np.where(lost, CAUSE_CODE[UnknownCause.MISSING], column.causes).astype(np.uint8)
        given[name] = replace(column, values=np.where(lost, 0, column.values), causes=causes)
    columns = with_calculated(study.book, given, len(crowd), crowd.moment.day)
    return rate(study.rules, columns, states, crowd.moment).asked.computed


def _moves(study: Study, name: str, possible: Possible) -> int:
    before = rated(study.rules, possible)
    if not before.sure:
        return FALSE
    gone = possible.elsewhere({**possible.box, name: Span(0, 0, known=False, unknown=True)})
    after = rated(study.rules, gone)
    far, near = False, before.open
    for stored in before.forced:
        tiers = {_tier(study, stored)} if stored >= 0 else before.tiers - {-1}
        near = near or -1 in before.tiers
        for walked in _walks(study, gone, stored):
            for tier in tiers:
                moves = {abs(tier - then) >= 2 for then in _asked(study, after, walked, (tier, stored))}
                far, near = far or True in moves, near or False in moves
    return (TRUE if far else 0) | (FALSE if near or not far else 0)


Walked = tuple[int, frozenset[int]]
"""The force rule that matches, or −1, and the tiers of rules above it that are unknown."""


def _walks(study: Study, gone: Possible, stored: int) -> set[Walked]:
    """Every way through the force rules of a customer whose stored state names one of them, or −1."""
    running: set[frozenset[int]] = {frozenset()}
    found: set[Walked] = set()
    for index, force in enumerate(study.rules.force):
        truths = gone.truths(force.when.node)
        unknown = bool(truths & UNKNOWN)
        held = force.on_unknown == "hold" and index != stored
        if truths & TRUE or (unknown and not held and force.on_unknown != "fail"):
            found |= {(index, opened) for opened in running}
        passed = running if truths & FALSE or (unknown and force.on_unknown == "fail") else set()
        running = passed | ({opened | {_tier(study, index)} for opened in running} if unknown and held else set())
    return found | {(-1, opened) for opened in running}


def _asked(study: Study, after: Rated, walked: Walked, state: tuple[int, int]) -> set[int]:
    """The tiers that may be asked for, given what the force rules say and the stored tier and rule."""
    rule, opened = walked
    tier, stored = state
    worst = after.worst if rule < 0 else {_tier(study, rule)}
    best = after.best if rule < 0 else worst
    found = set()
    for low, high in itertools.product(worst, best):
        lowest, highest = max({low, *opened}), min({high, *opened})
        applies = rule >= 0 and (lowest == highest or (rule == stored and tier == low))
        found.add(low if applies else lowest if lowest < tier else highest if highest > tier else tier)
    return found


def _tier(study: Study, rule: int) -> int:
    """The tier of a force rule."""
    keys = [tier.key for tier in study.rules.tiers]
    return keys.index(study.rules.force[rule].tier)


def _finding(study: Study, crowd: Crowd, name: str) -> Problem:
    metric = study.book.metrics[name]
    before = tier_name(study.rules, int(crowd.outcomes.computed[0]))
    after = tier_name(study.rules, int(_without(study, crowd, [name])[0]))
    market = study.rules.market.value
    facts = {other: crowd.columns[other].fact(0).value for other in sorted(study.tier_inputs)}
    return warning(
        "RULE_FRAGILE",
        metric.place,
        Text(
            f"{market}: when `{name}` goes missing, that alone asks to move a customer from {before} "
            f"to {after}. The customer shown is {before} while it is known.",
            f"{market}：仅仅缺少 `{name}`，就会使客户从 {before} 变为 {after}。所示客户在已知时为 {before}。",
        ),
        Text(
            "Let the unknown count as unknown (`missing: renormalise`, `on_unknown: hold`), or give it less weight.",
            "让未知保持未知（`missing: renormalise`、`on_unknown: hold`），或降低其权重。",
        ),
        (also("tier", before), *study.witness(facts)),
    )
