"""Reads a schema, printed or sketched, into shapes that can be compared."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphql import EnumTypeDefinitionNode, FieldDefinitionNode, InputValueDefinitionNode, Node, parse, print_ast


@dataclass
class Shape:
    """One type: its kind, interfaces, members with their types, and enum values."""

    kind: str
    interfaces: set[str] = field(default_factory=set)
    members: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, dict[str, str]] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)


def shapes(text: str) -> dict[str, Shape]:
    """Types by name."""
    named = ((getattr(node, "name", None), node) for node in parse(text).definitions)
    return {name.value: _shape(node) for name, node in named if name is not None}


def _shape(node: Node) -> Shape:
    shape = Shape(node.kind)
    if isinstance(node, EnumTypeDefinitionNode):
        shape.values = {value.name.value for value in node.values or ()}
    shape.interfaces = {part.name.value for part in getattr(node, "interfaces", None) or ()}
    for member in getattr(node, "fields", None) or ():
        shape.members[member.name.value] = _typed(member)
        if isinstance(member, FieldDefinitionNode):
            shape.arguments[member.name.value] = {part.name.value: _typed(part) for part in member.arguments or ()}
    return shape


def _typed(node: FieldDefinitionNode | InputValueDefinitionNode) -> str:
    default = getattr(node, "default_value", None)
    return print_ast(node.type) + (f" = {print_ast(default)}" if default is not None else "")
