"""Metrics in an order in which each follows those it reads; circles and long rows are reported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.errors import Place
from engine.metrics.declaration import FromExpression, Metric
from engine.rulebook.desk import Desk
from engine.rulebook.strict.limits import LIMITS


def in_order(found: Mapping[str, Metric], desk: Desk) -> dict[str, Metric]:
    """Order metrics so that each follows those it reads, without recursion however long the row is.

    Args:
        found: Readable metrics by name, as written.
        desk: Where circles, and rows of more than `LIMITS.levels`, go.
    """
    ordered: dict[str, Metric] = {}
    levels: dict[str, int] = {}
    reported: set[str] = set()
    for start in found:
        path = {} if start in ordered else {start: iter(_reads(found[start]))}
        while path:
            name = next(reversed(path))
            below = _next(path[name], found, ordered)
            if below is None:
                del path[name]
                ordered[name] = found[name]
                _check_level(found[name], levels, desk)
            elif below in path:
                _report_circle(below, list(path), found, reported, desk)
            else:
                path[below] = iter(_reads(found[below]))
    return ordered


def _reads(metric: Metric) -> tuple[str, ...]:
    return metric.origin.expression.names if isinstance(metric.origin, FromExpression) else ()


def _next(names: Iterator[str], found: Mapping[str, Metric], ordered: Mapping[str, Metric]) -> str | None:
    """The next metric that must come first and has not come yet."""
    return next((name for name in names if name in found and name not in ordered), None)


def _report_circle(name: str, path: list[str], found: Mapping[str, Metric], reported: set[str], desk: Desk) -> None:
    circle = path[path.index(name) :]
    if not reported.isdisjoint(circle):
        return
    reported.update(circle)
    desk.findings.add("cycle", _place(found[name]), path=" → ".join((*circle, name)))


def _check_level(metric: Metric, levels: dict[str, int], desk: Desk) -> None:
    """Report the first metric of a row that is too long; those that read it are not reported again."""
    level = 1 + max((levels.get(name, 0) for name in _reads(metric)), default=-1)
    levels[metric.name] = level
    if level == LIMITS.levels + 1:
        desk.findings.add("too_many_levels", _place(metric), name=metric.name, limit=LIMITS.levels)


def _place(metric: Metric) -> Place:
    return metric.origin.expression.place if isinstance(metric.origin, FromExpression) else metric.place
