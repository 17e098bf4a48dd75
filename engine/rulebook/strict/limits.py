"""How much a rule file may hold; beyond is an error, never a slow answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of one rule file and of a whole folder.

    Attributes:
        bytes: Of one file.
        folder_bytes: Of all files together.
        depth: Nesting of lists and mappings.
        nodes: Keys, values, lists and mappings of one file.
        scalar: Characters of one value.
        key: Characters of one key.
        problems: Errors, and warnings, reported for one folder.
        suggested: Problems after which nobody looks for the word that was meant any more.
        files: Rule files of one folder.
        folder_nodes: Keys, values, lists and mappings of all files together.
        steps: Steps of all expressions of a book together, for one customer.
        levels: Metrics that read one another in a row.
        tiers: Tiers of one market.
    """

    bytes: int = 100_000
    folder_bytes: int = 250_000
    depth: int = 20
    nodes: int = 10_000
    scalar: int = 4_000
    key: int = 120
    problems: int = 500
    suggested: int = 50
    files: int = 50
    folder_nodes: int = 24_000
    steps: int = 10_000
    levels: int = 32
    tiers: int = 50


LIMITS: Final = Limits()
"""The limits in force."""


@dataclass(slots=True)
class Room:
    """What the files of one folder may still hold together."""

    nodes: int = LIMITS.folder_nodes
