"""Where a metric's values come from: records, an attribute, an estimate, a model, other metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from engine.errors import Place
from engine.expressions.tree import Declared, Expression
from engine.metrics.declaration import (
    FromExpression,
    FromField,
    FromModel,
    FromRecords,
    FromValue,
    Origin,
    Window,
)
from engine.metrics.derived import OCCURRED_AT
from engine.metrics.sources import SOURCES, Source
from engine.rulebook.blank import Blank
from engine.rulebook.desk import Desk
from engine.rulebook.keys import Keys
from engine.rulebook.parts.takes import read_take
from engine.rulebook.strict import Node, Table
from engine.vocabulary import Text, Unit

_KINDS: Final = ("from", "field", "value", "model", "expr")
_DETAILS: Final = ("take", "where", "within", "min_count", "empty", "max_age", "horizon")
_VALUES: Final = ("clv", "cac", "margin")
_MODELS: Final = ("churn",)

Read = tuple[Origin | None, bool]


def read_origin(keys: Keys, unit: Unit, texts: tuple[str, ...], desk: Desk) -> Read:
    """Read the origin of a metric.

    Returns:
        The origin (None: declared by type only), and whether it could be read.
    """
    written = [kind for kind in _KINDS if keys.has(kind)]
    if not written:
        keys.without(*_DETAILS)
        _declare(keys)
        return None, True
    kind = keys.one_of(*_KINDS)
    if kind is None:
        for key in _DETAILS:
            keys.node(key)
        return None, False
    origin = _READERS[kind](keys, unit, texts, desk)
    _declare(keys)
    return origin, origin is not None


def _declare(keys: Keys) -> None:
    """Let `done` offer every way to give a metric values."""
    for key in (*_KINDS, "take", "where", "within", "min_count", "empty", "max_age"):
        if not keys.has(key):
            keys.node(key)


def _from_records(keys: Keys, unit: Unit, texts: tuple[str, ...], desk: Desk) -> Origin | None:
    name = keys.need("from", desk.values.known(Text("source", "数据来源"), SOURCES))
    within = keys.want("within", lambda node: _window(node, desk), Window())
    min_count = keys.want("min_count", desk.values.whole(1, 10_000), 0)
    empty = keys.seek("empty", desk.stored(unit, texts)) if unit is not Unit.TEXT else None
    keys.without("max_age", "horizon", *(("empty",) if unit is Unit.TEXT else ()))
    where_node = keys.node("where")
    if name is None:
        keys.node("take")
        return None
    source = SOURCES[name]
    take = keys.need("take", lambda node: read_take(node, source, unit, desk))
    where: Expression | None = None
    if where_node is not None:
        where = desk.condition(_record_scope(source, desk))(where_node)
        if where is None:
            return None
    return FromRecords(name, take, where, within, min_count, _whole(empty)) if take else None


def _record_scope(source: Source, desk: Desk) -> Mapping[str, Declared]:
    """Names a `where` may read: the fields of one record."""
    fields = {name: Declared(field.unit, desk.scale(field.unit), field.values) for name, field in source.fields.items()}
    return {**fields, OCCURRED_AT: Declared(Unit.DATE)}


def _window(node: Node, desk: Desk) -> Window | None:
    """`365d`, or `{days: 90, offset: 30}`."""
    if not isinstance(node, Table):
        days = desk.values.days(node)
        if days is not None:
            return Window(days) if desk.values.within(days, 1, 36_500, node.place) else None
        if not isinstance(node, Blank):
            return None
    keys = desk.keys(node, Text("a window", "时间窗口"))
    length = keys.need("days", desk.values.whole(1, 36_500))
    offset = keys.want("offset", desk.values.whole(0, 36_500), 0)
    keys.done()
    return Window(length, offset) if length else None


def _from_field(keys: Keys, unit: Unit, texts: tuple[str, ...], desk: Desk) -> Origin | None:
    field = keys.need("field", desk.values.text)
    age = keys.seek("max_age", desk.values.days)
    written = keys.node("empty")
    empty = desk.stored(unit, texts)(written) if written is not None else None
    keys.without("take", "where", "within", "min_count", "horizon")
    return FromField(field, age, empty) if field else None


def _from_value(keys: Keys, unit: Unit, texts: tuple[str, ...], desk: Desk) -> Origin | None:
    value = keys.need("value", desk.values.known(Text("estimate", "估值"), _VALUES))
    age = keys.seek("max_age", desk.values.days)
    keys.without("take", "where", "within", "min_count", "empty")
    if value == "clv":
        horizon = keys.need("horizon", desk.values.days)
        if horizon is None:
            return None
    else:
        horizon = None
        keys.without("horizon")
    if value is None:
        return None
    if unit is not Unit.MONEY:
        _report_unit(keys.key_place("value"), value, Unit.MONEY, unit, desk)
        return None
    return FromValue(value, horizon, age)


def _from_model(keys: Keys, unit: Unit, texts: tuple[str, ...], desk: Desk) -> Origin | None:
    model = keys.need("model", desk.values.known(Text("model", "模型"), _MODELS))
    age = keys.seek("max_age", desk.values.days)
    keys.without("take", "where", "within", "min_count", "empty", "horizon")
    if model is None:
        return None
    if unit is not Unit.PROBABILITY:
        _report_unit(keys.key_place("model"), model, Unit.PROBABILITY, unit, desk)
        return None
    return FromModel(model, age)


def _report_unit(place: Place, name: str, given: Unit, declared: Unit, desk: Desk) -> None:
    desk.findings.add("take_result", place, text=name, unit=given.value, declared=declared.value)


def _from_expression(keys: Keys, unit: Unit, texts: tuple[str, ...], desk: Desk) -> Origin | None:
    expression = keys.need("expr", desk.expression(desk.scope, unit))
    keys.without("take", "where", "within", "min_count", "empty", "max_age", "horizon")
    return FromExpression(expression) if expression else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


_READERS: Final[Mapping[str, Callable[[Keys, Unit, tuple[str, ...], Desk], Origin | None]]] = {
    "from": _from_records,
    "field": _from_field,
    "value": _from_value,
    "model": _from_model,
    "expr": _from_expression,
}
