"""Promise 4: every stored decision replays identically, whatever happened before and since.

Golden databases of earlier schemas are replayed in `tests/store/test_upgrading.py`.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from engine.decisions import (
    decide,
    decision_digests,
    from_kept,
    kept,
    row_bytes,
    row_layout,
)
from engine.expressions import Column
from engine.store import Database, open_database
from engine.store.chunks import Chunk, encode_chunk
from engine.vocabulary import Market, Unit, UnknownCause
from tests.decisions.random_books import (
    BOOKS,
    MOMENT,
    SEEDS,
    differing,
    random_book,
    random_columns,
    random_states,
    rules_of,
)
from tests.operations.checks import check_everything, check_explanations
from tests.operations.life import Life
from tests.operations.shop import contents, count, decide_at
from tests.promises.sizes import hold, sizes
from tests.shell import Shell


def replays_to_the_same_bytes(book_seed: int, seed: int) -> None:
    book, market = random_book(book_seed), Market.B2C
    columns, states = random_columns(book, seed, 16), random_states(book, seed + 1, 16)
    before = [getattr(states, f.name).tobytes() for f in fields(states)]
    outcomes = decide(rules_of(book), columns, states, MOMENT)
    assert [getattr(states, f.name).tobytes() for f in fields(states)] == before
    nobody = Column.unknown(16, Unit.TEXT, UnknownCause.MISSING)
    mine = kept(rules_of(book), columns, states, outcomes, previous=nobody, shown={})
    chunk = Chunk(encode_chunk(mine.header, mine.arrays), "it")
    facts, given_states, left = from_kept(chunk.header, chunk)
    again = decide(rules_of(book), facts, given_states, MOMENT, "traced")
    assert differing(again, left) == []
    rows, layout = row_bytes(columns, states, outcomes), row_layout(columns, states, outcomes)
    assert row_layout(facts, given_states, again) == layout
    header = {"revision": book.revision, "engine_version": "1", "as_of": MOMENT.as_of, "market": market}
    digests = decision_digests(rows, layout, **header)
    assert digests == decision_digests(row_bytes(facts, given_states, again), layout, **header)
    assert len(set(digests)) == len({row.tobytes() for row in rows})


@sizes(40, 2_000)
def test_a_stored_decision_replays_to_the_same_bytes(size: int) -> None:
    hold(replays_to_the_same_bytes, size, book_seed=BOOKS, seed=SEEDS)


def live(database: Database, seed: int, acts: int) -> None:
    """A history by chance, after which everything that is stored fits together and replays."""
    life = Life(database, seed)
    decide_at(database, 0)
    for _ in range(acts):
        life.happen()
    life.now += 1
    life.decide_all()
    check_everything(database)
    check_explanations(database)


MANY = [pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 30)]


@pytest.mark.parametrize("seed", [0, 1, *MANY])
def test_whatever_happens_what_is_stored_fits_together_and_replays(shop: Database, seed: int) -> None:
    live(shop, seed, 24)


def test_on_postgres_too(postgres_shop_url: str) -> None:
    with open_database(postgres_shop_url) as database:
        live(database, 7, 12)


def test_replay_all_makes_a_whole_history_again_and_writes_nothing(shop_url: str, tmp_path: Path) -> None:
    """Through the command line, in a process of its own."""
    with open_database(shop_url) as database:
        life = Life(database, 5)
        first = (life.decide_all, life.import_file, life.correct, life.override, life.predict, life.decide_all)
        then = (life.publish, life.buy, life.decide_some, life.import_file, life.roll_back, life.decide_all)
        for act in (*first, *then):
            life.now += 2.5
            act()
        before = contents(database)
        assert count(database, "import_batch") == 2
    report = json.loads(Shell(tmp_path).process("replay", "--all", "--json", database_url=shop_url).stdout)
    assert report["checked"] == report["identical"] == 28 * 3 + 5
    assert report["different"] == []
    with open_database(shop_url) as database:
        assert contents(database) == before
