"""Literals that no value of ours can be: numbers of hundreds of digits (Python reads none of thousands), and NUL."""

from __future__ import annotations

import re
from typing import Any, Final

from graphql import DocumentNode, FloatValueNode, IntValueNode, StringValueNode, Visitor, visit

from engine.vocabulary import Text
from schema.faults import FaultError

LONGEST_NUMBER: Final = 100
"""Characters."""
NUL_REFUSED: Final = Text("A text holds the character NUL (U+0000).", "文本含有空字符（U+0000）。")

_SUSPICIOUS: Final = re.compile(rf"[0-9]{{{LONGEST_NUMBER}}}|\\u0000|\\u\{{0+\}}")


def suspicious(text: str) -> bool:
    """Whether a document may have such a literal; most have not, and need not be gone through."""
    return _SUSPICIOUS.search(text) is not None


def refuse_odd(document: DocumentNode) -> None:
    """Refuse a document with such a literal.

    Raises:
        FaultError: BAD_USER_INPUT.
    """
    visit(document, _Literals())


class _Literals(Visitor):
    def enter_int_value(self, node: IntValueNode, *_rest: Any) -> None:
        _refuse_long(node.value)

    def enter_float_value(self, node: FloatValueNode, *_rest: Any) -> None:
        _refuse_long(node.value)

    def enter_string_value(self, node: StringValueNode, *_rest: Any) -> None:
        if "\0" in node.value:
            raise FaultError("BAD_USER_INPUT", NUL_REFUSED)


def _refuse_long(number: str) -> None:
    if len(number) > LONGEST_NUMBER:
        message = Text(f"A number has more than {LONGEST_NUMBER} characters.", f"数字超过 {LONGEST_NUMBER} 个字符。")
        raise FaultError("BAD_USER_INPUT", message)
