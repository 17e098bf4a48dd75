"""Bytes of a rule file as text, and places in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from engine.errors import Place
from engine.rulebook.strict.findings import Findings
from engine.rulebook.strict.limits import LIMITS

_BREAK = re.compile("\r\n|\r|\n")
_BYTE_ORDER_MARK = "\ufeff"
_UNSEEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff"
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f"
)
HIDDEN = re.compile(f"[{_UNSEEN}{_BYTE_ORDER_MARK}]")
"""Characters nobody sees, or that move what is seen; a byte order mark may stand at the beginning of a file."""

_FORBIDDEN = re.compile(f"[{_UNSEEN}\t]|(?!^){_BYTE_ORDER_MARK}")


@dataclass(frozen=True, slots=True)
class SourceText:
    """The text of one rule file.

    Attributes:
        path: Relative to the rule folder.
        starts: Index of the first character of each line.
    """

    path: str
    text: str
    starts: tuple[int, ...]

    @staticmethod
    def of(path: str, text: str) -> SourceText:
        """Text with its lines found.

        >>> SourceText.of("b2b.yaml", "a: 1\\nb: 2\\n").place(5)
        Place(file='b2b.yaml', line=2, column=1)
        """
        return SourceText(path, text, (0, *(found.end() for found in _BREAK.finditer(text))))

    def place(self, index: int) -> Place:
        """The place of a character; a byte order mark has no width."""
        line = bisect_right(self.starts, index) - 1
        column = index - self.starts[line]
        if line == 0 and column and self.text.startswith(_BYTE_ORDER_MARK):
            column -= 1
        return Place(self.path, line + 1, column + 1)


def decode(path: str, content: bytes | str, findings: Findings) -> SourceText | None:
    """Read bytes as UTF-8 text without characters that an editor hides; None when that fails."""
    start = Place(path, 1, 1)
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if len(raw) > LIMITS.bytes:
        findings.add("file_too_large", start, limit=LIMITS.bytes)
        return None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0\0\0\0" in (raw[0:8:2], raw[1:8:2]):
        findings.add("utf16", start)
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = SourceText.of(path, raw[: error.start].decode("utf-8", "replace"))
        findings.add("not_utf8", before.place(len(before.text)), byte=f"{raw[error.start]:02x}")
        return None
    source = SourceText.of(path, text)
    return source if _visible(source, findings) else None


def _visible(source: SourceText, findings: Findings) -> bool:
    """Report characters that are not text, and tabs, once per line."""
    lines: set[int] = set()
    for found in _FORBIDDEN.finditer(source.text):
        place = source.place(found.start())
        if place.line in lines:
            continue
        lines.add(place.line)
        if found.group() == "\t":
            findings.add("tab", place)
        else:
            findings.add("hidden_character", place, character=f"U+{ord(found.group()):04X}")
    return not lines
