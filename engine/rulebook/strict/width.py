"""Full-width signs of a Chinese keyboard, and the plain ones that rule files know."""

from __future__ import annotations

import re
from typing import Final

from engine.vocabulary import Text

_PLAIN: Final = {
    **{chr(0xFEE0 + number): chr(number) for number in range(0x21, 0x7F)},
    **dict(zip("、。【】〔〕“”„‘’「」『』−–—", ',.[][]"""\'\'""""---', strict=True)),
}
_SIGN: Final = re.compile("[" + "".join(map(re.escape, _PLAIN)) + "]")
QUOTES: Final = "“”„＂‘’＇「」『』"
"""Quotes that are none for YAML."""

OPENING: Final = "｛［【〔"
"""Brackets that are none for YAML."""

LISTED: Final = re.compile(r"[\w.-]+(?: *[，、] *[\w.-]+)+", re.ASCII)
"""Plain words or numbers with full-width commas between them."""


def plain_sign(sign: str) -> str:
    """The plain sign for a full-width one; any other sign as it is.

    >>> plain_sign("：")
    ':'
    """
    return _PLAIN.get(sign, sign)


def plainly(text: str) -> str:
    """A text with plain signs for its full-width ones.

    >>> plainly("２５％")
    '25%'
    """
    return _SIGN.sub(lambda one: _PLAIN[one.group()], text)


def written_plainly(text: str) -> Text | None:
    """A remedy that names the first full-width sign of a text, and the text as it should be typed; None without any.

    >>> written_plainly("７０").en
    '`７` is a full-width character: write `70`.'
    """
    found = _SIGN.search(text)
    if found is None:
        return None
    plain = plainly(text)
    shown = plain if len(plain) <= 60 else plain_sign(found.group())
    return Text(f"`{found.group()}` is a full-width character: write `{shown}`.",
                f"`{found.group()}` 是全角字符，请写成半角的 `{shown}`。")  # fmt: skip


def unquoted(text: str) -> str:
    """A text without the full-width quotes around it, ready to stand between plain double ones.

    >>> unquoted("“Key, or so”")
    'Key, or so'
    """
    return text.strip(QUOTES).replace('"', "'")
