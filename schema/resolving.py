"""Shorter ways to values: what Strawberry does before and after a resolver, done once instead of for every field.

Strawberry asks for every value anew which arguments its resolver takes and converts those given. Nearly every value
here has none given; then the resolver can be called as it stands. With arguments the long way is taken.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

from graphql import GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from schema.context import Info

Resolve = Callable[..., Any]

_DEFINITION: Final = GraphQLCoreConverter.DEFINITION_BACKREF


def shorten(schema: GraphQLSchema) -> None:
    """Give every field of every object type the shortest way to its value."""
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType) or kind is schema.subscription_type:
            continue
        for field in kind.fields.values():
            definition = field.extensions.get(_DEFINITION)
            if isinstance(definition, StrawberryField) and field.resolve is not None and not definition.extensions:
                field.resolve = _way(definition, field.resolve)


def _way(definition: StrawberryField, long: Resolve) -> Resolve:
    if definition.base_resolver is None:
        return _attribute(definition.python_name)
    function = definition.base_resolver.wrapped_func
    if isinstance(function, staticmethod | classmethod):
        return long
    takes = set(inspect.signature(function).parameters)
    if "info" not in takes:
        return _of_root(function, long) if "root" in takes else _of_nothing(function, long)
    return _of_root_and_info(definition, function, long) if "root" in takes else _of_info(definition, function, long)


def _attribute(name: str) -> Resolve:
    get = attrgetter(name)

    def short(source: Any, _info: GraphQLResolveInfo[Any]) -> Any:
        return get(source)

    return short


def _of_nothing(function: Resolve, long: Resolve) -> Resolve:
    def short(source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        return long(source, info, **given) if given else function()

    return short


def _of_root(function: Resolve, long: Resolve) -> Resolve:
    def short(source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        return long(source, info, **given) if given else function(source)

    return short


def _of_root_and_info(definition: StrawberryField, function: Resolve, long: Resolve) -> Resolve:
    def short(source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        if given:
            return long(source, info, **given)
        return function(source, Info(_raw_info=info, _field=definition))

    return short


def _of_info(definition: StrawberryField, function: Resolve, long: Resolve) -> Resolve:
    def short(source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        if given:
            return long(source, info, **given)
        return function(info=Info(_raw_info=info, _field=definition))

    return short
