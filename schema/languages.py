"""The language a reader asked for."""

from __future__ import annotations

import re
from typing import Final

from engine.vocabulary import Locale

_LANGUAGE: Final = re.compile(r"\s*([A-Za-z]{1,8})[-A-Za-z0-9]*\s*(?:;\s*q\s*=\s*([0-9.]+))?\s*")


def language_of(accepted: str) -> Locale:
    """The first language of an Accept-Language header we speak; else English.

    >>> language_of("zh-CN,zh;q=0.9,en;q=0.8"), language_of("fr, *;q=0.1")
    (<Locale.ZH: 'zh'>, <Locale.EN: 'en'>)
    """
    best, chosen = 0.0, Locale.EN
    for part in accepted[:200].split(","):
        match = _LANGUAGE.fullmatch(part)
        if match is None or match[1].lower() not in frozenset(Locale):
            continue
        weight = weight_of(match[2])
        if weight > best:
            best, chosen = weight, Locale(match[1].lower())
    return chosen


def weight_of(text: str | None) -> float:
    """The weight in an Accept header; what is no number weighs nothing."""
    try:
        return 1.0 if text is None else float(text)
    except ValueError:
        return 0.0
