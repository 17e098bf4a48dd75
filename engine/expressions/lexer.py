"""Cuts an expression into tokens before Python's parser may see it.

The parser is only handed text in which every character is accounted for and whose length, number of
tokens and nesting are bounded: nothing somebody types can crash it, make it warn or be dropped quietly.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engine.errors import plain_letters
from engine.expressions.language import (
    KEYWORDS,
    MAX_LENGTH,
    MAX_NESTING,
    MAX_TOKENS,
    MULTIPLES,
    NULLS,
    PYTHON_CONSTANTS,
    WORDS_INSTEAD,
    WRITE_INSTEAD,
)
from engine.expressions.report import Report
from engine.vocabulary import Text

_TOKEN: Final = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<text>'[^'\r\n]*'|\"[^\"\r\n]*\")"
    r"|(?P<unclosed>['\"])"
    r"|(?P<number>[0-9](?:[\w.])*|\.[0-9][\w.]*)"
    r"|(?P<name>\w+)"
    r"|(?P<sign><=|>=|==|!=|\*\*|//|<<|>>|<>|=>|=<|:=|->|&&|\|\||[-+*/<>(),.\[\]{}:&|^~@%])"
    r"|(?P<other>.)",
    re.DOTALL,
)
_PLAIN_NUMBER: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_WITH_UNIT: Final = re.compile(r"((?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6})?)(\D{1,2})")
_REFUSED_SIGNS: Final = frozenset({"<>", "=>", "=<", ":=", "->", "&&", "||", "%"})
_OPEN: Final = {"(": ")", "[": "]", "{": "}"}
_CLOSE: Final = frozenset(_OPEN.values())
_PREFIXES: Final = frozenset({"-", "+", "~", "not"})


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression: `kind` is text, number, name or sign; `offset` counts characters from 0."""

    kind: str
    text: str
    offset: int

    @property
    def end(self) -> int:
        """Offset behind it."""
        return self.offset + len(self.text)


def tokens_of(report: Report) -> list[Token]:
    """Cut the expression and note everything that is no token of the language.

    Returns:
        The tokens without white space; none when the expression is too long to be looked at.
    """
    text = report.text
    if len(text) > MAX_LENGTH:
        _limit(report, 0, f"{len(text)} characters", f"{len(text)} 个字符", MAX_LENGTH)
        return []
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind == "space":
            continue
        token = Token(kind, match.group(), match.start())
        _check_token(report, token, tokens[-1] if tokens else None)
        tokens.append(token)
    if not tokens:
        report.add(
            "RULE_SYNTAX",
            0,
            Text("The expression is empty.", "表达式为空。"),
            Text("Write a condition such as `orders_12m >= 4`.", "请写条件，例如 `orders_12m >= 4`。"),
        )
    if len(tokens) > MAX_TOKENS:
        _limit(
            report, tokens[MAX_TOKENS].offset, f"{len(tokens)} words and signs", f"{len(tokens)} 个词和符号", MAX_TOKENS
        )
    _check_nesting(report, tokens)
    return tokens


def _limit(report: Report, offset: int, what: str, what_zh: str, limit: int) -> None:
    report.add(
        "RULE_LIMIT",
        offset,
        Text(f"The expression has {what}; at most {limit} are allowed.", f"表达式有 {what_zh}，最多允许 {limit}。"),
        Text("Split it: give a part a name as an `expr` metric.", "请拆分：把一部分写成 `expr` 指标。"),
    )


def _check_token(report: Report, token: Token, before: Token | None) -> None:
    if token.kind == "text" and before is not None and (before.kind == "text" or _is_prefix(before, token)):
        written = report.text[before.offset : token.end][:40]
        report.add(
            "RULE_SYNTAX",
            before.offset,
            Text(f"{written} is no text.", f"{written} 不是文本。"),
            Text("Write one text in one pair of quotes, without a prefix.", "请用一对引号写一个文本，不加前缀。"),
        )
    check = _CHECKS.get(token.kind)
    if check is not None:
        check(report, token)


def _is_prefix(before: Token, token: Token) -> bool:
    return before.kind == "name" and before.end == token.offset


def _check_text(report: Report, token: Token) -> None:
    if "\\" in token.text or not token.text[1:-1].isprintable():
        report.add(
            "RULE_SYNTAX",
            token.offset,
            Text("A text holds a backslash or an invisible character.", "文本中有反斜杠或不可见字符。"),
            Text("There are no escapes; write the text as it is stored.", "没有转义写法；请照原样写文本。"),
        )


def _check_unclosed(report: Report, token: Token) -> None:
    report.add(
        "RULE_SYNTAX",
        token.offset,
        Text("A quote is opened and never closed.", "引号没有闭合。"),
        Text(f"Close the text with {token.text} on the same line.", f"请在同一行用 {token.text} 结束文本。"),
    )


def _check_number(report: Report, token: Token) -> None:
    if not _PLAIN_NUMBER.fullmatch(token.text):
        shown = token.text[:40]
        message = Text(f"`{shown}` is no number.", f"`{shown}` 不是数字。")
        report.add("RULE_SYNTAX", token.offset, message, _plain_number(token.text))


