"""Typed access to one mapping of a rule file; what is asked for is what may stand there."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import TypeVar

from engine.errors import Place, closest
from engine.rulebook.blank import Blank
from engine.rulebook.strict import Broken, Findings, Node, Table
from engine.vocabulary import Text

T = TypeVar("T")
D = TypeVar("D")


class Keys:
    """The keys of one thing, e.g. of a criterion.

    Ask for every key it may have with `need`, `want` or `seek`, then call `done`, which reports what is
    missing and what nobody asked for.

    Args:
        node: What is written.
        owner: What it is, for messages.
        findings: Where problems go.
    """

    def __init__(self, node: Node, owner: Text, findings: Findings) -> None:
        self.place: Place = node.place
        self.owner = owner
        self.findings = findings
        self.readable = isinstance(node, Table)
        self._entries = dict(node.entries) if isinstance(node, Table) else {}
        self._asked: list[str] = []
        self._missing: list[str] = []
        self._blank = node if isinstance(node, Blank) else None
        if self._blank is not None:
            self._blank.owners.append(owner)
        if not isinstance(node, Table | Broken):
            findings.add("want_table", node.place, owner=owner)

    def has(self, key: str) -> bool:
        """The key is written."""
        return key in (self._entries if self._blank is None else self._blank.shape.present)

    def mistyped(self, key: str) -> bool:
        """The key is not written, but one that somebody may have meant for it is."""
        return key not in self._entries and any(closest(word[:100], (key,)) == key for word in self._entries)

    def node(self, key: str) -> Node | None:
        """What is written under a key."""
        self._asked.append(key)
        if self._blank is not None:
            return self._blank.below(key)
        entry = self._entries.get(key)
        return entry.value if entry else None

    def key_place(self, key: str) -> Place:
        """Where a key is written; the thing's own place if it is not."""
        entry = self._entries.get(key)
        return entry.key.place if entry else self.place

    def need(self, key: str, read: Callable[[Node], T | None]) -> T | None:
        """The value of a key that must be there; None after a report."""
        node = self.needed(key)
        return None if node is None else read(node)

    def needed(self, key: str) -> Node | None:
        """What is written under a key that must be there; None after a report."""
        node = self.node(key)
        if self._blank is not None:
            self._blank.needed.append(key)
        if node is None:
            self.miss(key)
        return node

    def miss(self, key: str) -> None:
        """Note that a key is missing; `done` reports it, unless it is only mistyped."""
        if self.readable:
            self._missing.append(key)

    def want(self, key: str, read: Callable[[Node], T | None], default: D) -> T | D:
        """The value of a key that may be there; the default if it is not, or after a report."""
        node = self.node(key)
        if node is None:
            return default
        value = read(node)
        return default if value is None else value

    def seek(self, key: str, read: Callable[[Node], T | None]) -> T | None:
        """The value of a key that may be there; None if it is not, or after a report."""
        node = self.node(key)
        return None if node is None else read(node)

    def one_of(self, *keys: str) -> str | None:
        """The one of some keys that is written; more or none are reported."""
        written = [key for key in keys if self.has(key)]
        if len(written) == 1:
            return written[0]
        if self.readable:
            listed = ", ".join(f"`{key}`" for key in keys)
            place = self.key_place(written[1]) if written else self.place
            self.findings.add("one_of_keys", place, owner=self.owner, keys=listed)
        self._asked.extend(keys)
        return None

    def without(self, *keys: str) -> None:
        """Report keys that exist but have no meaning for this thing."""
        for key in keys:
            if self.has(key):
                self.findings.add("not_here", self.key_place(key), key=key, owner=self.owner)
                self._asked.append(key)

    def give_up(self) -> None:
        """Report what is missing, or mistyped, where reading stops before the other keys are asked for.

        This came later: what lacked a key here was left out without a word, and published books may have that.
        """
        for missed in self._missing:
            # Stricter than elsewhere: the keys that were not asked for may all be right.
            unasked = (key for key in self._entries if key not in self._asked)
            typed = [key for key in unasked if get_close_matches(key[:100], [missed], cutoff=0.7)]
            if typed:
                hint = self.findings.suggestion(typed[0], [missed])
                place = self._entries[typed[0]].key.place
                self.findings.add("unknown_key", place, key=typed[0], owner=self.owner, hint=hint, later=True)
            else:
                self.findings.add("missing_key", self.place, owner=self.owner, key=missed, later=True)
        self._missing = []

    def done(self) -> None:
        """Report every key that nobody asked for, and those that are missing."""
        for key, entry in self._entries.items():
            if key not in self._asked:
                hint = self.findings.suggestion(key, self._asked)
                self.findings.add("unknown_key", entry.key.place, key=key, owner=self.owner, hint=hint)
                if self._missing:
                    meant = closest(key[:100], self._asked)
                    self._missing = [missed for missed in self._missing if missed != meant]
        for key in self._missing:
            self.findings.add("missing_key", self.place, owner=self.owner, key=key)
        self._missing = []
