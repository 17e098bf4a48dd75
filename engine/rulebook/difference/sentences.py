"""Edits as sentences in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from engine.rulebook.difference.steps import names_in
from engine.rulebook.wordings.keywords import word
from engine.vocabulary import Text

_FILES: Final[Mapping[str, Text]] = {
    "b2b": Text("B2B", "B2B"),
    "b2c": Text("B2C", "B2C"),
    "metrics": Text("Metrics", "指标"),
    "lifecycle": Text("Lifecycle", "生命周期"),
    "campaigns": Text("Campaigns", "活动"),
    "rulebook": Text("Rule book", "规则总表"),
}
_SILENT: Final = frozenset(("scorecard", "criteria", "triggers", "metrics", "lifecycle"))
"""Keys on the way that a reader does not need."""

_KINDS: Final[Mapping[str, Text]] = {
    "tiers": Text("tier", "等级"),
    "gates": Text("gate", "门槛"),
    "force": Text("force rule", "强制规则"),
    "tests": Text("test", "测试"),
    "fixtures": Text("fixture", "样例"),
    "tags": Text("tag", "标签"),
    "channels": Text("channel", "渠道"),
    "reasons": Text("reason", "原因"),
}
"""Lists whose items are introduced by what they are."""

_PLAIN_LIST: Final = re.compile(r"\[[^\[\]{}]*\]")
_PAIR: Final = re.compile(r"\[([^\[\],]+), ([^\[\],]+)\]")


def sentence(path: tuple[str, ...], before: str | None, after: str | None) -> Text:
    """Say an edit in words.

    >>> sentence(("b2b", "scorecard", "criteria", "churn_risk", "weight"), "5", "8").en
    'B2B · churn_risk: weight 5 → 8'
    >>> sentence(("b2b", "tiers", "A", "at_least"), "70", "72").zh
    'B2B · 等级 A：起点分 70 → 72'
    """
    return Text(_sentence(path, before, after, "en"), _sentence(path, before, after, "zh"))


def _sentence(path: tuple[str, ...], before: str | None, after: str | None, language: str) -> str:
    file, where, key = _steps(path, before, after, language)
    begin = " · ".join([file, *where])
    colon, added, removed = (": ", "added", "removed") if language == "en" else ("：", "新增", "删除")
    if before is not None and after is not None:
        told = _in_detail(before, after, language) or f"{_short(before)} → {_short(after)}"
        return f"{begin}{colon}{key} {told}"
    shown = after if after is not None else before or ""
    change = added if after is not None else removed
    listing = f" ({_short(shown)})" if len(shown) <= 80 else ""
    return f"{begin}{colon}{key} {change}{listing}"


def _steps(path: tuple[str, ...], before: str | None, after: str | None, language: str) -> tuple[str, list[str], str]:
    """File, things on the way, and the key or thing itself, in words."""
    file = getattr(_FILES[path[0]], language) if path[0] in _FILES else path[0]
    if len(path) == 1:
        return file, [], {"en": "file", "zh": "文件"}[language]
    named = names_in(path, before, after)
    told: list[str] = []
    for index, step in enumerate(path[1:], 1):
        leads_on = index + 1 < len(path) and named[index + 1] and step in _KINDS
        if named[index]:
            kind = _KINDS.get(path[index - 1])
            name = f"“{step}”" if path[index - 1] == "tests" else step
            told.append(f"{getattr(kind, language)} {name}" if kind else name)
        elif index == len(path) - 1 or not (step in _SILENT or leads_on):
            told.append(getattr(word(step), language))
    return file, told[:-1], told[-1]


def _in_detail(before: str, after: str, language: str) -> str | None:
    """What differs between two lists: words that came and went, or points of a curve; None: it is told as a whole."""
    colon, added, removed = (" ", "added", "removed") if language == "en" else ("", "新增 ", "删除 ")
    gap, at = (", ", "at ") if language == "en" else ("，", "")
    if _PLAIN_LIST.fullmatch(before) and _PLAIN_LIST.fullmatch(after):
        old, new = (text[1:-1].split(", ") if len(text) > 2 else [] for text in (before, after))
        told = [f"{added}{colon}{item}" for item in new if item not in old]
        told += [f"{removed}{colon}{item}" for item in old if item not in new]
        return gap.join(told) or None
    old_points, new_points = dict(_PAIR.findall(before)), dict(_PAIR.findall(after))
    if not (before.startswith("[[") and after.startswith("[[")):
        return None
    told = [f"{at}{x}: {old_points[x]} → {y}" for x, y in new_points.items() if old_points.get(x, y) != y]
    told += [f"{added}{colon}[{x}, {y}]" for x, y in new_points.items() if x not in old_points]
    told += [f"{removed}{colon}[{x}, {y}]" for x, y in old_points.items() if x not in new_points]
    return gap.join(told) or None


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}…"
