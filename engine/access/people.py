"""Whether two names are one person's, as far as names can tell."""

from __future__ import annotations

import unicodedata


def person_key(name: str) -> str:
    """A name as it is compared: without case, width, spaces and invisible signs.

    >>> person_key("Mei  Lin") == person_key("ＭＥＩ lin\\u200b")
    True
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] not in "ZC")