def _plain_number(text: str) -> Text:
    """How to write what somebody meant by a number with a unit, a separator or a leading zero."""
    found = _WITH_UNIT.fullmatch(text)
    if found and found[2] in MULTIPLES:
        number = (Decimal(found[1]) * MULTIPLES[found[2]]).normalize()
        return Text(f"Write {number:f}, without a unit.", f"请写 {number:f}，不带单位。")
    if text[0] == "0" and text.isdigit():
        return Text(
            "Write a number without separators and leading zeros: 300000, not 300,000.",
            "数字不加千分位，也不以 0 开头：写 300000，不写 300,000。",
        )
    return Text(
        "Write digits and at most one point, e.g. 1000 or 0.25; days are bare numbers.",
        "只写数字和最多一个小数点，例如 1000 或 0.25；天数不带单位。",
    )


def _check_name(report: Report, token: Token) -> None:
    word = token.text
    if not word.isascii():
        # Full-width letters and digits have a plain form; letters that only look Latin have none.
        plain = WORDS_INSTEAD.get(word) or plain_letters(word)
        report.add(
            "RULE_SYNTAX",
            token.offset,
            Text(
                f"`{word[:40]}` is no name: names are ASCII letters, digits and _.",
                f"`{word[:40]}` 不是名称：名称只用英文字母、数字和 _。",
            ),
            Text(f"Write `{plain[:40]}`.", f"请写 `{plain[:40]}`。")
            if plain.isascii()
            else Text(
                "Texts stand in quotes; look for letters that only look Latin.", "文本要加引号；请检查形似英文的字母。"
            ),
        )
    elif word not in KEYWORDS and word.lower() in KEYWORDS and word not in PYTHON_CONSTANTS:
        report.add(
            "RULE_SYNTAX",
            token.offset,
            Text(f"`{word}` is written in lower case.", f"`{word}` 要用小写。"),
            Text(f"Write `{word.lower()}`.", f"请写 `{word.lower()}`。"),
        )
    elif keyword.iskeyword(word) and word not in KEYWORDS | NULLS | set(PYTHON_CONSTANTS) | {"is"}:
        report.add(
            "RULE_EXPRESSION",
            token.offset,
            Text(f"`{word}` is not part of the rule language.", f"规则语言没有 `{word}`。"),
            Text(
                "Use names, numbers, comparisons, `and or not`, `in (…)`.",
                "请使用名称、数字、比较、`and or not`、`in (…)`。",
            ),
        )


def _check_sign(report: Report, token: Token) -> None:
    if token.text == "%":
        report.add(
            "RULE_EXPRESSION",
            token.offset,
            Text("There is no `%` in the rule language.", "规则语言没有 `%`。"),
            Text("Write a share as a number: 0.25 for 25 percent.", "请把比例写成小数：25% 写 0.25。"),
        )
    elif token.text in _REFUSED_SIGNS:
        _refuse_sign(report, token)


def _refuse_sign(report: Report, token: Token) -> None:
    instead = WRITE_INSTEAD.get(token.text)
    visible = token.text.isprintable() and not token.text.isspace()
    shown = token.text if visible else f"U+{ord(token.text[0]):04X}"
    if instead == " ":
        hint = Text("Write a plain space.", "请写普通空格。")
    elif instead is not None:
        hint = Text(f"Write `{instead}`.", f"请写 `{instead}`。")
    elif not visible:
        hint = Text("Delete it; it cannot be seen.", "请删除这个看不见的字符。")
    else:
        hint = Text("One expression, no statements, no comments.", "只能写一个表达式，不能有语句或注释。")
    report.add(
        "RULE_SYNTAX",
        token.offset,
        Text(f"`{shown}` is not part of the rule language.", f"规则语言没有 `{shown}`。"),
        hint,
    )


_CHECKS: Final = {
    "text": _check_text,
    "unclosed": _check_unclosed,
    "number": _check_number,
    "name": _check_name,
    "sign": _check_sign,
    "other": _refuse_sign,
}


def _check_nesting(report: Report, tokens: list[Token]) -> None:
    opened: list[Token] = []
    run = 0
    for token in tokens:
        run = run + 1 if token.text in _PREFIXES else 0
        if token.kind == "sign" and token.text in _OPEN:
            opened.append(token)
        elif token.kind == "sign" and token.text in _CLOSE and (not opened or _OPEN[opened.pop().text] != token.text):
            _unbalanced(report, token)
            return
        if len(opened) > MAX_NESTING or run > MAX_NESTING:
            _limit(report, token.offset, "too many levels", "过多层级", MAX_NESTING)
            return
    for token in opened:
        _unbalanced(report, token)


def _unbalanced(report: Report, token: Token) -> None:
    report.add(
        "RULE_SYNTAX",
        token.offset,
        Text(f"`{token.text}` has no counterpart.", f"`{token.text}` 没有配对。"),
        Text("Every opened bracket is closed once.", "每个括号都要配对。"),
    )
