"""What stands in the way of a tier whatever actionable metrics do, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.deciding import Frame
from engine.decisions.explanation.search import Found
from engine.decisions.reading import FALSE, TRUE, UNKNOWN
from engine.decisions.record import GateResult
from engine.expressions import Expression
from engine.metrics import FromExpression
from engine.rulebook.book import Force, Gate
from engine.scoring import CriterionScore
from engine.vocabulary import POINTS_SCALE, MetricState, Text, Truth, UnknownCause

_FULL: Final = 100 * POINTS_SCALE

_REFRESH: Final = {
    UnknownCause.MISSING: Text("record or import it", "请录入或导入数据"),
    UnknownCause.STALE: Text("refresh its data, they are too old", "数据已过期，请更新"),
    UnknownCause.OUT_OF_RANGE: Text("correct its data, they are out of range", "数据超出范围，请更正"),
    UnknownCause.DIVISION_BY_ZERO: Text("what it is divided by is zero, check that", "除数为零，请检查"),
    UnknownCause.CURRENCY: Text("record it in the rule book's currency", "请以规则库的币种录入"),
}
"""What to do about an unknown metric."""


def obstacles_of(case: Case, found: Found, target: int) -> tuple[GateResult, ...]:
    """Force rules, gates and criteria with unknown metrics that keep a customer from a tier in every row tried.

    A criterion counts where the score is the obstacle and full points for all that is unknown would be enough; so
    does an unknown `or_when`. None of these: the score is too low.
    """
    return (*_forces(case, found, target), *_gates(case, found, target), *_scores(case, found, target))


def _forces(case: Case, found: Found, target: int) -> Iterator[GateResult]:
    """Force rules of worse tiers that hold, or may hold, in every row."""
    index_of = {tier.key: index for index, tier in enumerate(case.rules.tiers)}
    for force in case.rules.force:
        if index_of[force.tier] > target and not any(_lets_pass(case, force, frame) for frame in found.frames):
            yield _told(case, found, force)


def _lets_pass(case: Case, force: Force, frame: Frame) -> bool:
    """In some row a force rule does not apply and is not left open."""
    truth = frame.reading.truths(force.when)
    open_ = force.on_unknown == "pass" or (force.on_unknown == "hold" and case.stored >= 0)
    return bool(((truth == FALSE) | ((truth == UNKNOWN) & (not open_))).any())


def _gates(case: Case, found: Found, target: int) -> Iterator[GateResult]:
    """Gates of the tier that hold in no row."""
    for gate in case.rules.tiers[target].gates:
        if not any(_holds(gate, frame) for frame in found.frames):
            yield _told(case, found, gate)


def _holds(gate: Gate, frame: Frame) -> bool:
    truth = frame.reading.truths(gate.when, score=frame.rated.scored.score)
    return bool(((truth == TRUE) | ((truth == UNKNOWN) & (gate.on_unknown == "pass"))).any())


def _scores(case: Case, found: Found, target: int) -> Iterator[GateResult]:
    """Criteria whose points are not known, if they would lift the score far enough, and an unknown `or_when`."""
    tier, needed = case.rules.tiers[target], case.rules.tiers[target].at_least or 0
    scores = [frame.rated.scored.score for frame in found.frames]
    if any((score.known & (score.low >= needed)).any() for score in scores):
        return
    if tier.or_when is not None and case.truth(tier.or_when.when) == UNKNOWN:
        yield replace(case.gate(tier.or_when), remedy=_refreshed(case, tier.or_when.when.names))
    unsure = [one for one in case.scored.criteria if one.state is not MetricState.KNOWN]
    assumed = sum(one.criterion.weight * (_FULL - one.points) for one in unsure if one.points is not None)
    highest = max(int(score.high.max()) for score in scores) + assumed // max(case.scored.total_weight, 1)
    if highest >= needed:
        for one in unsure:
            yield _unknown(case, one)


def _unknown(case: Case, one: CriterionScore) -> GateResult:
    """A criterion whose metric would have to be known, told as a condition."""
    criterion = one.criterion
    return GateResult(
        name=criterion.name,
        when=f"known({criterion.metric})",
        result=Truth.FALSE,
        held=False,
        metrics=(case.metric(criterion.metric),) if criterion.metric in case.book.metrics else (),
        place=criterion.place,
        title=criterion.title,
        remedy=_refreshed(case, (criterion.metric,)),
    )


def _told(case: Case, found: Found, rule: Gate | Force) -> GateResult:
    return replace(case.gate(rule), remedy=_remedy(case, found, rule.when))


def _remedy(case: Case, found: Found, condition: Expression) -> Text:
    """What to do about a condition that does not come out as the tier asks."""
    if case.truth(condition) == UNKNOWN:
        return _refreshed(case, condition.names)
    names = sorted(_behind(case, condition.names))
    en = ", ".join(case.book.metrics[name].title.en for name in names)
    zh = "、".join(case.book.metrics[name].title.zh or case.book.metrics[name].title.en for name in names)
    movable = [name for name in names if case.book.metrics[name].actionable is not None]
    if (not names or movable) and not found.exhaustive:
        return Text(
            f"None of the changes that were tried is enough ({en or 'score'}).",
            f"已尝试的改变均不够（{zh or '得分'}）。",
        )
    if not names or movable:
        return Text(
            f"No change of what can be changed is enough ({en or 'score'}).",
            f"可改变的指标无论如何都不够（{zh or '得分'}）。",
        )
    return Text(
        f"Nobody can change {en} by the rule book: wait, or have its facts corrected if they are wrong.",
        f"按规则库，没有人能改变{zh}：只能等待；若数据有误，请更正。",
    )


def _refreshed(case: Case, names: tuple[str, ...]) -> Text:
    """What to do about the unknown metrics behind a condition."""
    unknown = sorted(case.unknown_metrics(tuple(_behind(case, names))) or case.unknown_metrics(names))
    if not unknown:
        unknown = sorted(case.unknown_metrics(tuple(one.criterion.metric for one in case.scored.criteria)))
    told = []
    for name in unknown:
        title, cause = case.book.metrics[name].title, case.metric(name).cause or UnknownCause.MISSING
        told.append((f"{title.en}: {_REFRESH[cause].en}", f"{title.zh or title.en}：{_REFRESH[cause].zh}"))
    return Text("; ".join(en for en, _ in told) + ".", "；".join(zh for _, zh in told) + "。")


def _behind(case: Case, names: tuple[str, ...]) -> set[str]:
    """The metrics behind some names, those that are calculated replaced by what they are calculated from."""
    metrics, behind = case.book.metrics, case.anatomy.all_behind(names)
    return {name for name in behind if name in metrics and not isinstance(metrics[name].origin, FromExpression)}
