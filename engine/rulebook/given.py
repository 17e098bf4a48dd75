"""Values of metrics given by hand, as text: read like those of inline tests, by each metric's declared type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from engine.errors import Problem, UserProblem, UserProblemsError
from engine.expressions.amounts import spoken
from engine.expressions.columns import Fact
from engine.metrics.declaration import Metric
from engine.rulebook.book import Book
from engine.rulebook.desk import Desk
from engine.rulebook.strict import Findings, Scalar, SourceText
from engine.rulebook.strict.findings import suggestion
from engine.rulebook.strict.limits import LIMITS
from engine.rulebook.strict.scalars import Doubtful, meaning_of
from engine.rulebook.strict.source import HIDDEN
from engine.vocabulary import POINTS_SCALE, Text, Unit, UnknownCause

_UNKNOWN = Fact(None, UnknownCause.MISSING)
_NATURAL: Final[Mapping[Unit, tuple[int, int | None]]] = {
    Unit.COUNT: (0, None),
    Unit.MONTHS: (0, None),
    Unit.POINTS: (0, 100 * POINTS_SCALE),
}
"""Bounds of a type, in stored units, where a metric declares none; shares have theirs from the reader."""


def read_given(book: Book, given: Sequence[tuple[str, str | None]]) -> dict[str, Fact]:
    """Facts by metric from what somebody wrote: money in major units, `true`, dates as 2026-12-01; None: unknown.

    Args:
        given: Pairs of a metric's name and the text of its value.

    Raises:
        UserProblemsError: With everything that cannot be read: a name the book does not declare (with the one that
            was probably meant), a name given twice, a text that is no value of that type, a number that the metric
            can never have.
    """
    facts: dict[str, Fact] = {}
    problems: list[UserProblem] = []
    for place, (name, text) in enumerate(given):
        path = ("facts", str(place))
        if name not in book.metrics:
            problems.append(_unknown(name, book.metrics, path))
        elif name in facts:
            problems.append(UserProblem("DUPLICATE", Text(f"{name} is given twice.", f"{name} 给出了两次。"), path))
        elif text is None:
            facts[name] = _UNKNOWN
        else:
            value, found = _value(book, book.metrics[name], text)
            facts[name] = Fact(value)
            problems += [_misread(name, problem, path) for problem in found]
            problems += [] if found else _beyond(book, book.metrics[name], value, path)
    if problems:
        raise UserProblemsError(problems)
    return facts


def _value(book: Book, metric: Metric, text: str) -> tuple[int | str | None, tuple[Problem, ...]]:
    """A value in stored units, or what is wrong with the text."""
    desk = Desk(currency=book.currency)
    scalar = _scalar(text, metric.unit, desk.findings)
    value = None if scalar is None else desk.stored(metric.unit, metric.values)(scalar)
    return value, desk.findings.problems


def _scalar(text: str, unit: Unit, findings: Findings) -> Scalar | None:
    """The text as a value of a rule file; a text metric's as if it stood in quotes. None after a report."""
    source = SourceText.of("", text)
    place, hidden = source.place(0), HIDDEN.search(text)
    if hidden is not None:
        findings.add("hidden_character", place, character=f"U+{ord(hidden.group()):04X}")
        return None
    if len(text) > LIMITS.scalar:
        findings.add("scalar_too_long", place, limit=LIMITS.scalar)
        return None
    quoted = unit is Unit.TEXT
    value = text if quoted else meaning_of(text.strip())
    if isinstance(value, Doubtful):
        findings.add(value.wording, place, text=text, plain=text.replace(",", ""))
        return None
    return Scalar(value, text if quoted else text.strip(), '"' if quoted else "", source, 0, len(text))


def _unknown(name: str, metrics: Mapping[str, Metric], path: tuple[str, ...]) -> UserProblem:
    short = name[:100]
    message = Text(f"The rule book has no metric {short}.", f"规则库没有指标 {short}。")
    return UserProblem("UNKNOWN_METRIC", message, path, suggestion(name, metrics))


def _beyond(book: Book, metric: Metric, value: int | str | None, path: tuple[str, ...]) -> list[UserProblem]:
    """A number beyond the metric's own bounds, or those of its type: it would only be taken for unknown."""
    low, high = _NATURAL.get(metric.unit, (None, None))
    low = metric.low if metric.low is not None else low
    high = metric.high if metric.high is not None else high
    if not isinstance(value, int) or ((low is None or value >= low) and (high is None or value <= high)):
        return []
    ends = [None if one is None else spoken(one, metric.unit, metric.scale, book.currency) for one in (low, high)]
    least, most = ends
    if least is not None and most is not None:
        asked = Text(f"Give {least.en} to {most.en}.", f"请给出 {least.zh or least.en} 至 {most.zh or most.en}。")
    elif least is not None:
        asked = Text(f"Give {least.en} or more.", f"请给出 {least.zh or least.en} 或以上。")
    else:
        assert most is not None
        asked = Text(f"Give {most.en} or less.", f"请给出 {most.zh or most.en} 或以下。")
    given = spoken(value, metric.unit, metric.scale, book.currency)
    message = Text(f"{metric.name} cannot be {given.en}.", f"{metric.name} 不可能是 {given.zh or given.en}。")
    return [UserProblem("INVALID", message, path, asked)]


def _misread(name: str, problem: Problem, path: tuple[str, ...]) -> UserProblem:
    message = Text(f"{name}: {problem.message.en}", f"{name}：{problem.message.zh}")
    return UserProblem("INVALID", message, path, problem.hint)
