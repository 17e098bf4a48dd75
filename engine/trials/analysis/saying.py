"""Findings in words."""

from __future__ import annotations

from engine.errors import Given, Place, Problem, Severity
from engine.vocabulary import Text

_UNDECIDED_HINT = Text(
    "Nothing is known to be wrong; the rules combine too many values to try them all.",
    "并不代表有错误；规则组合的取值太多，无法全部验证。",
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


def _sentence(message: Text) -> Text:
    return Text(message.en[:1].upper() + message.en[1:], message.zh)
