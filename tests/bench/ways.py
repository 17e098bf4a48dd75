"""The smallest changes that reach the next tier, over eight metrics that somebody can change."""

from __future__ import annotations

import time
from statistics import median

from engine.decisions import States, decide
from engine.decisions.explanation.case import case_of
from engine.decisions.explanation.ways import next_tier_of
from engine.operations.rule_folder import read_rule_folder
from engine.rulebook import Book, load_book
from engine.vocabulary import Market
from tests.bench.measure import CannotMeasureError, Measured
from tests.bench.synthetic import MOMENT, ROOT, synthetic_columns

CUSTOMERS = 200
METRICS = 8
MARKET = Market.B2C


def measure() -> Measured:
    """Milliseconds a customer, the median of those who are not in the best tier."""
    book = _with_eight()
    rules = book.markets[MARKET]
    columns = synthetic_columns(book, CUSTOMERS)
    times, pairs = [], 0
    for row in range(CUSTOMERS):
        one = {name: column.take(slice(row, row + 1)) for name, column in columns.items()}
        states = States.first(1, len(rules.campaigns.triggers))
        case = case_of(book, MARKET, one, states, decide(rules, one, states, MOMENT, "traced"), row=0, moment=MOMENT)
        started = time.perf_counter()
        found = next_tier_of(case)
        if found is not None:
            times.append((time.perf_counter() - started) * 1000)
            pairs += any(len(way.changes) > 1 for way in found.ways)
    ordered = sorted(times)
    detail = (
        f"95 of 100 under {ordered[len(times) * 95 // 100]:.1f} ms; {len(times)} customers, {pairs} need two metrics"
    )
    return Measured(f"ways up over {METRICS} metrics", round(median(times), 2), "ms", 20, False, detail)


def _with_eight() -> Book:
    """The shipped book, in which eight of the market's metrics can be changed."""
    files = read_rule_folder(ROOT / "rules")
    book = load_book(files)
    read = dict.fromkeys(one.metric for one in book.markets[MARKET].scorecard.criteria)
    marked = [name for name in read if book.metrics[name].actionable is not None]
    for name in read:
        if len(marked) < METRICS and name not in marked:
            files = {**files, "metrics.yaml": _marked(files["metrics.yaml"].decode(), name).encode()}
            marked.append(name)
    if len(marked) < METRICS:
        raise CannotMeasureError(f"the shipped book has {len(marked)} metrics that count for {MARKET}")
    return load_book(files)


def _marked(text: str, name: str) -> str:
    """The metrics file with one metric made changeable."""
    place = text.index("\n", text.index(f"\n  {name}:") + 1) + 1
    return f"{text[:place]}    actionable: {{direction: up, step: 1}}\n{text[place:]}"
