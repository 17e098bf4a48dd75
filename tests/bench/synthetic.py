"""Made-up facts for the shipped books: every metric in a plausible range, some of it unknown."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from engine.decisions import Moment
from engine.expressions import CAUSE_CODE, Column
from engine.metrics import Metric
from engine.operations.rule_folder import read_rule_folder
from engine.rulebook import Book, load_book
from engine.vocabulary import Unit, UnknownCause
from tests.bench.measure import CannotMeasureError

ROOT = Path(__file__).resolve().parents[2]
MOMENT = Moment(datetime(2026, 10, 31, 16, tzinfo=UTC), 20_758)
"""2026-11-01 in Shanghai."""
UNKNOWN_SHARE = 0.05

_TOP = {Unit.BOOL: 2, Unit.COUNT: 20, Unit.DAYS: 420, Unit.MONTHS: 72, Unit.DATE: MOMENT.day}


def shipped_book() -> Book:
    """The shipped rule book."""
    if not any((ROOT / "rules").glob("*.yaml")):
        raise CannotMeasureError("rules/ holds no rule book")
    return load_book(read_rule_folder(ROOT / "rules"))


def synthetic_columns(book: Book, customers: int, seed: int = 1) -> dict[str, Column]:
    """Facts of that many customers for every metric of a book, each unknown for one in twenty."""
    chance = np.random.default_rng(seed)
    return {name: _column(metric, customers, chance) for name, metric in book.metrics.items()}


def _column(metric: Metric, customers: int, chance: np.random.Generator) -> Column:
    unknown = chance.random(customers) < UNKNOWN_SHARE
    causes = np.where(unknown, CAUSE_CODE[UnknownCause.MISSING], 0).astype(np.uint8)
    if metric.unit is Unit.TEXT:
        texts = metric.values or ("a", "b", "c")
        values = chance.integers(0, len(texts), customers)
        return Column(np.where(unknown, 0, values), causes, metric.unit, tuple(texts))
    tops = {Unit.PROBABILITY: metric.scale, Unit.POINTS: 100 * metric.scale, Unit.MONEY: 1_000_000 * metric.scale}
    top = _TOP.get(metric.unit) or tops.get(metric.unit) or 5 * metric.scale
    skewed = (chance.random(customers) ** 3 * top).astype(np.int64)
    return Column(np.where(unknown, 0, skewed), causes, metric.unit)
