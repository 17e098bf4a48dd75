"""The stored customers as a base for invariants: what rules and invariants read, as of any instant."""

from __future__ import annotations

from engine.operations.computing import compute_run
from engine.operations.facts import Clocks
from engine.operations.trying import base_of
from engine.rulebook import load_book
from engine.store import Database
from engine.trials import run_tests
from engine.vocabulary import Market
from tests.operations.shop import contents, day, decide_at, rules


def test_a_base_is_what_a_run_would_decide_from(shop: Database) -> None:
    decide_at(shop, 10)
    book, clocks = load_book(rules()), Clocks(day(20), day(20))
    with shop.read() as session:
        found = base_of(session, book, clocks)
        runs = list(compute_run(session, book, clocks))
    assert {run.market for run in runs} == set(found)
    for run in runs:
        base = found[run.market]
        assert base.moment.as_of == clocks.as_of
        assert base.states.tier.tolist() == run.states.tier.tolist()
        for name, column in run.assembled.columns.items():
            assert base.columns[name].values.tolist() == column.values.tolist(), name


def test_it_has_metrics_that_only_an_invariant_reads_and_writes_nothing(shop: Database) -> None:
    plain = rules()
    plain["metrics.yaml"] += "  orders_of_all_time: {from: orders, take: count(), type: count, empty: 0}\n"
    plain["b2c.yaml"] += 'invariants: ["every A or B or C or D has orders_of_all_time > 1000"]\n'
    book, before = load_book(plain), contents(shop)
    with shop.read() as session:
        base = base_of(session, book, Clocks(day(20), day(20)))
    assert "orders_of_all_time" in base[Market.B2C].columns
    assert "orders_of_all_time" not in base[Market.B2B].columns
    assert len(run_tests(book, base).failed) == 1
    assert contents(shop) == before
