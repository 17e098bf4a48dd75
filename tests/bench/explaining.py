"""One customer decided and fully explained, in both languages: the engine's time without the store.

What a run of the columnar evaluator left is there beforehand, as it is in the store. Explaining decides the customer
by the traced evaluator, compares what comes out with it, and puts both into words.
"""

from __future__ import annotations

import time
from statistics import median

from engine.decisions import States, decide, explain_row, narrate
from engine.expressions import Column
from engine.rulebook import Book
from engine.vocabulary import Locale, Market
from tests.bench.measure import Measured
from tests.bench.synthetic import MOMENT, shipped_book, synthetic_columns

CUSTOMERS = 300


def measure() -> Measured:
    """Milliseconds of processor time a customer, the median; half of them of each market."""
    book = shipped_book()
    columns = synthetic_columns(book, CUSTOMERS)
    times = []
    for row in range(CUSTOMERS):
        one = {name: column.take(slice(row, row + 1)) for name, column in columns.items()}
        times.append(_milliseconds(book, Market.B2B if row % 2 else Market.B2C, one))
    ordered = sorted(times)
    detail = f"95 of 100 under {ordered[CUSTOMERS * 95 // 100]:.1f} ms, slowest {ordered[-1]:.1f} ms"
    return Measured("one customer decided and explained", round(median(times), 2), "ms", 5, False, detail)


def _milliseconds(book: Book, market: Market, columns: dict[str, Column]) -> float:
    rules = book.markets[market]
    states = States.first(1, len(rules.campaigns.triggers))
    outcomes = decide(rules, columns, states, MOMENT)
    started = time.process_time()
    explained = explain_row(book, market, columns, states, outcomes, row=0, moment=MOMENT)
    for locale in Locale:
        narrate(explained, locale, "bench:one", None)
    return (time.process_time() - started) * 1000
