"""Reads the sketch of the API and keeps what this version has to offer: everything without a mark."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from graphql import (
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputValueDefinitionNode,
    Node,
    parse,
    print_ast,
)

_MARK = re.compile(r"^\s*# ([BCD])\s*$")


@dataclass
class Shape:
    """One type: its kind, interfaces, members with their types, and enum values."""

    kind: str
    interfaces: set[str] = field(default_factory=set)
    members: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, dict[str, str]] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)


def shapes(text: str, marks: bool) -> dict[str, Shape]:
    """Types by name; with `marks`, those and the fields below a line `# B`, `# C` or `# D` are left out."""
    document = parse(text)
    left_out = _marked(text, document) if marks else set()
    found = {}
    for node in document.definitions:
        name = getattr(node, "name", None)
        if name is None or _start(node) in left_out:
            continue
        found[name.value] = _shape(node, left_out)
    return found


def of_sketch(path: Path) -> dict[str, Shape]:
    """The unmarked types of the sketch."""
    return shapes(path.read_text(encoding="utf-8"), marks=True)


def _shape(node: Node, left_out: set[tuple[int, int]]) -> Shape:
    shape = Shape(node.kind)
    if isinstance(node, EnumTypeDefinitionNode):
        shape.values = {value.name.value for value in node.values or ()}
    shape.interfaces = {part.name.value for part in getattr(node, "interfaces", None) or ()}
    for member in getattr(node, "fields", None) or ():
        if _start(member) in left_out:
            continue
        shape.members[member.name.value] = _typed(member)
        if isinstance(member, FieldDefinitionNode):
            shape.arguments[member.name.value] = {part.name.value: _typed(part) for part in member.arguments or ()}
    return shape


def _typed(node: FieldDefinitionNode | InputValueDefinitionNode) -> str:
    default = getattr(node, "default_value", None)
    return print_ast(node.type) + (f" = {print_ast(default)}" if default is not None else "")


def _start(node: Node) -> tuple[int, int]:
    assert node.loc is not None
    return node.loc.start_token.line, node.loc.start_token.column


def _marked(text: str, document: DocumentNode) -> set[tuple[int, int]]:
    """Where the definitions and fields begin that come next after a marking line."""
    starts = []
    for node in document.definitions:
        starts.append(_start(node))
        starts += [_start(member) for member in getattr(node, "fields", None) or ()]
        starts += [_start(member) for member in getattr(node, "values", None) or ()]
    starts.sort()
    marks = [number for number, line in enumerate(text.splitlines(), 1) if _MARK.match(line)]
    return {next(start for start in starts if start[0] > mark) for mark in marks}
