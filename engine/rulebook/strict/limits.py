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
        problems: Problems reported for one folder.
    """

    bytes: int = 100_000
    folder_bytes: int = 250_000
    depth: int = 20
    nodes: int = 10_000
    scalar: int = 4_000
    key: int = 120
    problems: int = 500


LIMITS: Final = Limits()
"""The limits in force."""
