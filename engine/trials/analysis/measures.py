"""Curves and bins against what is better, and numbers that a metric never reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from engine.decisions.explanation.values import exact, plain
from engine.errors import Given, Place, Problem
from engine.expressions.tree import Bins, Expression, Name, Number
from engine.metrics import FromExpression, Metric
from engine.rulebook.book import Book
from engine.scoring import Criterion
from engine.trials.analysis.nodes import bare_comparisons
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE, UNKNOWN
from engine.trials.analysis.saying import warning
from engine.trials.analysis.spans import Span, bounds_of
from engine.trials.analysis.steps import points_at
from engine.trials.analysis.study import Study, points_text
from engine.trials.edges import all_conditions
from engine.vocabulary import EXACT_LIMIT, Text

_ALWAYS = Text(" so the comparison is always true", "，该比较永远成立")
_IDLE = Text("decides nothing", "不起作用")
_OUT_OF_REACH = Text("is never reached", "永远不会达到")
_NEVER = Text(" so the comparison is always false", "，该比较永远不成立")


def wrong_directions(study: Study) -> Iterator[Problem]:
    """Criteria that give fewer points for what their metric's `actionable` calls better."""
    for criterion in study.rules.scorecard.criteria:
        metric = study.book.metrics[criterion.metric]
        if metric.actionable is None:
            continue
        pair = _falling(criterion, metric)
        if pair is None:
            continue
        shown = [(_number(value, metric), points_text(points_at(criterion.node, value))) for value in pair]
        way = Text("more", "越多") if metric.actionable.up else Text("less", "越少")
        yield warning(
            "RULE_DIRECTION",
            criterion.place,
            Text(
                f"`{criterion.name}` gives {shown[0][1]} points for {metric.name} {shown[0][0]} and {shown[1][1]} for "
                f"{shown[1][0]}, but `actionable` says that {way.en} of it is better.",
                f"`{criterion.name}` 在 {metric.name} 为 {shown[0][0]} 时给 {shown[0][1]} 分，为 {shown[1][0]} 时给 "
                f"{shown[1][1]} 分，而 `actionable` 说{way.zh}越好。",
            ),
            Text("Turn the points round, or correct `direction`.", "请调整分数的方向，或修正 `direction`。"),
            (given(metric, pair[1]),),
        )


def _falling(criterion: Criterion, metric: Metric) -> tuple[int, int] | None:
    """A worse and a better value of which the better one brings fewer points."""
    low, high = bounds_of(metric)
    node = criterion.node
    stations = [node.edges[0] - 1, *node.edges] if isinstance(node, Bins) else list(node.xs)
    values = sorted({min(max(value, low), high) for value in stations})
    assert metric.actionable is not None
    steps = pairwise(values) if metric.actionable.up else pairwise(reversed(values))
    return next((pair for pair in steps if points_at(node, pair[1]) < points_at(node, pair[0])), None)


def unattainable_numbers(studies: Sequence[Study]) -> Iterator[Problem]:
    """Curve nodes, bin edges and compared numbers beyond everything their metric can be."""
    if not studies:
        return
    book = studies[0].book
    for study in studies:
        for criterion in study.rules.scorecard.criteria:
            yield from _of_criterion(criterion, book.metrics[criterion.metric])
    seen: set[Place] = set()
    for condition in _conditions(book, studies):
        if condition.place not in seen:
            seen.add(condition.place)
            yield from _of_condition(condition, book)


def _of_criterion(criterion: Criterion, metric: Metric) -> Iterator[Problem]:
    """Edges of bins that leave a bin empty count as well: nothing is below the least value."""
    low, high = bounds_of(metric)
    node = criterion.node
    beyond = (
        [edge for edge in node.edges if edge <= low or edge > high]
        if isinstance(node, Bins)
        else [x for x in node.xs if x < low or x > high]
    )
    for value in beyond:
        kind = Text("The bin edge", "分段边界") if isinstance(node, Bins) else Text("The curve's node", "曲线节点")
        shown = _number(value, metric)
        what = Text(f"{kind.en} {shown} of `{criterion.name}`", f"`{criterion.name}` 的{kind.zh} {shown}")
        yield _beyond(criterion.place, what, metric, value, effect=_IDLE if isinstance(node, Bins) else _OUT_OF_REACH)


def _of_condition(condition: Expression, book: Book) -> Iterator[Problem]:
    """Comparisons with one number that no value of the metric can change, unless they are the whole condition."""
    for one in bare_comparisons(condition.node):
        name, number = (one.left, one.right) if isinstance(one.left, Name) else (one.right, one.left)
        metric = book.metrics.get(name.name) if isinstance(name, Name) else None
        if metric is None or not isinstance(number, Number) or one is condition.node:
            continue
        low, high = bounds_of(metric)
        span = {metric.name: Span(low, high)}
        truths = Possible({metric.name: metric}, span).truths(one) & ~UNKNOWN
        value = round(number.value * metric.scale)
        if truths in (TRUE, FALSE) and abs(value) < EXACT_LIMIT:
            shown = _number(value, metric)
            what = Text(f"The number {shown} in `{condition.text}`", f"`{condition.text}` 中的数字 {shown}")
            yield _beyond(condition.place, what, metric, value, effect=_IDLE, so=_ALWAYS if truths == TRUE else _NEVER)


def _beyond(place: Place, what: Text, metric: Metric, value: int, *, effect: Text, so: Text | None = None) -> Problem:
    low, high = bounds_of(metric)
    below = value <= low
    end = low if below else high
    limit, tail = _number(end, metric), so or Text("")
    return warning(
        "RULE_VALUE",
        place,
        Text(
            f"{what.en} {effect.en}: {metric.name} is never {'below' if below else 'above'} {limit}"
            f"{',' if tail.en else ''}{tail.en}.",
            f"{what.zh} {effect.zh}：{metric.name} 不会{'小于' if below else '大于'} {limit}{tail.zh}。",
        ),
        Text("Check the number and its unit, or the metric's `low` and `high`.",
             "请检查数字及其单位，或指标的 `low` 和 `high`。"),
        (given(metric, end),),
    )  # fmt: skip


def given(metric: Metric, value: int) -> Given:
    """One stored value as it is shown."""
    return Given(metric.name, exact(value, metric.unit, metric.scale), metric.unit)


def _number(value: int, metric: Metric) -> str:
    return plain(Decimal(value) / metric.scale)


def _conditions(book: Book, studies: Sequence[Study]) -> Iterator[Expression]:
    for metric in book.metrics.values():
        if isinstance(metric.origin, FromExpression):
            yield metric.origin.expression
    for study in studies:
        yield from all_conditions(study.rules)
