"""A sheet nobody has written on: the readers of rule files note on it what may stand there.

A reader asks a node for what it needs. Asked of a blank sheet it gets nothing, and the sheet keeps the question. So
what editors are told of rule files is what their readers ask for; there is no second list that could differ from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from engine.errors import Place
from engine.rulebook.strict import Broken, Entry, Node, Scalar
from engine.vocabulary import Text

Form = Mapping[str, object]
"""What a single value may be, in the words of JSON Schema; `names`: those of a kind, filled in by book."""

_NOWHERE: Final = Place("", 1, 1)


@dataclass(frozen=True, slots=True)
class Alternative:
    """One shape of a thing that has several, e.g. of a metric with its origin.

    Attributes:
        present: Keys that are taken as written.
        answers: What is taken to stand under some of them.
        when: For which values of keys this shape is the right one.
    """

    present: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


Alternatives = Mapping[str, tuple[Alternative, ...]]
"""By the thing that is one of many: the shapes it can have."""


@dataclass(frozen=True, slots=True, eq=False)
class Blank(Broken):
    """A place in a rule file before anything is written there.

    Attributes:
        alternatives: For what is below it.
        shape: Which shape of the thing is asked for.
        answer: What is taken to stand here; None: nothing.
        forms: What single values may stand here.
        limits: Further demands, in the words of JSON Schema; `each`: items are told one by one.
        owners: What the mapping is, once a reader has asked for keys.
        keys: Keys asked for, in order.
        needed: Those of them that must be written.
        items: The item of a list, in each of its shapes.
        entries: The entry of a mapping whose keys the author chooses, in each of its shapes.
    """

    place: Place = _NOWHERE
    alternatives: Alternatives = field(default_factory=dict)
    shape: Alternative = Alternative()
    answer: str | None = None
    forms: list[Form] = field(default_factory=list)
    limits: dict[str, object] = field(default_factory=dict)
    owners: list[Text] = field(default_factory=list)
    keys: dict[str, Blank] = field(default_factory=dict)
    needed: list[str] = field(default_factory=list)
    items: list[Blank] = field(default_factory=list)
    entries: list[tuple[Blank, Blank]] = field(default_factory=list)

    @property
    def asked(self) -> bool:
        """Some reader wanted something here."""
        return bool(self.forms or self.owners or self.items or self.entries)

    def note(self, form: Form) -> str | None:
        """Keep what may stand here; gives what is taken to stand here."""
        if form not in self.forms:
            self.forms.append(form)
        return self.answer

    def below(self, key: str) -> Blank:
        """The place under a key."""
        if key not in self.keys:
            self.keys[key] = Blank(_NOWHERE, self.alternatives, answer=self.shape.answers.get(key))
        return self.keys[key]

    def listed(self, kind: str) -> tuple[Blank, ...]:
        """The items of a list, one for each shape they can have."""
        if not self.items:
            self.items.extend(self._each(kind))
        return tuple(self.items)

    def pair(self) -> tuple[Blank, ...]:
        """The two items of a list that has exactly two."""
        if not self.items:
            self.items.extend((Blank(), Blank()))
            self.limits.update(each=True, minItems=2, maxItems=2)
        return tuple(self.items)

    def mapped(self, kind: str) -> dict[str, Entry]:
        """The entries of a mapping whose keys the author chooses, one for each shape they can have."""
        if not self.entries:
            self.entries.extend((Blank(), value) for value in self._each(kind))
        # A key is a scalar wherever one is written; readers take its place, or read it like any other node.
        found = [Entry(cast(Scalar, key), value) for key, value in self.entries]
        return {str(number): entry for number, entry in enumerate(found)}

    def _each(self, kind: str) -> list[Blank]:
        shapes = self.alternatives.get(kind, (Alternative(),))
        return [Blank(_NOWHERE, self.alternatives, shape) for shape in shapes]


def demand(node: Node | None, **limits: object) -> None:
    """Say what a list or mapping must satisfy besides its parts; of use only on a blank sheet."""
    if isinstance(node, Blank):
        node.limits.update(limits)
