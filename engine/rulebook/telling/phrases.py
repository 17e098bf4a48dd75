"""Sentences in both languages at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.errors import Place
from engine.vocabulary import Locale, Text

AND: Final = Text(" and ", " 且 ")
OR: Final = Text(" or ", " 或 ")
COMMA: Final = Text(", ", "、")
_BETWEEN_CHINESE: Final = re.compile(r"(?<=[\u4e00-\u9fff”）]) +(?=[\u4e00-\u9fff“（])|(?<=“|（) | (?=[，。、；）])")
"""Spaces that separate numbers and words from Chinese, where there is no such word."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence about one rule.

    Attributes:
        place: Where the rule is written; None: a heading.
        depth: 0 for a heading, 1 for what stands under it, 2 for its details.
    """

    text: Text
    place: Place | None
    depth: int

    def within(self, locale: Locale) -> str:
        """The sentence in one language, its place in brackets at the end."""
        said = self.text.within(locale)
        if self.place is None:
            return said
        return f"{said}（{self.place}）" if locale is Locale.ZH else f"{said} ({self.place})"


def say(en: str, zh: str, **parts: object) -> Text:
    """A sentence with blanks filled in, language by language.

    >>> say("{what} is known", "{what}已知", what=Text("the score", "得分")).zh
    '得分已知'
    """
    return Text(en.format(**_within(parts, Locale.EN)), _close(zh.format(**_within(parts, Locale.ZH))))


def join(separator: Text, parts: Iterable[Text]) -> Text:
    """Texts one after the other.

    >>> join(AND, [Text("a", "甲"), Text("b", "乙")]).zh
    '甲且乙'
    """
    listed = list(parts)
    return Text(
        separator.en.join(part.en for part in listed),
        _close(separator.zh.join(part.within(Locale.ZH) for part in listed)),
    )


def listed(parts: Sequence[Text], last: Text = OR) -> Text:
    """A list as one says it: commas, and a word before the last.

    >>> listed([Text("a"), Text("b"), Text("c")]).en
    'a, b or c'
    """
    if len(parts) < 2:
        return join(COMMA, parts)
    return join(last, [join(COMMA, parts[:-1]), parts[-1]])


def days(number: int) -> Text:
    """A number of days.

    >>> days(1).en, days(28).zh
    ('1 day', '28 天')
    """
    return Text("1 day" if number == 1 else f"{number} days", f"{number} 天")


def quoted(text: Text) -> Text:
    """A name people gave, in quotation marks."""
    return Text(f"“{text.en}”", f"“{text.within(Locale.ZH)}”")


def named(title: Text, name: str) -> Text:
    """A thing by its title, with the name rules know it by.

    >>> named(Text("Key", "重点客户"), "A").zh
    '重点客户（A）'
    """
    if title.en == name and title.within(Locale.ZH) == name:
        return Text(name, name)
    return Text(f"{title.en} ({name})", f"{title.within(Locale.ZH)}（{name}）")


def _close(chinese: str) -> str:
    """Chinese without spaces where no number or foreign word asks for one."""
    return _BETWEEN_CHINESE.sub("", chinese)


def _within(parts: dict[str, object], locale: Locale) -> dict[str, str]:
    return {name: part.within(locale) if isinstance(part, Text) else str(part) for name, part in parts.items()}
