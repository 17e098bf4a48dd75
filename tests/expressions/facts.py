"""The names the expression tests speak of, and facts written as text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np

from engine.errors import Place
from engine.expressions import Column, Declared, Fact, ScoreColumn, ScoreFact
from engine.vocabulary import Unit, UnknownCause, scale_of

EPOCH = date(1970, 1, 1).toordinal()
DAY = date(2026, 12, 1).toordinal() - EPOCH
PLACE = Place("b2b.yaml", 3, 10)

UNITS = {
    "n": Unit.COUNT,
    "m": Unit.COUNT,
    "spend": Unit.MONEY,
    "cost": Unit.MONEY,
    "share": Unit.RATIO,
    "p": Unit.PROBABILITY,
    "gap": Unit.DAYS,
    "debt": Unit.DAYS,
    "tenure": Unit.MONTHS,
    "v": Unit.POINTS,
    "ok": Unit.BOOL,
    "good": Unit.BOOL,
    "tier": Unit.TEXT,
    "risk": Unit.TEXT,
    "city": Unit.TEXT,
    "town": Unit.TEXT,
    "d": Unit.DATE,
    "e": Unit.DATE,
    "score": Unit.POINTS,
}
VALUES = {"tier": ("A", "B", "C", "UNRATED"), "risk": ("LOW", "WATCH", "HIGH", "CRITICAL")}
SCOPE = {name: Declared(unit, scale_of(unit, "CNY"), VALUES.get(name, ())) for name, unit in UNITS.items()}


def parse_facts(text: str) -> tuple[dict[str, Fact], ScoreFact | None]:
    """Facts such as `n=3 spend=12.50 ok=true tier=A d=2026-01-31 p=?stale score=40..60`."""
    facts: dict[str, Fact] = {}
    score = None
    for part in text.split():
        name, value = part.split("=", 1)
        if name == "score":
            score = _score(value)
        elif value.startswith("?"):
            facts[name] = Fact(None, UnknownCause(value[1:] or "missing"))
        else:
            facts[name] = Fact(stored(value, UNITS[name]))
    return facts, score


def stored(text: str, unit: Unit) -> int | str:
    """A written value as it is stored."""
    if unit is Unit.TEXT:
        return text
    if unit is Unit.BOOL:
        return int(text == "true")
    if unit is Unit.DATE:
        return date.fromisoformat(text).toordinal() - EPOCH
    value = Decimal(text) * scale_of(unit, "CNY")
    assert value == int(value), f"{text} is finer than the scale of {unit}"
    return int(value)


def _score(text: str) -> ScoreFact:
    """`55` exact, `40..60` known between bounds, `?0..100` unknown between bounds."""
    low, _, high = text.removeprefix("?").partition("..")
    ends = int(Decimal(low) * 10_000), int(Decimal(high or low) * 10_000)
    return ScoreFact(None if text.startswith("?") else sum(ends) // 2, *ends)


def as_columns(facts: dict[str, Fact], length: int) -> dict[str, Column]:
    """The same facts for several customers."""
    return {name: Column.of([fact] * length, UNITS[name]) for name, fact in facts.items()}


def score_column(score: ScoreFact | None, length: int) -> ScoreColumn | None:
    """The same score for several customers."""
    if score is None:
        return None
    value = -1 if score.value is None else score.value
    values, low, high = (np.full(length, number, np.int64) for number in (value, score.low, score.high))
    return ScoreColumn(values, low, high, np.full(length, score.value is not None))
