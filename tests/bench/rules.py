"""The columnar evaluator beside the traced one, over the same shipped book and the same kind of facts."""

from __future__ import annotations

import time

from engine.decisions import States, decide
from engine.expressions import Column
from engine.rulebook import MarketBook
from engine.vocabulary import Market
from tests.bench.measure import Measured
from tests.bench.synthetic import MOMENT, shipped_book, synthetic_columns

MANY = 1_000_000
FEW = 2_000
ROUNDS = 3


def measure() -> Measured:
    """Rows a second of whole decisions by both evaluators; the slower market's ratio counts."""
    book = shipped_book()
    columns = synthetic_columns(book, MANY)
    ratios, told = [], []
    for market in Market:
        many = min(_seconds(book.markets[market], columns, MANY, "columnar") for _ in range(ROUNDS))
        some = {name: column.take(slice(0, FEW)) for name, column in columns.items()}
        few = min(_seconds(book.markets[market], some, FEW, "traced") for _ in range(ROUNDS))
        ratios.append((MANY / many) / (FEW / few))
        told.append(f"{market} columnar {MANY / many / 1e6:.2f} M rows/s, traced {FEW / few:,.0f} rows/s")
    return Measured("columnar against traced", round(min(ratios)), "times", 300, True, "; ".join(told))


def _seconds(rules: MarketBook, columns: dict[str, Column], customers: int, evaluator: str) -> float:
    states = States.first(customers, len(rules.campaigns.triggers))
    started = time.perf_counter()
    decide(rules, columns, states, MOMENT, evaluator)  # type: ignore[arg-type]
    return time.perf_counter() - started
