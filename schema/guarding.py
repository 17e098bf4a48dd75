"""Makes fields ask for their permission before they answer, as `schema.permissions` declares it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from functools import partial, wraps
from inspect import isawaitable
from typing import Any, Final

from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, get_named_type, is_list_type

from engine.access import Permission
from engine.errors import ForbiddenError
from schema.commands import Payload, refusals
from schema.context import Context
from schema.permissions import gaps, object_types, of_field

_LOG: Final = logging.getLogger("touchstone.access")
Resolve = Callable[..., Any]


def guard(schema: GraphQLSchema) -> None:
    """Put the declared permission before every field that has one of its own.

    Raises:
        TypeError: A field has no permission declared, or can be reached around it.
    """
    missing = gaps(schema)
    if missing:
        raise TypeError("schema/permissions.py: " + "; ".join(missing))
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    for kind in object_types(schema):
        for name, field in kind.fields.items():
            permission = of_field(schema, kind, name)
            if permission is None and kind not in roots:
                continue
            if kind is schema.mutation_type:
                _guard_mutation(field, permission)
            elif kind is schema.subscription_type:
                field.subscribe = _guarded_events(field.subscribe, permission)
            else:
                field.resolve = _guarded(field.resolve, permission)


def _check(context: Context, permission: Permission | None) -> None:
    if permission is None or context.caller.may(permission):
        return
    if permission not in context.refused:
        context.refused.add(permission)
        _LOG.warning("request %s: %s was refused, without %s", context.request_id, context.actor, permission)
    context.caller.require(permission)


def _guarded(resolve: Any, permission: Permission | None) -> Resolve:
    @wraps(resolve)
    def guarded(source: Any, info: Any, **given: Any) -> Any:
        context: Context = info.context
        if context.renewal is not None:
            return _renewed(context, permission, partial(resolve, source, info, **given))
        _check(context, permission)
        return resolve(source, info, **given)

    return guarded


async def _renewed(context: Context, permission: Permission | None, resolve: Callable[[], Any]) -> Any:
    """On a connection that stays open: look first whether who opened it still counts."""
    await context.renew()
    _check(context, permission)
    answer = resolve()
    return await answer if isawaitable(answer) else answer


def _guard_mutation(field: GraphQLField, permission: Permission | None) -> None:
    """What is not allowed is a mistake the caller can correct: the payload says so, and nothing was done."""
    resolve, empty = _guarded(field.resolve, permission), _empty_of(get_named_type(field.type))

    @wraps(resolve)
    async def guarded(source: Any, info: Any, **given: Any) -> Any:
        try:
            answer = resolve(source, info, **given)
            return await answer if isawaitable(answer) else answer
        except ForbiddenError as error:
            return Payload(refusals(error, info.context.locale, {}), dict(empty))

    field.resolve = guarded


def _empty_of(payload: Any) -> dict[str, Any]:
    """What stands in a refused payload where null must not: nothing, and none."""
    assert isinstance(payload, GraphQLObjectType)
    return {
        name: [] if is_list_type(field.type.of_type) else 0
        for name, field in payload.fields.items()
        if isinstance(field.type, GraphQLNonNull) and name != "userErrors"
    }


def _guarded_events(subscribe: Any, permission: Permission | None) -> Resolve:
    async def guarded(source: Any, info: Any, **given: Any) -> Any:
        await info.context.renew()
        _check(info.context, permission)
        events = subscribe(source, info, **given)
        return _watched(info.context, permission, await events if isawaitable(events) else events)

    return guarded


async def _watched(context: Context, permission: Permission | None, events: Any) -> AsyncIterator[Any]:
    """Events, each only while who asked for them still counts."""
    async with aclosing(events):
        async for event in events:
            await context.renew()
            _check(context, permission)
            yield event
