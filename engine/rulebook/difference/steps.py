"""Which steps of an address are keys of the format, and which are names that authors chose."""

from __future__ import annotations

from typing import Final

from engine.rulebook.difference.items import BESIDE

_OF_NAMES: Final = frozenset((
    "criteria", "tiers", "gates", "force", "fixtures", "tests", "triggers", "tags", "channels", "reasons", "sources",
    "given", "last_contact", "bands", "max_moved_down_from",
))  # fmt: skip
"""Keys below which names stand."""
_SAID: Final = frozenset(("title", "reason", "actionable"))
"""Keys of what people are told; no tier depends on them."""


def names_in(path: tuple[str, ...], before: str | None = None, after: str | None = None) -> tuple[bool, ...]:
    """For every step of an address: an author chose it.

    Args:
        before, after: Canonical YAML of the edit; a new order of a list has `order` as its last step.

    >>> names_in(("b2b", "scorecard", "criteria", "weight", "weight"))
    (False, False, False, True, False)
    """
    named = [False]
    for index in range(1, len(path)):
        above = path[index - 1]
        named.append(above in BESIDE if index == 1 else above in _OF_NAMES and not named[-1])
    lists = all(text is not None and text.startswith("[") for text in (before, after))
    if path[-1] == "order" and lists:
        named[-1] = False
    return tuple(named)


def only_said(path: tuple[str, ...]) -> bool:
    """Whether an address lies in a title, a reason or what may be advised, by its keys and not by authors' names.

    >>> only_said(("b2b", "force", "fraud", "reason")), only_said(("b2b", "scorecard", "criteria", "reason"))
    (True, False)
    """
    return any(key in _SAID and not chosen for key, chosen in zip(path, names_in(path), strict=True))
