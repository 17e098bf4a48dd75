"""Criteria whose weight can never change a tier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.decisions.ladder import Ladder, climb
from engine.decisions.reading import UNKNOWN, reading_of
from engine.errors import Problem
from engine.expressions import ScoreColumn
from engine.expressions.language import SCORE
from engine.expressions.rounding import half_even_many
from engine.scoring import Criterion
from engine.scoring.policy import BEST_POINTS
from engine.trials.analysis.pool import Crowd
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE
from engine.trials.analysis.saying import undecided, warning
from engine.trials.analysis.search import Answer
from engine.trials.analysis.steps import exits, forced_by, kept, ladder, points_at, points_range, score_range, target
from engine.trials.analysis.study import Study, points_text
from engine.trials.found import tier_name
from engine.vocabulary import Text

Ends = tuple[int, int]
"""Fewest and most points of a criterion, in 0.0001."""

_TRIED: Final = 48
_HINT: Final = Text(
    "Raise its weight, move the thresholds, or remove the criterion.", "请提高权重、调整门槛，或删除该评分项。"
)


def weightless_criteria(study: Study) -> Iterator[Problem]:
    """Criteria that give nobody another tier, whether they bring their fewest or their most points.

    With an exit margin they must keep nobody in a stored tier either. Whatever else reads the criterion's metric (a
    gate, say) stays as it is: the question is about its weight.
    """
    if len(study.rules.tiers) < 2:
        return
    criteria = study.rules.scorecard.criteria
    most = [_ends(study, criterion) for criterion in criteria]
    real = [_real_ends(study, criterion) for criterion in criteria]
    shown = _shown(study, real)
    for index, criterion in enumerate(criteria):
        if most[index][0] == most[index][1]:
            yield _constant(study, criterion, most[index][0])
        elif index not in shown:
            yield from _searched(study, index, most[index], real[index])


def _shown(study: Study, ends: Sequence[Ends]) -> set[int]:
    """Criteria, by position, whose weight matters to some made-up customer; all are tried at once."""
    rows = [_near(study, study.pool, index, own) for index, own in enumerate(ends)]
    at = np.repeat(np.arange(len(rows)), [len(own) for own in rows])
    if not len(at):
        return set()
    crowd = study.pool.some(np.concatenate(rows), study.asked)
    return set(at[_moved(study, crowd, at, np.array(ends)[at])].tolist())


def _searched(study: Study, index: int, most: Ends, real: Ends) -> Iterator[Problem]:
    """Search with the points the metric may give at the very most; what is found must hold with real ones."""
    criterion = study.rules.scorecard.criteria[index]
    names = set(study.tier_inputs)
    start = {**study.space.over(names), **study.space.over(names & {criterion.metric}, unknown=False)}
    answer = study.seek(names, lambda possible: _moves(study, possible, index, most), start)
    if most != real and not answer.impossible:
        answer = study.seek(names, lambda possible: _moves(study, possible, index, real), start)
        answer = replace(answer, decided=answer.box is not None or _all_tried(study, criterion))
    if answer.impossible:
        yield _finding(study, index, real)
    elif answer.box is None or not _alone(study, answer, index, real):
        message = Text(f"whether `{criterion.name}` ever changes a tier", f"评分项 `{criterion.name}` 能否改变等级")
        yield undecided(criterion.place, message)


def _alone(study: Study, answer: Answer, index: int, ends: Ends) -> bool:
    """Whether the weight matters to the customer a search found."""
    crowd = study.alone(study.found(answer))
    return bool(_moved(study, crowd, np.array([index]), np.array([ends]))[0])


def _ends(study: Study, criterion: Criterion) -> Ends:
    """Fewest and most points over everything the metric may be."""
    box = study.space.over(study.inputs([criterion.metric]), unknown=False)
    return points_range(criterion.node, Possible(study.book.metrics, box).stored(criterion.metric))


def _real_ends(study: Study, criterion: Criterion) -> Ends:
    """Fewest and most points that customers tried really have."""
    box = study.space.over(study.inputs([criterion.metric]), unknown=False)
    if criterion.metric in study.space.box:
        return _ends(study, criterion)
    column = (
        study.every(box).columns[criterion.metric] if study.countable(box) else study.pool.columns[criterion.metric]
    )
    points = [points_at(criterion.node, value) for value in column.values[column.causes == 0].tolist()]
    return (min(points), max(points)) if points else _ends(study, criterion)


def _all_tried(study: Study, criterion: Criterion) -> bool:
    return study.countable(study.space.over(study.inputs([criterion.metric]), unknown=False))


def _moves(study: Study, possible: Possible, index: int, ends: Ends) -> int:
    """Whether the ladder may give another tier at the other end, or whoever holds a tier fall at one end only."""
    rules, card = study.rules, study.rules.scorecard
    forced = forced_by(rules, possible)
    measured = possible.stored(card.criteria[index].metric)
    if -1 not in forced or not measured.known:
        return FALSE
    if measured.unknown:
        forced |= {0}
    tiers, stays = [], []
    for points in ends:
        score = score_range(card.criteria, card.min_known_weight, possible, fixed=(index, points))
        if not score.known:
            return FALSE
        tiers.append(ladder(rules, possible, score)[0])
        stays.append(kept(rules, possible, score) if rules.stability.exit_margin else [])
        if score.unknown:
            forced |= {0}
    same = bool(tiers[0] & tiers[1]) and all(one & other for one, other in zip(*stays, strict=True))
    differ = len(tiers[0] | tiers[1]) > 1 or any(one | other == TRUE | FALSE for one, other in zip(*stays, strict=True))
    return (TRUE if differ else 0) | (FALSE if same or len(forced) > 1 else 0)


def _total(study: Study) -> int:
    return sum(criterion.weight for criterion in study.rules.scorecard.criteria)


def _near(study: Study, crowd: Crowd, index: int, ends: Ends) -> NDArray[np.intp]:
    """Customers between whose two scores a threshold lies, as many as are worth trying."""
    points = crowd.outcomes.points[:, index]
    others = crowd.weighted - np.maximum(points, 0).astype(np.int64) * study.rules.scorecard.criteria[index].weight
    less, more = (_scores(study, others, index, end) for end in ends)
    within = exits(study.rules) if study.rules.stability.exit_margin else ()
    cuts = np.array(sorted({*study.space.cuts[SCORE][1:], *within}), np.int64)
    crossed = np.searchsorted(cuts, less, side="right") != np.searchsorted(cuts, more, side="right")
    known = (crowd.outcomes.point_states[:, index] == 0) & (crowd.outcomes.score >= 0) & (crowd.outcomes.forced < 0)
    rows = np.flatnonzero(crossed & known)
    return rows[:: max(len(rows) // _TRIED, 1)]


def _scores(study: Study, others: NDArray[np.int64], index: int, points: int) -> NDArray[np.int64]:
    """Scores if one criterion brought so many points besides what the others bring."""
    return half_even_many(others + points * study.rules.scorecard.criteria[index].weight, _total(study))


def _moved(study: Study, crowd: Crowd, at: NDArray[np.intp], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(customers,) whether the ladder gives another tier when a criterion brings its most instead of its fewest, or
    whoever holds a tier falls in one of the two cases only.

    Args:
        at: (customers,) the criterion, by position.
        ends: (customers, 2) its fewest and most points.
    """
    rows = np.arange(len(crowd))
    known = (crowd.outcomes.point_states[rows, at] == 0) & (crowd.outcomes.score >= 0)
    weights = np.array([criterion.weight for criterion in study.rules.scorecard.criteria], np.int64)[at]
    others = crowd.weighted - np.maximum(crowd.outcomes.points[rows, at], 0).astype(np.int64) * weights
    reading = reading_of(crowd.seen, len(crowd), crowd.moment.day, "columnar")
    tiers, falls = [], []
    for points in (ends[:, 0], ends[:, 1]):
        sums = others + points * weights
        low, high = (half_even_many(one, _total(study)) for one in (sums, sums + crowd.left_out * BEST_POINTS))
        found = climb(study.rules, ScoreColumn(low, low, high, known), reading)
        tiers.append(found.worst)
        falls.append(_falling(study, crowd, found, high))
    moved: NDArray[np.bool_] = (
        ((tiers[0] != tiers[1]) | (falls[0] != falls[1]).any(axis=0)) & known & (crowd.outcomes.forced < 0)
    )
    return moved


