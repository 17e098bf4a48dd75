"""PyYAML's pure-Python event parser with its busiest methods said more quickly; what it reads stays the same.

The C parser crashes on deep nesting, and the pure one looks at every character by a call and at every token five
times. Each method here gives what PyYAML's own gives for a text, faults and marks included, and leaves to it whatever
is rare; `tests/rulebook/test_scanning.py` compares the two. A text only, never a stream: all of it is in `buffer`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from yaml.error import Mark
from yaml.events import Event, ScalarEvent
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner
from yaml.tokens import ScalarToken, Token

_BREAKS: Final = "\r\n\x85\u2028\u2029"
_BETWEEN: Final = "#" + _BREAKS
_BEFORE: Final = " " + _BREAKS
_ENDS: Final = "\0 \t" + _BREAKS
_FLOW: Final = r",\[\]{}"
_UNEVEN: Final = _BREAKS + "\ufeff"
"""Characters that do not advance the column by one."""

_ANY_UNEVEN: Final = re.compile(f"[{_UNEVEN}]")

_SPACES: Final = re.compile(" *")
_NEXT_LINE: Final = re.compile(rf"\n(?!---|\.\.\.) *(?![ {_BREAKS}])")
"""The end of a line and the spaces of the next one, which is neither empty nor, perhaps, between two documents."""


_FETCHED: Final[dict[str, Callable[[Scanner], None]]] = {
    "[": Scanner.fetch_flow_sequence_start,
    "]": Scanner.fetch_flow_sequence_end,
    "{": Scanner.fetch_flow_mapping_start,
    "}": Scanner.fetch_flow_mapping_end,
    ",": Scanner.fetch_flow_entry,
    ":": Scanner.fetch_value,
    "'": Scanner.fetch_single,
    '"': Scanner.fetch_double,
}
"""What begins with a character that begins nothing else (a colon: if a value follows)."""


def _words(stops: str, after_colon: str) -> re.Pattern[str]:
    """Plain words on one line with the spaces between them; perhaps none."""
    # Not with possessive repeats: Python before 3.11.5 lets the end of such a pattern match too much.
    word = f"(?:[^{_ENDS}:{stops}]|:(?![{_ENDS}{after_colon}]))+"
    return re.compile(f"(?:{word}(?: +(?!#){word})*)?")


_IN_BLOCK: Final = _words("", "")
_IN_FLOW: Final = _words("?" + _FLOW, _FLOW)


class QuickParser(Reader, Scanner, Parser):
    """The events of a text, as PyYAML's pure-Python parser gives them."""

    def __init__(self, text: str) -> None:
        self._settled = False  # whether the next token is known, until it is taken
        self._mark = Mark("", -1, 0, 0, "", 0)
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def check_token(self, *choices: Any) -> bool:
        """Whether the next token is one of some kinds."""
        if not self._settled:
            self._settle()
        return bool(self.tokens) and (not choices or isinstance(self.tokens[0], choices))

    def peek_token(self) -> Token | None:
        """The next token, which stays the next."""
        if not self._settled:
            self._settle()
        return self.tokens[0] if self.tokens else None

    def get_token(self) -> Token | None:
        """The next token, taken."""
        if not self._settled:
            self._settle()
        self._settled = False
        if not self.tokens:
            return None
        self.tokens_taken += 1
        token: Token = self.tokens.pop(0)
        return token

    def _settle(self) -> None:
        """Read on until the next token is known; nothing changes that but taking it."""
        while self.need_more_tokens():
            self.fetch_more_tokens()
        self._settled = True

    def need_more_tokens(self) -> bool:
        """Whether the next token is not known yet; where nothing may be a key, it is."""
        if self.tokens and not self.possible_simple_keys:
            return False
        return bool(super().need_more_tokens())

    def fetch_more_tokens(self) -> None:
        """Read the next token; often one look at its first character tells its kind."""
        self.scan_to_next_token()
        first = self.buffer[self.pointer]
        fetch = Scanner.fetch_plain if first.isalnum() else _FETCHED.get(first)
        if fetch is None or (first == ":" and not self.check_value()):
            super().fetch_more_tokens()
            return
        if self.possible_simple_keys:
            self.stale_possible_simple_keys()
        self.unwind_indent(self.column)
        fetch(self)

    def parse_node(self, block: bool = False, indentless_sequence: bool = False) -> Event:
        """The event of a node; most are scalars with neither anchor nor tag."""
        token = self.peek_token()
        if not isinstance(token, ScalarToken):
            event: Event = super().parse_node(block, indentless_sequence)
            return event
        self.get_token()
        self.state = self.states.pop()
        implicit = (True, False) if token.plain else (False, True)
        return ScalarEvent(None, None, implicit, token.value, token.start_mark, token.end_mark, style=token.style)

    def get_mark(self) -> Mark:
        """Where reading stands; asked twice at one place, one mark."""
        if self._mark.index != self.index:
            self._mark = Mark(self.name, self.index, self.line, self.column, self.buffer, self.pointer)
        return self._mark

    def forward(self, length: int = 1) -> None:
        """Go on by some characters; one by one only where a line may end."""
        end = self.pointer + length
        if length == 1:
            uneven = self.buffer[self.pointer] in _UNEVEN
        else:
            uneven = end >= len(self.buffer) or _ANY_UNEVEN.search(self.buffer, self.pointer, end) is not None
        if uneven:
            super().forward(length)
            return
        self.pointer = end
        self.index += length
        self.column += length

    def scan_to_next_token(self) -> None:
        """Go over spaces, ends of lines and comments."""
        if self.buffer[self.pointer] == " ":
            found = _SPACES.match(self.buffer, self.pointer)
            self.forward(found.end() - self.pointer if found else 0)
        if not self.index or self.buffer[self.pointer] in _BETWEEN:
            super().scan_to_next_token()

    def scan_plain(self) -> ScalarToken:
        """Read a text without quotes, word by word or many at once; the end of a line may be a space in it."""
        start = end = self.get_mark()
        indent = self.indent + 1
        written = _IN_FLOW if self.flow_level else _IN_BLOCK
        pieces: list[str] = []
        spaces: list[str] | None = []
        while self.buffer[self.pointer] != "#":
            found = written.match(self.buffer, self.pointer)
            if not found or not found.group():
                break
            self.allow_simple_key = False
            pieces += [*(spaces or ()), found.group()]
            self.forward(len(found.group()))
            end = self.get_mark()
            spaces = self.scan_plain_spaces(indent, start)
            if not spaces or (not self.flow_level and self.column < indent):
                break
        return ScalarToken("".join(pieces), True, start, end)

    def scan_plain_spaces(self, indent: int, start_mark: Mark) -> list[str] | None:
        """Go over what parts two words of a plain text; nothing or None: the text ends here."""
        if self.buffer[self.pointer] not in _BEFORE:
            return []
        found = _NEXT_LINE.match(self.buffer, self.pointer)
        if found is None:
            spaces: list[str] | None = super().scan_plain_spaces(indent, start_mark)
            return spaces
        self.allow_simple_key = True
        self.pointer = found.end()
        self.index += found.end() - found.start()
        self.line += 1
        self.column = found.end() - found.start() - 1
        return [" "]
