"""Criteria whose weight can never change a tier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import Problem
from engine.expressions import ScoreColumn
from engine.expressions.language import SCORE
from engine.expressions.rounding import half_even_many
from engine.scoring import Criterion
from engine.scoring.policy import BEST_POINTS
from engine.trials.analysis.onward import exits, onward, onward_of
from engine.trials.analysis.pool import Crowd
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE
from engine.trials.analysis.saying import undecided, warning
from engine.trials.analysis.search import Answer
from engine.trials.analysis.steps import forced_by, score_range
from engine.trials.analysis.study import Study, points_text
from engine.trials.analysis.worth import Worth, real_worth, worth
from engine.trials.found import tier_name
from engine.vocabulary import Text

_TRIED: Final = 48
_HINT: Final = Text(
    "Raise its weight, move the thresholds, or remove the criterion.", "请提高权重、调整门槛，或删除该评分项。"
)


def weightless_criteria(study: Study) -> Iterator[Problem]:
    """Criteria whose points, few or many, give nobody another tier, neither first nor from a stored tier.

    Whatever else reads the criterion's metric (a gate, say) stays as it is: the question is about its weight.
    """
    if len(study.rules.tiers) < 2:
        return
    criteria = study.rules.scorecard.criteria
    most = [worth(study, criterion) for criterion in criteria]
    real = [real_worth(study, criterion) for criterion in criteria]
    shown = _shown(study, real)
    for index, criterion in enumerate(criteria):
        if len(most[index].points) == 1:
            yield _constant(study, criterion, most[index].points[0])
        elif index not in shown:
            yield from _searched(study, index, most[index], real[index])


def _shown(study: Study, worths: Sequence[Worth]) -> set[int]:
    """Criteria, by position, whose weight matters to some made-up customer; all are tried at once."""
    rows = [_near(study, study.pool, index, own) for index, own in enumerate(worths)]
    at = np.repeat(np.arange(len(rows)), [len(own) for own in rows])
    if not len(at):
        return set()
    crowd = study.pool.some(np.concatenate(rows), study.asked)
    return set(at[_moved(study, crowd, at, worths)].tolist())


def _searched(study: Study, index: int, most: Worth, real: Worth) -> Iterator[Problem]:
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


def _alone(study: Study, answer: Answer, index: int, real: Worth) -> bool:
    """Whether the weight matters to the customer a search found."""
    crowd = study.alone(study.found(answer))
    return bool(_moved(study, crowd, np.array([index]), {index: real})[0])


def _all_tried(study: Study, criterion: Criterion) -> bool:
    return study.countable(study.space.over(study.inputs([criterion.metric]), unknown=False))


def _moves(study: Study, possible: Possible, index: int, brought: Worth) -> int:
    """Whether other points of a criterion may give another tier, at first or from a stored tier."""
    rules, card = study.rules, study.rules.scorecard
    forced = forced_by(rules, possible)
    measured = possible.stored(card.criteria[index].metric)
    if -1 not in forced or not measured.known:
        return FALSE
    sure = len(forced) == 1 and not measured.unknown
    found = []
    for points in brought.cases:
        score = score_range(card.criteria, card.min_known_weight, possible, fixed=(index, points))
        if not score.known:
            return FALSE
        sure = sure and not score.unknown
        found.append(onward(rules, possible, score))
    states = list(zip(*found, strict=True))
    same = all(frozenset.intersection(*tiers) for tiers in states)
    differ = any(len(frozenset.union(*tiers)) > 1 for tiers in states)
    return (TRUE if differ else 0) | (FALSE if same or not sure else 0)


def _near(study: Study, crowd: Crowd, index: int, brought: Worth) -> NDArray[np.intp]:
    """Customers for whom a threshold lies between fewest and most points, as many as are worth trying."""
    points = crowd.outcomes.points[:, index]
    others = crowd.weighted - np.maximum(points, 0).astype(np.int64) * study.rules.scorecard.criteria[index].weight
    within = exits(study.rules) if study.rules.stability.exit_margin else ()
    cuts = np.array(sorted({*study.space.cuts[SCORE][1:], *within}), np.int64)
    crossed = np.zeros(len(crowd), np.bool_)
    for bound in (others, others + crowd.left_out * BEST_POINTS):
        less, more = (np.searchsorted(cuts, _scores(study, bound, index, end), side="right") for end in brought.ends)
        crossed |= less != more
    known = (crowd.outcomes.point_states[:, index] == 0) & (crowd.outcomes.score >= 0) & (crowd.outcomes.forced < 0)
    rows = np.flatnonzero(crossed & known)
    return rows[:: max(len(rows) // _TRIED, 1)]


def _scores(study: Study, others: NDArray[np.int64], index: int, points: int) -> NDArray[np.int64]:
    """Scores if one criterion brought so many points besides what the others bring."""
    return half_even_many(others + points * study.rules.scorecard.criteria[index].weight, study.total_weight)


def _moved(
    study: Study, crowd: Crowd, at: NDArray[np.intp], worths: Sequence[Worth] | Mapping[int, Worth]
) -> NDArray[np.bool_]:
    """(customers,) whether other points of a criterion give another tier, at first or from a stored tier.

    Args:
        at: (customers,) the criterion, by position.
        worths: The points to try, by criterion.
    """
    rows = np.arange(len(crowd))
    known = (crowd.outcomes.point_states[rows, at] == 0) & (crowd.outcomes.score >= 0)
    weights = np.array([criterion.weight for criterion in study.rules.scorecard.criteria], np.int64)[at]
    others = crowd.weighted - np.maximum(crowd.outcomes.points[rows, at], 0).astype(np.int64) * weights
    found = []
    for points in _columns([worths[index].points for index in at.tolist()]):
        sums = others + points * weights
        low, high = (half_even_many(one, study.total_weight) for one in (sums, sums + crowd.left_out * BEST_POINTS))
        found.append(onward_of(crowd, ScoreColumn(low, low, high, known)))
    differ = np.any([tiers != found[0] for tiers in found], axis=(0, 1))
    moved: NDArray[np.bool_] = differ & known & (crowd.outcomes.forced < 0)
    return moved


def _columns(points: list[tuple[int, ...]]) -> NDArray[np.int64]:
    """(most points, customers): the points of each customer; who has fewer, has the last ones again."""
    longest = max(len(own) for own in points)
    return np.array([own + own[-1:] * (longest - len(own)) for own in points], np.int64).T


def _constant(study: Study, criterion: Criterion, points: int) -> Problem:
    given = points_text(points)
    message = Text(
        f"`{criterion.name}` gives every customer {given} points, so its weight never matters.",
        f"`{criterion.name}` 给每个客户都是 {given} 分，权重不起作用。",
    )
    names = study.inputs([criterion.metric])
    facts = study.witness(study.row(np.arange(1), names))
    return warning("RULE_UNUSED", criterion.place, message, _HINT, facts)


def _finding(study: Study, index: int, brought: Worth) -> Problem:
    """Shown by the customer whose score comes nearest to a threshold."""
    criterion, crowd = study.rules.scorecard.criteria[index], study.pool
    given = np.maximum(crowd.outcomes.points[:, index], 0).astype(np.int64)
    bounds = [_scores(study, crowd.weighted - given * criterion.weight, index, points) for points in brought.ends]
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
