"""The form of a sentence with blanks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """What is wrong and what to do, in both languages; `{…}` are blanks.

    Attributes:
        code: Stable code, with a page in `docs/errors/`.
    """

    code: str
    en: str
    zh: str
    hint_en: str = ""
    hint_zh: str = ""
