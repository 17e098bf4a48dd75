"""Whether two names are one person's, as far as names can tell."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U0001d159\U000e0000-\U000e0fff]"
)
"""Signs that fonts show as nothing and that are neither spaces nor controls: Unicode's Default_Ignorable_Code_Point
outside of these, the empty Braille pattern and the empty note head."""


def person_key(name: str) -> str:
    """A name as it is compared: without case, width, spaces and invisible signs, and with one kind of hyphen.

    >>> person_key("Mei  Lin") == person_key("ＭＥＩ lin\\u200b\\u3164")
    True
    >>> person_key("author-2") == person_key("author\\u20102")
    True
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    kinds = ((sign, unicodedata.category(sign)) for sign in _UNSEEN.sub("", folded))
    return "".join("-" if kind == "Pd" else sign for sign, kind in kinds if kind[0] not in "ZC")


def has_unseen(name: str) -> bool:
    """Whether a name has signs that nobody sees, spaces aside.

    >>> has_unseen("mei lin"), has_unseen("mei\\u3164"), has_unseen("mei\\u200b")
    (False, True, True)
    """
    return not name.isprintable() or _UNSEEN.search(name) is not None
