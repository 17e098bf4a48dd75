"""Metrics, channels and stored fields that no rule reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.errors import Place, Problem
from engine.metrics import SOURCES, FromExpression, FromRecords, fields_needed
from engine.rulebook.book import Book
from engine.trials.analysis.saying import note
from engine.trials.analysis.study import Study
from engine.trials.edges import all_conditions
from engine.vocabulary import Text


def unused_metrics(book: Book, studies: Sequence[Study]) -> Iterator[Problem]:
    """Metrics that no rule reads, and that no metric some rule reads is calculated from."""
    read = _read(book, studies)
    for metric in book.metrics.values():
        if metric.name not in read:
            yield note(
                "RULE_UNUSED",
                metric.place,
                Text(f"No rule reads the metric `{metric.name}`.", f"没有规则使用指标 `{metric.name}`。"),
                Text("Use it, or remove it.", "请使用它，或删除。"),
            )


def _read(book: Book, studies: Sequence[Study]) -> set[str]:
    waiting: list[str] = []
    for study in studies:
        rules = study.rules
        waiting += [criterion.metric for criterion in rules.scorecard.criteria]
        waiting += [name for condition in all_conditions(rules) for name in condition.names]
        waiting += [rules.risk.metric] if rules.risk is not None else []
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in book.metrics or name in found:
            continue
        found.add(name)
        origin = book.metrics[name].origin
        if isinstance(origin, FromExpression):
            waiting += origin.expression.names
    return found


def unread_fields(book: Book, studies: Sequence[Study]) -> Iterator[Problem]:
    """Fields of the sources in use that no metric some rule reads is taken from."""
    read = _read(book, studies)
    taken: dict[str, set[str]] = {}
    first: Place | None = None
    for metric in book.metrics.values():
        if isinstance(metric.origin, FromRecords) and metric.name in read:
            taken.setdefault(metric.origin.source, set()).update(fields_needed(metric))
            first = first or metric.place
    if first is None:
        return
    unread = {
        name: [field for field, told in source.fields.items() if told.column and field not in taken[name]]
        for name, source in SOURCES.items()
        if name in taken
    }
    listed = "; ".join(f"{name} ({', '.join(fields)})" for name, fields in unread.items() if fields)
    if listed:
        yield note(
            "RULE_UNUSED",
            Place(first.file, 1, 1),
            Text(f"Stored, and read by no rule: {listed}.", f"已存储但没有规则使用：{listed}。"),
            Text("Nothing to do; metrics could be taken from them.", "无需处理；可以由它们定义指标。"),
        )
