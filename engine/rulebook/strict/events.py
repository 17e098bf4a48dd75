"""YAML events of PyYAML's pure-Python parser, read into a located tree with everything doubtful refused.

The C parser is never used (it crashes on deep nesting), nor is any constructor: aliases are not
followed, tags are not resolved, and depth and number of nodes are bounded while events come in.
"""

from __future__ import annotations

import re

import yaml
from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from yaml.tokens import ScalarToken

from engine.errors import Place
from engine.rulebook.strict.cuts import Cuts
from engine.rulebook.strict.findings import Findings
from engine.rulebook.strict.limits import LIMITS, Room
from engine.rulebook.strict.located import Broken, Entry, Node, Scalar, Series, Table, Value
from engine.rulebook.strict.remembered import Remembered
from engine.rulebook.strict.scalars import Doubtful, meaning_of
from engine.rulebook.strict.scanning import QuickParser
from engine.rulebook.strict.slips import slip_before
from engine.rulebook.strict.source import HIDDEN, SourceText
from engine.rulebook.strict.syntax import AT_BEGINNING, syntax_wording
from engine.rulebook.strict.width import LISTED


class _Parser(QuickParser):
    """The event parser over a text, which knows where a quote was perhaps left open."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.long_quote: tuple[int, int] | None = None
        """Where the latest quoted text over several lines begins and ends."""

    def scan_flow_scalar(self, style: str) -> ScalarToken:
        """Read a quoted text, and remember one whose quote was perhaps meant to close on its first line."""
        token: ScalarToken = super().scan_flow_scalar(style)
        start, end = token.start_mark, token.end_mark
        if start.line != end.line:
            self.long_quote = start.index, end.index
        return token


_REMEMBERED = Remembered()
_BEYOND_UNICODE = re.compile(r"\\U(?!000|0010)[0-9A-Fa-f]{8}")
_DIRECTIVE = re.compile("(?:^|[\r\n])%")


class _StopError(Exception):
    """Reading this file ends here; the reason is reported."""


def read_tree(source: SourceText, findings: Findings, room: Room | None = None) -> Node:
    """Read a whole file.

    Args:
        source: Its text.
        findings: Where problems go.
        room: What the files of one folder may hold together; none: this file alone.

    Returns:
        Its tree; an empty file is an empty mapping; `Broken` when it cannot be read to the end.
    """
    space = room or Room()
    known = _REMEMBERED.find(source.path, source.text, min(space.nodes, LIMITS.nodes))
    if known is not None:
        space.nodes -= known[1]
        return known[0]
    said, left = findings.said, space.nodes
    tree = _read(source, findings, space)
    if findings.said == said and not isinstance(tree, Broken):  # the rest of a folder too large is left without a word
        _REMEMBERED.keep(source.path, source.text, tree, left - space.nodes)
    return tree


def _read(source: SourceText, findings: Findings, room: Room) -> Node:
    """Read a file that is not remembered."""
    start = source.place(0)
    builder = _Builder(source, findings, room)
    try:
        return builder.document()
    except _StopError:
        return Broken(start)
    except MarkedYAMLError as error:
        wording, said = syntax_wording(error.context or "", error.problem or "")
        mark = error.problem_mark or error.context_mark
        if wording in AT_BEGINNING:
            mark = error.context_mark or mark
        quote = builder.quote_left_open(mark.index) if mark else None
        slip = slip_before(source, mark.index) if mark else None
        if quote is not None and (slip is None or slip.wording != "merge_conflict"):
            findings.add("quote_open", source.place(quote[0]), line=source.place(quote[1] - 1).line)
        elif slip is not None:
            place = source.place(slip.index)
            findings.add(slip.wording, place, sign=slip.sign, character=slip.character, plain=slip.plain)
        else:
            findings.add(wording, source.place(mark.index) if mark else start, said=said)
    except (yaml.YAMLError, ValueError, OverflowError):
        # Numbers in directives and escapes are converted without a check by the parser.
        beyond = _BEYOND_UNICODE.search(source.text)
        findings.add("yaml_unreadable", source.place(beyond.start()) if beyond else start)
    return Broken(start)


class _Builder:
    """Builds the tree of one file from its events."""

    def __init__(self, source: SourceText, findings: Findings, room: Room) -> None:
        self._source = source
        self._findings = findings
        self._room = room
        self._parser = _Parser(source.text)
        self._nodes = 0

    def quote_left_open(self, index: int) -> tuple[int, int] | None:
        """The quoted text over several lines on whose last line a fault stands: its beginning and end."""
        found = self._parser.long_quote
        if found is None or found[1] > index or self._source.place(found[1]).line != self._source.place(index).line:
            return None
        return found

    def document(self) -> Node:
        """The only document of the file."""
        self._next(StreamStartEvent)
        event = self._event()
        if isinstance(event, StreamEndEvent):
            return Table({}, self._source.place(0))
        directive = _DIRECTIVE.search(self._source.text, 0, event.end_mark.index if event.end_mark else 0)
        if isinstance(event, DocumentStartEvent) and directive:
            self._findings.add("directive", self._source.place(directive.end() - 1))
        tree = self._node(self._event(), 0)
        self._event()
        after = self._event()
        if not isinstance(after, StreamEndEvent):
            self._findings.add("second_document", self._place(after))
        if isinstance(tree, Scalar) and not tree.text:
            return Table({}, tree.place)
        return tree

    def _next(self, kind: type[Event]) -> None:
        if not isinstance(self._event(), kind):
            raise _StopError

    def _event(self) -> Event:
        event: Event | None = self._parser.get_event()  # type: ignore[no-untyped-call]  # the stubs leave it so
        if event is None:
            raise _StopError
        return event

    def _place(self, event: Event) -> Place:
        return self._source.place(event.start_mark.index if event.start_mark else 0)

    def _node(self, event: Event, depth: int) -> Node:
        self._count(event)
        if depth > LIMITS.depth:
            self._findings.add("too_deep", self._place(event), limit=LIMITS.depth)
            raise _StopError
        node: Node
        if isinstance(event, ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, SequenceStartEvent):
            node = self._series(event, depth)
        elif isinstance(event, MappingStartEvent):
            node = self._table(event, depth)
        else:
            node = Broken(self._place(event))
        return node if self._unadorned(event) else Broken(self._place(event))

    def _count(self, event: Event) -> None:
        """One node more, of this file and of the folder."""
        self._nodes += 1
        self._room.nodes -= 1
        if self._nodes > LIMITS.nodes:
            self._findings.add("too_many_nodes", self._place(event), limit=LIMITS.nodes)
            raise _StopError
        if self._room.nodes < 0:
            if self._room.nodes == -1:  # said once; the files that follow are not read
                self._findings.add("too_many_nodes_together", self._place(event), limit=LIMITS.folder_nodes)
            raise _StopError

    def _unadorned(self, event: Event) -> bool:
        """Report tags, anchors and aliases."""
        if isinstance(event, AliasEvent):
            self._findings.add("alias", self._place(event), name=event.anchor)
            return False
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            self._findings.add("anchor", self._place(event), name=anchor)
        if tag is not None:
            self._findings.add("tag", self._place(event), tag=tag.replace("tag:yaml.org,2002:", "!!"))
        return anchor is None and tag is None

    def _series(self, event: SequenceStartEvent, depth: int) -> Node:
        place = self._place(event)
        items: list[Node] = []
        joined = False
        while not isinstance(item := self._event(), SequenceEndEvent):
            node = self._node(item, depth + 1)
            if isinstance(node, Scalar) and node.value is None and not node.text:
                self._findings.add("empty_item", node.place)
                node = Broken(node.place)
            if event.flow_style and isinstance(node, Scalar) and not node.style and LISTED.fullmatch(node.text):
                self._full_width_comma(node)
                joined = True
            items.append(node)
        return Broken(place) if joined else Series(tuple(items), place)

    def _full_width_comma(self, item: Scalar) -> None:
        """Report the first full-width comma between items of a list."""
        sign = next(letter for letter in item.text if letter in "，、")
        self._findings.add("full_width", item.origin(item.text.index(sign)), sign=sign, plain=",")

    def _table(self, event: MappingStartEvent, depth: int) -> Table:
        place = self._place(event)
        entries: dict[str, Entry] = {}
        cuts = Cuts(self._source, self._findings) if event.flow_style else None
        last: str | None = None
        while not isinstance(item := self._event(), MappingEndEvent):
            following = self._event() if isinstance(item, ScalarEvent) else None
            if cuts and isinstance(item, ScalarEvent) and following and cuts.alone(item, following):
                self._count(item)
                cuts.add(item, last)
                continue
            key = self._node(item, depth + 1)
            value = self._node(following or self._event(), depth + 1)
            last = self._enter(entries, key, value)
            if cuts:
                cuts.close()
        if cuts:
            cuts.report(entries)
        return Table(entries, place)

    def _enter(self, entries: dict[str, Entry], key: Node, value: Node) -> str | None:
        """Put a key with its value among the entries; None when it cannot be one."""
        if not self._usable(key) or not isinstance(key, Scalar):
            return None
        if key.text in entries:
            first = entries[key.text].key.place.line
            self._findings.add("duplicate_key", key.place, key=key.text, line=first)
            return None
        entries[key.text] = Entry(key, self._present(key, value))
        return key.text

    def _usable(self, key: Node) -> bool:
        """A key is a short text that needs no quotes to be one."""
        if isinstance(key, Broken):
            return False
        if not isinstance(key, Scalar):
            self._findings.add("key_not_text", key.place)
            return False
        if key.style in ("|", ">") or not key.text or "\n" in key.text or len(key.text) > LIMITS.key:
            self._findings.add("key_not_text", key.place)
            return False
        if not isinstance(key.value, str):
            self._findings.add("key_not_word", key.place, key=key.text)
            return False
        return True

    def _present(self, key: Scalar, value: Node) -> Node:
        """Report a key without a value."""
        if not isinstance(value, Scalar) or value.text or value.style:
            return value
        self._findings.add("no_value", key.place, key=key.text)
        return Broken(value.place)

    def _scalar(self, event: ScalarEvent) -> Node:
        start = event.start_mark.index if event.start_mark else 0
        end = event.end_mark.index if event.end_mark else start
        text: str = event.value
        if len(text) > LIMITS.scalar:
            self._findings.add("scalar_too_long", self._place(event), limit=LIMITS.scalar)
            return Broken(self._place(event))
        style = event.style or ""
        hidden = HIDDEN.search(text) if style == '"' else None
        if hidden:
            self._findings.add("hidden_character", self._place(event), character=f"U+{ord(hidden.group()):04X}")
            return Broken(self._place(event))
        value: Value | Doubtful = text if style or not text else meaning_of(text)
        if isinstance(value, Doubtful):
            self._findings.add(value.wording, self._place(event), text=text, plain=text.replace(",", ""))
            return Broken(self._place(event))
        return Scalar(value if text or style else None, text, style, self._source, start, end)
