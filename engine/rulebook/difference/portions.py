"""The edits between two rule books in portions that stand alone: each edit with only what it cannot do without."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.rulebook.book import Book
from engine.rulebook.difference.applying import applied
from engine.rulebook.difference.edit import Edit, Effect
from engine.rulebook.difference.steps import only_said
from engine.rulebook.loader import check_book

_WORD: Final = re.compile(r"\w+")
_FELT: Final = ("metrics", "lifecycle", "campaigns")
"""Files of which an edit can change stages, risk or contacts though no tier."""
_RANKS: Final = (Effect.BREAKING, Effect.MOVING, Effect.NON_MOVING, Effect.NO_OP)


@dataclass(frozen=True, slots=True)
class Portion:
    """Edits that are applied together, and the older book with them alone.

    Attributes:
        edits: The one it is told by first, then those it needs; most portions have one.
        book: None: nothing of it can change a tier or a contact, so the book was not linked.
    """

    edits: tuple[Edit, ...]
    book: Book | None


def can_be_felt(edit: Edit) -> bool:
    """Whether an edit can change anybody's tier, stage, risk or contacts; titles and tests cannot."""
    if edit.effect is Effect.NO_OP or only_said(edit.path):
        return False
    if edit.effect in (Effect.MOVING, Effect.BREAKING):
        return True
    return edit.path[0] in _FELT or edit.path[1:2] == ("risk",)


def portions(before: Book, after: Book, edits: Sequence[Edit]) -> tuple[Portion, ...]:
    """Part edits into portions, in the order of the edits.

    Every edit is tried alone. One that makes no book by itself (a criterion for a metric that is new, say) is joined
    by the fewest others that make one; portions that share an edit are one portion, and one that makes no book even
    so is joined by more. So whatever can be felt has a book.

    Args:
        edits: Of `diff_books(before, after)`.
    """
    parting = _Parting(before, after, edits)
    groups: list[set[int]] = []
    for number, edit in enumerate(edits):
        needed = parting.needed(number) if can_be_felt(edit) else {number}
        groups = _merged(groups, needed)
    while (broken := next((group for group in groups if parting.broken(group)), None)) is not None:
        groups = _merged(groups, parting.mended(broken))
    return tuple(parting.portion(sorted(group)) for group in sorted(groups, key=min))


def _merged(groups: list[set[int]], more: set[int]) -> list[set[int]]:
    """The groups with one more; those that share an edit with it become one with it."""
    touching = [group for group in groups if group & more]
    return [*(group for group in groups if not group & more), more.union(*touching)]


class _Parting:
    """Books with some of the edits, each linked once."""

    def __init__(self, before: Book, after: Book, edits: Sequence[Edit]) -> None:
        self._before, self._after, self._edits = before, after, edits
        self._linked: dict[frozenset[int], Book | None] = {}

    def _book(self, numbers: Iterable[int]) -> Book | None:
        """The older book with these edits; None: they make none."""
        wanted = frozenset(numbers)
        if len(wanted) == len(self._edits):
            return self._after
        if wanted not in self._linked:
            files = applied(self._before, self._after, [self._edits[number] for number in sorted(wanted)])
            self._linked[wanted] = check_book(files)[0]
        return self._linked[wanted]

    def needed(self, number: int) -> set[int]:
        """An edit with the fewest others (as far as leaving out one by one finds them) that make a book."""
        chosen = self.mended({number})
        for other in sorted(chosen - {number}, reverse=True):
            if self._book(chosen - {other}) is not None:
                chosen = chosen - {other}
        return chosen

    def broken(self, group: set[int]) -> bool:
        """Whether it can be felt but makes no book."""
        return any(can_be_felt(self._edits[number]) for number in group) and self._book(group) is None

    def mended(self, group: set[int]) -> set[int]:
        """The edits with as many others, nearest first, as make a book."""
        return next(found for found in self._wider(group) if self._book(found) is not None)

    def _wider(self, chosen: set[int]) -> Iterator[set[int]]:
        """The edits, then with whatever names them or is named by them, and so on; at last all of them."""
        while True:
            yield chosen
            near = {other for other in range(len(self._edits)) if any(self._related(one, other) for one in chosen)}
            if near <= chosen:
                break
            chosen = chosen | near
        yield set(range(len(self._edits)))

    def _related(self, one: int, other: int) -> bool:
        left, right = self._edits[one], self._edits[other]
        return left.path[-1] in _words(right) or right.path[-1] in _words(left)

    def portion(self, numbers: Sequence[int]) -> Portion:
        """The portion of these edits: first those that cannot stand alone, of these the greatest effect."""
        edits = [self._edits[number] for number in sorted(numbers, key=self._prominence)]
        felt = any(can_be_felt(edit) for edit in edits)
        return Portion(tuple(edits), self._book(numbers) if felt else None)

    def _prominence(self, number: int) -> tuple[bool, int]:
        stands = frozenset((number,)) in self._linked and self._book((number,)) is not None
        return stands, _RANKS.index(self._edits[number].effect)


def _words(edit: Edit) -> frozenset[str]:
    """Names an edit's texts are about."""
    return frozenset(_WORD.findall(f"{edit.before or ''} {edit.after or ''}"))