def _falling(study: Study, crowd: Crowd, found: Ladder, high: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(tiers, customers) who falls if they hold a tier; without an exit margin the ladder alone tells."""
    rules = study.rules
    if not rules.stability.exit_margin:
        return np.zeros((0, len(high)), np.bool_)
    best = found.best
    for force in rules.force:
        answer = crowd.facts_answer(force.when)
        if force.on_unknown == "hold":
            best = np.where(answer == UNKNOWN, np.minimum(best, target(rules, force)), best)
    falls = [(best > index) & (~found.gates[index] | (high < limit)) for index, limit in enumerate(exits(rules))]
    return np.array(falls, np.bool_)


def _constant(study: Study, criterion: Criterion, points: int) -> Problem:
    given = points_text(points)
    message = Text(
        f"`{criterion.name}` gives every customer {given} points, so its weight never matters.",
        f"`{criterion.name}` 给每个客户都是 {given} 分，权重不起作用。",
    )
    names = study.inputs([criterion.metric])
    facts = study.witness(study.row(np.arange(1), names))
    return warning("RULE_UNUSED", criterion.place, message, _HINT, facts)


def _finding(study: Study, index: int, ends: Ends) -> Problem:
    """Shown by the customer whose score comes nearest to a threshold."""
    criterion, crowd = study.rules.scorecard.criteria[index], study.pool
    given = np.maximum(crowd.outcomes.points[:, index], 0).astype(np.int64)
    bounds = [_scores(study, crowd.weighted - given * criterion.weight, index, points) for points in ends]
    away = np.min([np.abs(bounds[1] - needed) for needed in study.space.cuts[SCORE]], axis=0)
    known = (crowd.outcomes.score >= 0) & (crowd.outcomes.point_states == 0).all(axis=1)
    row = np.array([np.argmin(np.where(known, away, np.iinfo(np.int64).max))])
    less, more = (points_text(int(one[row[0]])) for one in bounds)
    tier = tier_name(study.rules, int(crowd.outcomes.effective[row[0]]))
    return warning(
        "RULE_UNUSED",
        criterion.place,
        Text(
            f"The weight of `{criterion.name}` never changes a tier. The customer shown scores from {less} to {more} "
            f"by it, and is {tier} either way.",
            f"`{criterion.name}` 的权重从不改变等级。所示客户因它得 {less} 到 {more} 分，等级始终是 {tier}。",
        ),
        _HINT,
        study.witness(study.row(row, study.tier_inputs)),
    )
