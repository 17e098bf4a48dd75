"""Text to a syntax tree of Python's `ast`, bounded, with offsets in characters."""

from __future__ import annotations

import ast

from engine.expressions.language import CURRENCY_WORDS, KEYWORDS, MAX_DEPTH, MAX_NODES
from engine.expressions.lexer import Token, tokens_of
from engine.expressions.report import Report
from engine.vocabulary import Text


class Source:
    """An expression's text with what is needed to point into it."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        # ast counts bytes of UTF-8; people and places count characters.
        self._characters = {} if text.isascii() else _byte_offsets(text)

    def offset(self, node: ast.expr) -> int:
        """Where a node begins."""
        return self._characters.get(node.col_offset, node.col_offset)

    def end(self, node: ast.expr) -> int:
        """Where a node ends."""
        end = node.end_col_offset if node.end_col_offset is not None else node.col_offset
        return self._characters.get(end, end)

    def written(self, node: ast.expr) -> str:
        """A node as somebody wrote it."""
        return self.text[self.offset(node) : self.end(node)]

    def sign_after(self, node: ast.expr) -> int:
        """Where the operator behind a node stands: the first sign or word that is no bracket."""
        end = self.end(node)
        return next((t.offset for t in self.tokens if t.offset >= end and t.text not in (")", "]", "}")), end)

    def in_brackets(self, node: ast.expr) -> bool:
        """Whether a node stands directly behind an opening bracket."""
        offset = self.offset(node)
        before = [token for token in self.tokens if token.end <= offset]
        return bool(before) and before[-1].text == "("


def parse(report: Report) -> tuple[ast.expr | None, Source]:
    """Parse the expression of a report; None when it cannot be read, with the problems noted."""
    tokens = tokens_of(report)
    # Outside of texts every kind of white space is one space: offsets stay what they were.
    text = report.text.replace("\r", " ").replace("\n", " ").replace("\t", " ")
    source = Source(text, tokens)
    if report.problems:
        return None, source
    start = tokens[0].offset
    try:
        # Blanks in front would be indentation; brackets around them keep the offsets.
        tree = ast.parse(text if start == 0 else "(" + text[1:] + ")", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as fault:
        _unreadable(report, tokens, getattr(fault, "offset", None))
        return None, source
    _check_size(report, tree)
    return (None if report.problems else tree), source


def number_before(tokens: list[Token], token: Token) -> Token | None:
    """The number right before a word that is no keyword: somebody wrote a unit; None: it is none."""
    place = tokens.index(token)
    unit = token.kind == "name" and token.text not in KEYWORDS and place > 0 and tokens[place - 1].kind == "number"
    return tokens[place - 1] if unit else None


def _byte_offsets(text: str) -> dict[int, int]:
    offsets, position = {}, 0
    for index, character in enumerate(text):
        offsets[position] = index
        position += len(character.encode("utf-8", "surrogatepass"))
    offsets[position] = len(text)
    return offsets


def _unreadable(report: Report, tokens: list[Token], column: int | None) -> None:
    """Note where Python's parser stopped: at a token, or at the end."""
    words = {t.text for t in tokens}
    if "if" in words and "else" not in words:
        hint = Text("A choice is written `value if condition else other`.", "选择写作 `值 if 条件 else 其他值`。")
    else:
        hint = Text("Look for a missing operator, value or comma.", "请检查是否缺少运算符、值或逗号。")
    token = next((t for t in tokens if column and t.end > column - 1), None)
    number = number_before(tokens, token) if token is not None else None
    if token is not None and number is not None:
        shown = token.text[:40]
        message = Text(f"`{shown}` cannot stand behind a number.", f"数字后面不能写 `{shown}`。")
        what, what_zh = ("amounts", "金额") if token.text in CURRENCY_WORDS else ("numbers", "数字")
        hint = Text(
            f"Write {number.text} alone: {what} are written without a unit, in that of what they are compared with.",
            f"请只写 {number.text}：{what_zh}不写单位，按所比较的指标的单位计。",
        )
        report.add("RULE_SYNTAX", token.offset, message, hint)
    elif token is None:
        message = Text("The expression ends too early.", "表达式没有写完。")
        report.add("RULE_SYNTAX", tokens[-1].end, message, hint)
    else:
        shown = token.text[:40]
        message = Text(f"The expression cannot be read at `{shown}`.", f"表达式在 `{shown}` 处无法读懂。")
        report.add("RULE_SYNTAX", token.offset, message, hint)


def _check_size(report: Report, tree: ast.expr) -> None:
    """Count nodes and levels without recursion, so that the checker behind may recurse."""
    level: list[ast.AST] = [tree]
    nodes = depth = 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    for count, limit, what, what_zh in (
        (nodes, MAX_NODES, "parts", "部分"),
        (depth, MAX_DEPTH, "levels", "层"),
    ):
        if count > limit:
            report.add(
                "RULE_LIMIT",
                0,
                Text(
                    f"The expression has {count} {what}; at most {limit} are allowed.",
                    f"表达式有 {count} {what_zh}，最多 {limit}。",
                ),
                Text("Split it: give a part a name as an `expr` metric.", "请拆分：把一部分写成 `expr` 指标。"),
            )
