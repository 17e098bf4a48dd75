"""Stored numbers as the text of a typed value."""

from __future__ import annotations

from engine.decisions.explanation.values import exact
from engine.vocabulary import Unit, scale_of
from schema.scalars import Value


def value_text(unit: Unit, number: int | None, text: str | None, currency: str | None) -> Value | None:
    """A stored value as text: exact decimal, `true`/`false`, text or date.

    >>> value_text(Unit.MONEY, 12345, None, "CNY"), value_text(Unit.BOOL, 1, None, None)
    ('123.45', 'true')
    """
    shown = exact(text if unit is Unit.TEXT else number, unit, scale_of(unit, currency or ""))
    return None if shown is None else Value(shown)
