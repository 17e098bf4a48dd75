"""Parts of a rule file as canonical YAML, so that equal meaning is equal text."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Final

from engine.rulebook.strict import Broken, Node, Scalar, Series, Table
from engine.rulebook.strict.scalars import meaning_of

_PLAIN: Final = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`](?:[^:#,\[\]{}'\"]*[^\s:#,\[\]{}'\"])?")


def canonical(node: Node) -> str:
    """One line of YAML that every reader takes alike.

    Numbers lose trailing zeros, texts lose quotes they do not need, keys keep their order.
    """
    if isinstance(node, Table):
        return "{" + ", ".join(f"{quoted(key)}: {canonical(entry.value)}" for key, entry in node.entries.items()) + "}"
    if isinstance(node, Series):
        return "[" + ", ".join(canonical(item) for item in node.items) + "]"
    return _scalar(node) if isinstance(node, Scalar) else ""


def same(left: Node, right: Node) -> bool:
    """Both say the same; the order of keys does not matter, that of lists does."""
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return left.value == right.value and type(left.value) is type(right.value)
    if isinstance(left, Series) and isinstance(right, Series):
        return len(left.items) == len(right.items) and all(map(same, left.items, right.items))
    if isinstance(left, Table) and isinstance(right, Table):
        return left.entries.keys() == right.entries.keys() and all(
            same(entry.value, right.entries[key].value) for key, entry in left.entries.items()
        )
    return isinstance(left, Broken) and isinstance(right, Broken)


def quoted(text: str) -> str:
    """A text, in double quotes if it needs them."""
    plain = _PLAIN.fullmatch(text) and meaning_of(text) == text
    return text if plain else json.dumps(text, ensure_ascii=False)


def _scalar(scalar: Scalar) -> str:
    if isinstance(scalar.value, Decimal):
        number = f"{scalar.value:f}"
        return number.rstrip("0").rstrip(".") if "." in number else number
    return quoted(scalar.value) if isinstance(scalar.value, str) else scalar.text
