"""Writes queries that ask for every field, so that each one is answered at least once."""

from __future__ import annotations

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)


def selection(kind: object, schema: GraphQLSchema, depth: int, skip: frozenset[str] = frozenset()) -> str:
    """Every field of a type whose arguments may be left out, down to a depth; things that lead back only by id."""
    if is_leaf_type(kind):
        return ""
    if isinstance(kind, GraphQLInterfaceType):
        return "{ __typename id }"
    assert isinstance(kind, GraphQLObjectType)
    parts = []
    for name, field in kind.fields.items():
        part = _field(name, field, schema, depth, skip)
        if part:
            parts.append(part)
    return "{ " + " ".join(parts or ["__typename"]) + " }"


def selections(
    kind: object, schema: GraphQLSchema, depth: int, skip: frozenset[str] = frozenset(), parts: int = 3
) -> list[str]:
    """The same in several selections, so that none of them asks for more rows than are allowed at once."""
    if not isinstance(kind, GraphQLObjectType):
        return [selection(kind, schema, depth, skip)]
    asked = [_field(name, field, schema, depth, skip) for name, field in kind.fields.items()]
    asked = [one for one in asked if one] or ["__typename"]
    return ["{ " + " ".join(asked[start::parts]) + " }" for start in range(min(parts, len(asked)))]


def _field(name: str, field: GraphQLField, schema: GraphQLSchema, depth: int, skip: frozenset[str]) -> str:
    inner = get_named_type(field.type)
    if any(isinstance(part.type, GraphQLNonNull) for part in field.args.values()):
        return f"{name}(market: B2B) {selection(inner, schema, depth - 1, skip)}" if name == "tiers" else ""
    if is_leaf_type(inner):
        return name
    if depth <= 0 or inner.name in skip:
        return ""
    page = "(first: 2)" if "first" in field.args and inner.name.endswith("Connection") else ""
    return f"{name}{page} {selection(inner, schema, depth - 1, skip)}"
