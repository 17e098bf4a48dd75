"""`metrics.yaml`: the declared metrics."""

from __future__ import annotations

import keyword
from typing import Final

from engine.expressions.language import FUNCTIONS, KEYWORDS, NULLS, PYTHON_CONSTANTS
from engine.expressions.tree import Declared
from engine.metrics.declaration import Actionable, Metric
from engine.rulebook.blank import Blank, demand
from engine.rulebook.desk import Desk
from engine.rulebook.keys import Keys
from engine.rulebook.parts.order import in_order
from engine.rulebook.parts.origins import read_origin
from engine.rulebook.strict import Node, Scalar, Series, Table
from engine.vocabulary import SHARE_SCALE, Text, Unit

FILE: Final = "metrics.yaml"
_SPECIAL: Final = ("score", "tier", "stage", "phase", "risk", "market", "occurred_at")
_RESERVED: Final = frozenset((*_SPECIAL, *FUNCTIONS, *KEYWORDS, *NULLS, *PYTHON_CONSTANTS, *keyword.kwlist))
"""Words no expression can read as a name."""

_NUMERIC: Final = frozenset(set(Unit) - {Unit.BOOL, Unit.TEXT, Unit.DATE})


def read_metrics(node: Node, desk: Desk) -> None:
    """Read every metric into `desk.metrics`, in an order in which expressions follow what they read."""
    keys = desk.keys(node, Text("the metrics file", "指标文件"))
    declared = keys.needed("metrics")
    keys.done()
    desk.metrics_unread = not isinstance(declared, Table)
    if declared is None:
        return
    entries = desk.values.entries(declared, Text("the list of metrics", "指标清单"))
    for name, entry in entries.items():
        _announce(name, entry.value, desk)
        demand(entry.key, **{"not": {"enum": sorted(_RESERVED)}})
        if desk.values.name(entry.key) in _RESERVED:
            desk.findings.add("reserved", entry.key.place, text=name)
    found: dict[str, Metric] = {}
    for name, entry in entries.items():
        metric = _metric(name, entry.key, entry.value, desk)
        if metric is not None:
            found[name] = metric
    desk.metrics.update(in_order(found, desk))


def _announce(name: str, node: Node, desk: Desk) -> None:
    """Make a metric known to expressions before any is checked: they may read later ones."""
    written = node.entries.get("type") if isinstance(node, Table) else None
    kind = written.value.text if written and isinstance(written.value, Scalar) else ""
    if kind not in tuple(Unit):
        desk.doubtful.add(name)
        return
    unit = Unit(kind)
    desk.scope[name] = Declared(unit, desk.scale(unit), _texts(node))


def _texts(node: Node) -> tuple[str, ...]:
    entry = node.entries.get("values") if isinstance(node, Table) else None
    items = entry.value.items if entry and isinstance(entry.value, Series) else ()
    return tuple(item.text for item in items if isinstance(item, Scalar))


def _metric(name: str, key: Scalar, node: Node, desk: Desk) -> Metric | None:
    owner = Text("a metric", "指标") if isinstance(node, Blank) else Text(f"the metric `{name}`", f"指标 `{name}`")
    keys = desk.keys(node, owner)
    kind = keys.need("type", desk.values.choice(tuple(Unit)))
    title = keys.seek("title", desk.title)
    if kind is None:
        keys.give_up()
        return None
    unit = Unit(kind)
    values = _values(keys, unit, desk)
    origin, complete = read_origin(keys, unit, values, desk)
    actionable = _actionable(keys, unit, desk)
    low, high = _bounds(keys, unit, desk)
    keys.done()
    if not complete:
        return None
    return Metric(name, unit, desk.scale(unit), title or Text(name), key.place, origin, actionable, low, high, values)


def _values(keys: Keys, unit: Unit, desk: Desk) -> tuple[str, ...]:
    """The texts a text metric may have."""
    if unit is not Unit.TEXT:
        keys.without("values")
        return ()
    node = keys.node("values")
    items = desk.values.items(node, "values") if node is not None else ()
    texts = [desk.values.text(item) for item in items]
    return tuple(text for text in texts if text is not None)


def _actionable(keys: Keys, unit: Unit, desk: Desk) -> Actionable | None:
    if unit not in _NUMERIC:
        keys.without("actionable")
        return None
    node = keys.node("actionable")
    if node is None:
        return None
    inner = desk.keys(node, Text("actionable", "可改变的指标"))
    direction = inner.need("direction", desk.values.choice(("up", "down")))
    step = inner.need("step", desk.amount(unit))
    demand(inner.node("step"), exclusiveMinimum=0)
    inner.done()
    if step is not None and step <= 0:
        desk.findings.add("not_positive", inner.key_place("step"), key="step")
        return None
    return Actionable(direction == "up", step) if direction and step else None


def _bounds(keys: Keys, unit: Unit, desk: Desk) -> tuple[int | None, int | None]:
    """Values beyond these are unknown (out of range); a probability is never beyond 0 and 1."""
    if unit not in _NUMERIC:
        keys.without("low", "high")
        return None, None
    low, high = keys.seek("low", desk.amount(unit)), keys.seek("high", desk.amount(unit))
    if unit is Unit.PROBABILITY:
        low, high = low or 0, SHARE_SCALE if high is None else high
    if low is not None and high is not None and low > high:
        desk.findings.add("low_above_high", keys.key_place("high"))
    return low, high
