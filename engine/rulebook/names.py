"""Names given and names referred to."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import Place
from engine.rulebook.blank import Blank
from engine.rulebook.strict import Findings, Node
from engine.rulebook.values import Values
from engine.vocabulary import Text


class Names:
    """The names of one kind of thing within one book or market; each is given once.

    Args:
        kind: What they name, for messages.
        findings: Where problems go.
        names: Those given already.
    """

    def __init__(self, kind: Text, findings: Findings, names: Iterable[str] = ()) -> None:
        self._kind = kind
        self._values = Values(findings)
        self._given: dict[str, Place | None] = dict.fromkeys(names)

    def __contains__(self, name: str) -> bool:
        return name in self._given

    @property
    def given(self) -> tuple[str, ...]:
        """The names given so far."""
        return tuple(self._given)

    def new(self, node: Node) -> str | None:
        """A new name in lower case."""
        return self._give(node, self._values.name(node))

    def new_key(self, node: Node) -> str | None:
        """A new key in either case."""
        return self._give(node, self._values.key(node))

    def known(self, node: Node) -> str | None:
        """A name given elsewhere."""
        if isinstance(node, Blank):
            return node.note({"names": self._kind.en})
        name = self._values.text(node)
        if name is None or name in self._given:
            return name
        hint = self._values.findings.suggestion(name, self._given)
        self._values.findings.add("unknown_name", node.place, kind=self._kind, name=name, hint=hint)
        return None

    def _give(self, node: Node, name: str | None) -> str | None:
        if name is None:
            return None
        if name in self._given:
            first = self._given[name]
            line = first.line if first else 0
            self._values.findings.add("repeated_name", node.place, kind=self._kind, name=name, line=line)
            return None
        self._given[name] = node.place
        return name
