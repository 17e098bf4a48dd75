"""What the rule language consists of: its words, its functions, its limits, and what people write instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.vocabulary import Text

MAX_LENGTH: Final = 4_000
"""Characters of an expression; checked before anything reads it."""

MAX_TOKENS: Final = 800
"""Words, numbers and signs of an expression; checked before Python's parser sees it."""

MAX_NESTING: Final = 32
"""Parentheses, and signs such as `not` or `-`, inside one another."""

MAX_DEPTH: Final = 64
"""Levels of the tree."""

MAX_NODES: Final = 400
"""Nodes of the tree as written."""

MAX_COST: Final = 1_000
"""Steps an evaluator takes for one customer; a chain reads its middle twice, so this is not the number of nodes."""

SCORE: Final = "score"
"""The one name whose comparisons look at bounds."""

KEYWORDS: Final = frozenset({"and", "or", "not", "in", "if", "else", "true", "false"})

NULLS: Final = frozenset({"null", "NULL", "Null", "nil", "none", "NaN", "nan", "None", "undefined"})

PYTHON_CONSTANTS: Final[Mapping[str, str]] = {"True": "true", "False": "false", "TRUE": "true", "FALSE": "false"}


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the closed list.

    Attributes:
        least, most: Number of arguments; `most` None: any number.
        cost: Steps it takes besides its arguments.
        usage: How to write it.
        meaning: One sentence.
    """

    least: int
    most: int | None
    cost: int
    usage: str
    meaning: Text


FUNCTIONS: Final[Mapping[str, Function]] = {
    "min": Function(2, None, 1, "min(a, b)", Text("The least; unknown if any is unknown.", "最小值；有未知则未知。")),
    "max": Function(
        2, None, 1, "max(a, b)", Text("The greatest; unknown if any is unknown.", "最大值；有未知则未知。")
    ),
    "abs": Function(1, 1, 1, "abs(x)", Text("Without its sign.", "绝对值。")),
    "round": Function(1, 1, 1, "round(x)", Text("To the nearest whole number, half to even.", "四舍六入五成双取整。")),
    "floor": Function(1, 1, 1, "floor(x)", Text("Down to a whole number.", "向下取整。")),
    "ceil": Function(1, 1, 1, "ceil(x)", Text("Up to a whole number.", "向上取整。")),
    "clamp": Function(3, 3, 2, "clamp(x, low, high)", Text("x, kept between low and high.", "限制在上下限之间。")),
    "between": Function(3, 3, 1, "between(x, a, b)", Text("a <= x and x <= b.", "a <= x 且 x <= b。")),
    "days_since": Function(1, 1, 1, "days_since(date)", Text("Local days from a date to today.", "距今天数。")),
    "months_between": Function(
        2, 2, 20, "months_between(a, b)", Text("Whole months from a to b.", "从 a 到 b 的整月数。")
    ),
    "in_last": Function(
        2, 2, 2, "in_last(date, days)", Text("today - days <= date < today.", "今天 - 天数 <= 日期 < 今天。")
    ),
    "coalesce": Function(2, None, 1, "coalesce(x, y)", Text("The first that is known.", "第一个已知的值。")),
    "known": Function(1, 1, 1, "known(x)", Text("Whether x is known.", "x 是否已知。")),
    "missing": Function(1, 1, 1, "missing(x)", Text("Whether x is unknown.", "x 是否未知。")),
}
"""The closed list. Every other function but `coalesce`, `known` and `missing` is unknown as soon as an argument is."""

WRITE_INSTEAD: Final[Mapping[str, str]] = {
    "=": "==", "<>": "!=", "=>": ">=", "=<": "<=", "&&": "and", "||": "or", "!": "not",
    "，": ",", "、": ",", "（": "(", "）": ")", "“": "'", "”": "'", "‘": "'", "’": "'", "＝": "==", "＜": "<",
    "＞": ">", "！": "not", "≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/", "−": "-", "–": "-", "－": "-",
    "＋": "+", "＊": "*", "／": "/", "。": ".", "．": ".", "　": " ", "\u00a0": " ",
}  # fmt: skip
"""Signs people write, and what the language has for them."""

WORDS_INSTEAD: Final[Mapping[str, str]] = {
    **dict.fromkeys(("且", "并且", "而且", "同时", "和", "与"), "and"), **dict.fromkeys(("或", "或者"), "or"),
    **dict.fromkeys(("非", "不", "没有"), "not"), **dict.fromkeys(("是", "等于"), "=="),
    **dict.fromkeys(("不是", "不等于"), "!="), "大于": ">", "小于": "<", "大于等于": ">=", "不小于": ">=",
    "小于等于": "<=", "不大于": "<=", **dict.fromkeys(("属于", "在"), "in"), "如果": "if", "否则": "else",
    "真": "true", "假": "false",
}  # fmt: skip
"""Chinese words for the words and signs of the language."""

MULTIPLES: Final[Mapping[str, int]] = {
    **dict.fromkeys(("d", "天", "日", "元"), 1), **dict.fromkeys(("k", "K", "千"), 1_000),
    **dict.fromkeys(("w", "万", "万元"), 10_000), **dict.fromkeys(("m", "M", "百万"), 1_000_000),
    **dict.fromkeys(("亿", "亿元"), 100_000_000),
}  # fmt: skip
"""What people write behind a number, and how much of it that is."""

CURRENCY_WORDS: Final = frozenset({"CNY", "RMB", "USD", "EUR", "JPY", "HKD", "GBP", "TWD"})
"""Currencies somebody may write behind an amount."""
