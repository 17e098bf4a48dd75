"""Problems of rule files, each at its place, and the nearest word to a mistyped one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from engine.vocabulary import Text, Unit


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
class Given:
    """One fact of a customer that shows a problem.

    Attributes:
        value: Exact, in the units of rule files; None: unknown.
    """

    name: str
    value: str | None
    unit: Unit


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a rule file: what is wrong, where, and how to repair it.

    Attributes:
        code: Stable, upper case, `RULE_…`; each has a page in `docs/errors/`.
        message: One sentence.
        hint: What to do, e.g. "did you mean `weight`?"; empty when nothing helps.
        witness: A customer that shows it; empty: none is needed, or nothing was decided.
    """

    code: str
    message: Text
    place: Place
    hint: Text = field(default_factory=lambda: Text(""))
    severity: Severity = Severity.ERROR
    witness: tuple[Given, ...] = ()


def closest(word: str, vocabulary: Iterable[str]) -> str | None:
    """The word somebody probably meant: same letters in another case first, then by edit distance.

    Letters that only look Latin count as the Latin ones, and full-width letters as plain ones. The search
    is bounded: however long and alike the words are, it ends after `_ROWS` rows of the distance.

    >>> closest("B2b", ["B2C", "B2B"])
    'B2B'
    >>> closest("wieght", ["weight", "reason"])
    'weight'
    >>> closest("qqqq", ["weight"]) is None
    True
    """
    words = sorted(set(vocabulary))
    plain = plain_letters(word)
    for fold in (str.casefold, lambda text: text.casefold().replace("_", "").replace("-", "")):
        for known in words:
            if fold(known) == fold(plain):
                return known
    limit = 1 if len(word) < 4 else 2 if len(word) < 8 else 3
    folded = plain.casefold()
    near = [known for known in words if abs(len(known) - len(folded)) <= limit]
    near.sort(key=lambda known: known[:1].casefold() != folded[:1])
    best: tuple[int, str] | None = None
    rows = _ROWS
    for known in near:
        distance, taken = _distance(folded, known.casefold(), limit)
        rows -= taken
        if distance <= limit and (best is None or (distance, known) < best):
            best = distance, known
        if rows <= 0:
            break
    return best[1] if best else None


def plain_letters(word: str) -> str:
    """A word with full-width letters and letters that only look Latin as the plain ones.

    >>> plain_letters("m\u0430rket"), plain_letters("\uff4darket")
    ('market', 'market')
    """
    return word if word.isascii() else unicodedata.normalize("NFKC", word).translate(_LOOKALIKES)


_ROWS: Final = 1_500
_LOOKALIKES: Final = {
    **str.maketrans("\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u043a\u043c\u0442\u0432\u043d",
                    "aeopcyxijsdhkmtbh"),
    **str.maketrans("\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0405", "ABEKMHOPCTXIS"),
    **str.maketrans("\u03bf\u03b1\u03bd\u03c1\u03b9\u03c5\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7\u0131",
                    "oavpiuABEHIKMNOPTXi"),
    **dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xAD, 0xFEFF)),
}  # fmt: skip
"""Cyrillic and Greek letters people cannot tell from Latin ones; invisible characters vanish."""


def _distance(left: str, right: str, limit: int) -> tuple[int, int]:
    """Optimal string alignment distance (insert, delete, replace, swap neighbours), and the rows it took.

    Only cells within `limit` of the diagonal are looked at; beyond the limit the distance is `limit + 1`.
    """
    beyond = limit + 1
    before: list[int] = []
    row = [min(j, beyond) for j in range(len(right) + 1)]
    least, least_before = 0, 0
    for i, a in enumerate(left, 1):
        before, row, last = row, [beyond] * len(row), before
        row[0] = min(i, beyond)
        least, least_before = row[0], least
        for j in range(max(1, i - limit), min(len(right), i + limit) + 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != right[j - 1]))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == right[j - 1]:
                cost = min(cost, last[j - 2] + 1)
            row[j] = cost
            least = min(least, cost)
        if least > limit and least_before > limit:
            return beyond, i
    return row[-1], len(left)
