"""The keys of rule files in words: how a sentence calls them, and what they are for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.rulebook.wordings.meanings import BOOK, MARKETS, METRICS
from engine.rulebook.wordings.meanings_of_contacts import CONTACTS, ELSEWHERE, TESTS
from engine.rulebook.wordings.words import WORDS
from engine.vocabulary import Text

_MEANINGS: Final[Mapping[str, Text]] = {**TESTS, **CONTACTS, **BOOK, **METRICS, **MARKETS}


def word(key: str) -> Text:
    """How a sentence calls a key; the key itself if it has no word.

    >>> word("weight").zh
    '权重'
    """
    return WORDS.get(key) or Text(key, key)


def meaning(key: str, owner: str = "") -> Text | None:
    """What a key is for; None: there is no such key.

    Args:
        owner: What it is a key of, as readers call it in English, where the same key means different things.

    >>> meaning("to", "a pending move").en
    'Where it leads.'
    """
    return ELSEWHERE.get(owner, {}).get(key) or _MEANINGS.get(key)
