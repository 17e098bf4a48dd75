"""Problems of rule files, each at its place, and the nearest word to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from engine.vocabulary import Text


class Severity(StrEnum):
    """How bad a problem is; an error forbids publishing and deciding."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a rule file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a rule file: what is wrong, where, and how to repair it.

    Attributes:
        code: Stable, upper case, `RULE_…`; each has a page in `docs/errors/`.
        message: One sentence.
        hint: What to do, e.g. "did you mean `weight`?"; empty when nothing helps.
    """

    code: str
    message: Text
    place: Place
    hint: Text = field(default_factory=lambda: Text(""))
    severity: Severity = Severity.ERROR


def closest(word: str, vocabulary: Iterable[str]) -> str | None:
    """The word somebody probably meant: same letters in another case first, then by edit distance.

    >>> closest("B2b", ["B2C", "B2B"])
    'B2B'
    >>> closest("wieght", ["weight", "reason"])
    'weight'
    >>> closest("qqqq", ["weight"]) is None
    True
    """
    words = sorted(set(vocabulary))
    for fold in (str.casefold, lambda text: text.casefold().replace("_", "").replace("-", "")):
        for known in words:
            if fold(known) == fold(word):
                return known
    limit = 1 if len(word) < 4 else 2 if len(word) < 8 else 3
    ranked = sorted((_distance(word.casefold(), known.casefold()), known) for known in words)
    return ranked[0][1] if ranked and ranked[0][0] <= limit else None


def _distance(left: str, right: str) -> int:
    """Optimal string alignment distance (insert, delete, replace, swap neighbours)."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, row, last = row, [i], before
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
