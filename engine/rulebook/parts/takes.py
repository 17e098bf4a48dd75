"""`take:` of a metric: parsed, and checked against the field's type and the metric's."""

from __future__ import annotations

import re
from typing import Final

from engine.errors import Place
from engine.metrics.declaration import Take
from engine.metrics.derived import OCCURRED_AT
from engine.metrics.segments import SINCE, TAKES
from engine.metrics.sources import Field, Source
from engine.rulebook.blank import Blank
from engine.rulebook.desk import Desk
from engine.rulebook.strict import Node
from engine.vocabulary import Text, Unit

_FORM: Final = re.compile(r"\s*([a-z_]+)\s*\(\s*(?:([a-z_]+)\s*\(\s*([a-z0-9_]*)\s*\)|([a-z0-9_]*))\s*\)\s*", re.ASCII)
_NUMBERS: Final = (Unit.MONEY, Unit.RATIO, Unit.PROBABILITY, Unit.COUNT, Unit.DAYS, Unit.MONTHS, Unit.POINTS)
_ORDERED: Final = (*_NUMBERS, Unit.DATE)
_OPERANDS: Final[dict[str, tuple[Unit, ...]]] = {
    "sum": _NUMBERS,
    "mean": _NUMBERS,
    "median": _NUMBERS,
    "min": _ORDERED,
    "max": _ORDERED,
    "any": (Unit.BOOL,),
    "all": (Unit.BOOL,),
    "count_distinct": tuple(Unit),
    "latest": tuple(Unit),
    "first": tuple(Unit),
    "median_gap": (Unit.DATE,),
    "last_gap": (Unit.DATE,),
    **dict.fromkeys(SINCE, (Unit.DATE,)),
}
_RESULTS: Final = {
    "count": Unit.COUNT,
    "count_distinct": Unit.COUNT,
    "median_gap": Unit.DAYS,
    "last_gap": Unit.DAYS,
    "days_since": Unit.DAYS,
    "days_until": Unit.DAYS,
    "months_since": Unit.MONTHS,
}
_AVERAGES: Final = ("mean", "median")


def read_take(node: Node, source: Source, declared: Unit, desk: Desk) -> Take | None:
    """Read and check what a metric takes of its records.

    Args:
        node: As written, e.g. `days_since(max(occurred_at))`.
        source: Whose fields it may name.
        declared: The metric's type; the result must be of it.
        desk: Where problems go.
    """
    if isinstance(node, Blank):
        node.note({"type": "string", "pattern": f"^{_FORM.pattern}$"})
    scalar = desk.values.scalar(node)
    if scalar is None:
        return None
    found = _FORM.fullmatch(scalar.text)
    if not found:
        desk.findings.add("take_form", scalar.place, text=scalar.text)
        return None
    field = found[3] if found[2] else found[4]
    take = Take(found[1], field or None, found[2], scalar.text)
    places = {"function": scalar.origin(found.start(1)), "inner": scalar.origin(max(found.start(2), 0)),
              "field": scalar.origin(max(found.start(3), found.start(4)))}  # fmt: skip
    if not _functions_known(take, places, desk):
        return None
    unit = _field_unit(take, source, places["field"], desk)
    if unit is None:
        return None
    result = _result(take, unit, places, desk)
    if result is None:
        return None
    if result is not declared and not (_averaged(take) and declared is Unit.RATIO and result is Unit.COUNT):
        desk.findings.add("take_result", scalar.place, text=take.text, unit=result.value, declared=declared.value)
        return None
    return take


def _functions_known(take: Take, places: dict[str, Place], desk: Desk) -> bool:
    """Outside any function; inside only what takes a value of records."""
    outer = take.function in TAKES or take.function in SINCE
    if not outer:
        hint = desk.findings.suggestion(take.function, (*TAKES, *SINCE))
        desk.findings.add("take_function", places["function"], name=take.function, hint=hint)
        return False
    if take.inner is not None and (take.function not in SINCE or take.inner not in TAKES):
        only = Text(f"Only {', '.join(SINCE)} take one inside.", f"只有 {'、'.join(SINCE)} 内可以再写函数。")
        hint = desk.findings.suggestion(take.inner, TAKES) if take.function in SINCE else only
        desk.findings.add("take_function", places["inner"], name=take.inner, hint=hint)
        return False
    return True


def _field_unit(take: Take, source: Source, place: Place, desk: Desk) -> Unit | None:
    """Type of the field taken; `count()` has none and stands for a count."""
    innermost = take.inner or take.function
    if take.field is None:
        if innermost == "count":
            return Unit.COUNT
        desk.findings.add("take_form", place, text=take.text)
        return None
    if innermost == "count":
        hint = Text("Write `count()`, or `count_distinct(…)`.", "请写 `count()` 或 `count_distinct(…)`。")
        desk.findings.add("take_form", place, text=take.text, hint=hint)
        return None
    if take.field == OCCURRED_AT:
        return Unit.DATE
    field: Field | None = source.fields.get(take.field)
    if field is None:
        kind = Text(f"field of {source.name}", f"{source.name} 的字段")
        hint = desk.findings.suggestion(take.field, (*source.fields, OCCURRED_AT))
        desk.findings.add("unknown_name", place, kind=kind, name=take.field, hint=hint)
        return None
    return field.unit


def _result(take: Take, unit: Unit, places: dict[str, Place], desk: Desk) -> Unit | None:
    """Type of the outermost function's value."""
    at = places["inner"] if take.inner else places["function"]
    for function, place in ((take.inner, at), (take.function, places["function"])):
        if function is None:
            continue
        needed = _OPERANDS.get(function)
        if needed is not None and unit not in needed:
            listed = ", ".join(f"`{kind.value}`" for kind in needed)
            desk.findings.add(
                "take_operand", place, function=function, field=take.field or "count()", unit=unit.value, needed=listed
            )
            return None
        unit = _RESULTS.get(function, unit)
    return unit


def _averaged(take: Take) -> bool:
    """A mean of counts may be declared as a ratio, which keeps its fraction."""
    return take.function in _AVERAGES
