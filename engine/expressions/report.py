"""Collects every problem of one expression, each at its exact place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from engine.errors import InputError, Place, Problem, closest
from engine.vocabulary import Text

MAX_PROBLEMS: Final = 20
"""Problems noted of one expression; whoever mends twenty checks again."""


class ExpressionProblems(InputError):  # noqa: N818
    """An expression with errors; carries every problem, ordered by place."""

    code = "RULE_PROBLEMS"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.place, problem.code)))
        first = self.problems[0]
        super().__init__(first.message, first.hint)


class Report:
    """The problems found so far in one expression.

    Args:
        text: The expression as written.
        origin: Maps an offset in `text`, counted in characters from 0, to its place.
        suggest: Look for the words that were meant, which takes time.
    """

    def __init__(self, text: str, origin: Callable[[int], Place], *, suggest: bool = True) -> None:
        self.text = text
        self._suggest = suggest
        self.problems: list[Problem] = []
        self._origin = origin

    def add(self, code: str, offset: int, message: Text, hint: Text | None = None) -> None:
        """Note one problem; the same one at the same place is noted once, and no more than `MAX_PROBLEMS`."""
        if len(self.problems) >= MAX_PROBLEMS:
            return
        problem = Problem(code, message, self._origin(max(0, min(offset, len(self.text)))), hint or Text(""))
        if problem not in self.problems:
            self.problems.append(problem)

    def meant(self, word: str, vocabulary: Iterable[str]) -> str | None:
        """The word somebody probably meant, if any.

        For one or two letters only the same in another case; a word beyond 64 letters was none.

        >>> report = Report("", lambda offset: Place("b2b.yaml", 1, 1))
        >>> report.meant("oders", ["orders"]), report.meant("x", ["y"])
        ('orders', None)
        """
        if len(word) > 64 or not self._suggest or len(self.problems) >= MAX_PROBLEMS:
            return None
        near = closest(word, vocabulary)
        return near if near is None or len(word) > 2 or near.casefold() == word.casefold() else None

    def raise_if_any(self) -> None:
        """Raise everything that was noted.

        Raises:
            ExpressionProblems: There is at least one problem.
        """
        if self.problems:
            raise ExpressionProblems(self.problems)
