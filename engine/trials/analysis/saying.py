"""Findings in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from engine.errors import Given, Place, Problem, Severity
from engine.vocabulary import Text

_UNDECIDED_HINT = Text(
    "This could not be settled, because the rules combine too many values to try them all; check it by hand.",
    "规则组合的取值太多，无法全部验证，因此没有结论；请人工检查。",
)


def warning(code: str, place: Place, message: Text, hint: Text, witness: tuple[Given, ...] = ()) -> Problem:
    """Something that should be looked at."""
    return Problem(code, _sentence(message), place, hint, Severity.WARNING, witness)


def note(code: str, place: Place, message: Text, hint: Text, witness: tuple[Given, ...] = ()) -> Problem:
    """Something good to know."""
    return Problem(code, _sentence(message), place, hint, Severity.INFO, witness)


def undecided(place: Place, message: Text) -> Problem:
    """A question that was too large.

    Args:
        message: What was not decided, e.g. "whether any customer can reach `B`".
    """
    said = Text(f"Not decided: {message.en}.", f"未能判断：{message.zh}。")
    return Problem("RULE_NOT_DECIDED", said, place, _UNDECIDED_HINT, Severity.INFO)


def folded(problems: Iterable[Problem]) -> Iterator[Problem]:
    """What one analysis found, with one note for all it did not decide about a file: the first, and how many more."""
    open_: dict[str, list[Problem]] = {}
    for problem in problems:
        if problem.code == "RULE_NOT_DECIDED":
            open_.setdefault(problem.place.file, []).append(problem)
        else:
            yield problem
    for listed in open_.values():
        first, more = min(listed, key=lambda problem: problem.place), len(listed) - 1
        if more:
            english, chinese = first.message.en.removesuffix("."), first.message.zh.removesuffix("。")
            questions = "question" if more == 1 else "questions"
            said = Text(f"{english}; nor {more} more {questions} of this kind.", f"{chinese}；另有 {more} 个同类问题。")
            first = replace(first, message=said)
        yield first


def _sentence(message: Text) -> Text:
    return Text(message.en[:1].upper() + message.en[1:], message.zh)
