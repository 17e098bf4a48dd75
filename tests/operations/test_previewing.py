"""A preview is what publishing and deciding then does, customer by customer, and it writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pytest

from engine.errors import InputError, NotReadyError
from engine.operations.previewing import Preview, attribute, preview
from engine.operations.publishing import publish
from engine.rulebook import Book, applied, load_book
from engine.store import Database
from engine.trials.preview import Attribution
from tests.operations.checks import preview_digests
from tests.operations.shop import (
    READERS,
    contents,
    day,
    decide_at,
    decisions,
    order,
    record,
    rules,
    standings,
)

REGULAR = (
    "  - name: staying\n",
    "  - name: regularity\n      metric: orders_year\n      weight: 40\n"
    "      bins: {edges: [1, 3], points: [0, 60, 100]}\n    - name: staying\n",
)
ORDERS = (
    "  satisfaction: {",
    "  orders_year: {from: orders, take: count(), where: \"status == 'paid'\", within: 365d, type: count, empty: 0, "
    "title: {en: Orders, zh: 单数}}\n  satisfaction: {",
)
EDITS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "a threshold": {"b2c": ("at_least: 70", "at_least: 55")},
    "a weight of each market": {"b2c": ("weight: 50", "weight: 10"), "b2b": ("weight: 40", "weight: 90")},
    "a tier that goes": {"b2c": ("  - {key: B, at_least: 50, title: {en: Potential, zh: 潜力}}\n", "")},
    "a tier that comes": {
        "b2c": ("  - {key: C,", "  - {key: P, at_least: 40, title: {en: New, zh: 新}}\n  - {key: C,")
    },
    "no stability": {
        "b2c": ("stability: {exit_margin: 5, grace: 28d, min_dwell: 60d, down: one_step, up: immediate}\n", "")
    },
    "a metric that means something else": {
        "metrics": ("within: 365d\n    type: money", "within: 90d\n    type: money")
    },
    "a metric that is new": {"metrics": ORDERS, "b2c": REGULAR},
    "days that begin elsewhere": {"rulebook": ("Asia/Shanghai", "America/Los_Angeles")},
    "orders that age sooner": {"rulebook": ("fresh_within: 40d", "fresh_within: 3d")},
    "more room in a day": {"campaigns": ("per_day: 4", "per_day: 9")},
    "news for the lapsed too": {"campaigns": ("when: stage == 'ACTIVE'", "when: stage in ('ACTIVE', 'LAPSED')")},
    "a shorter way to lapse": {"lifecycle": ("silence > 120", "silence > 60")},
}
LATER = 20.0


def candidate(**replaced: tuple[str, str]) -> Book:
    return load_book(rules(**replaced))


def previewed(database: Database, book: Book, as_of: datetime | None = None, now: float = LATER) -> Preview:
    with database.read() as session:
        return preview(session, book, as_of or day(LATER), day(now))


def with_causes(database: Database, book: Book) -> tuple[Preview, Attribution]:
    with database.read() as session:
        done = preview(session, book, day(LATER), day(LATER))
        return done, attribute(session, done)


@pytest.fixture
def running(crowded: Database) -> Database:
    """The shop with its crowd, decided twice, with news since."""
    decide_at(crowded, 0)
    decide_at(crowded, 10)
    record(crowded, [order(ref, 11, 350, number=9) for ref in READERS[:5]], day(12))
    return crowded


@pytest.mark.parametrize("name", EDITS)
def test_a_preview_is_what_publishing_and_deciding_then_does(running: Database, name: str) -> None:
    book = candidate(**EDITS[name])
    before, before_writing = standings(running), contents(running)
    done = previewed(running, book)
    assert contents(running) == before_writing
    publish(running, {file.path: file.text for file in book.files}, "crm-ops", name, day(LATER))
    report = decide_at(running, LATER)
    stored = {key: value for key, value in decisions(running).items() if key[1] == day(LATER)}
    assert preview_digests(done) == stored
    assert len(stored) == len(before) == report.decided == done.comparison.customers
    after = standings(running)
    told = {
        ref: pair.key(int(code))
        for pair in done.comparison.pairs
        for ref, code in zip(pair.refs, pair.after, strict=True)
    }
    assert told == {ref: row.effective for ref, row in after.items()}


@pytest.mark.parametrize("name", EDITS)
def test_the_live_side_is_what_deciding_without_publishing_does(running: Database, name: str) -> None:
    done = previewed(running, candidate(**EDITS[name]))
    decide_at(running, LATER)
    told = {
        ref: pair.key(int(code))
        for pair in done.comparison.pairs
        for ref, code in zip(pair.refs, pair.before, strict=True)
    }
    assert told == {ref: row.effective for ref, row in standings(running).items()}


def test_most_of_these_edits_move_somebody_or_contact_somebody_else(running: Database) -> None:
    felt = {}
    for name, replaced in EDITS.items():
        found = previewed(running, candidate(**replaced)).comparison
        felt[name] = found.moved > 0 or any(one.gained or one.lost for one in found.campaigns)
    assert sum(felt.values()) >= len(EDITS) - 3, felt


def test_the_live_book_against_itself_is_empty(running: Database) -> None:
    done, causes = with_causes(running, candidate())
    found = done.comparison
    assert found.customers == len(standings(running)) > 40
    assert (found.moved, found.moved_down, found.newly_unknown, sum(found.held.values()), len(found.movers)) == (0,) * 5
    assert all(cell.before == cell.after for cell in found.matrix)
    assert sum(cell.customers for cell in found.matrix) == found.customers
    assert all(one.before == one.after and one.gained == one.lost == 0 for one in found.campaigns)
    assert any(one.before for one in found.campaigns)
    assert all(band.before == band.after for band in found.scores)
    assert not any(judged.moved for judged in found.guardrails)
    assert (done.edits, causes.impacts, causes.interaction) == ((), (), 0)


def test_titles_move_nobody_and_are_not_tried(running: Database) -> None:
    done, causes = with_causes(running, candidate(b2c=("en: Spend", "en: Sales")))
    assert done.comparison.moved == 0
    assert [(one.moved, one.after) for one in causes.impacts] == [(0, {})]


def test_impacts_and_interaction_sum_to_what_all_edits_move(running: Database) -> None:
    files = rules(b2c=("at_least: 70", "at_least: 55"))
    files["b2c.yaml"] = files["b2c.yaml"].replace("weight: 50", "weight: 20").replace("at_least: 25", "at_least: 40")
    book = load_book(files)
    done, causes = with_causes(running, book)
    assert len(causes.impacts) == 3
    assert sum(one.moved for one in causes.impacts) + causes.interaction == done.comparison.moved > 0
    assert causes.interaction != 0
    for impact in causes.impacts:
        alone = load_book(applied(done.comparison.live, book, impact.edits))
        assert previewed(running, alone).comparison.moved == impact.moved


def test_a_criterion_that_needs_a_new_metric_is_tried_with_it(running: Database) -> None:
    done, causes = with_causes(running, candidate(metrics=ORDERS, b2c=REGULAR))
    (impact,) = causes.impacts
    assert [edit.item for edit in impact.edits] == ["b2c.scorecard.criteria.regularity", "metrics.orders_year"]
    assert impact.moved == done.comparison.moved > 0
    assert causes.interaction == 0
    assert all(impact.explains(mover) for mover in done.comparison.movers.first(5))


def test_movers_come_by_revenue_with_both_explanations(running: Database) -> None:
    files = rules(b2c=EDITS["no stability"]["b2c"], b2b=("100000, 100", "900000, 100"))
    files["b2c.yaml"] = (
        files["b2c.yaml"].replace("at_least: 70", "at_least: 55").replace("at_least: 50", "at_least: 40")
    )
    found = previewed(running, load_book(files)).comparison
    movers = found.movers.first(1000)
    assert len(movers) == len(found.movers) == found.moved > 2
    keys = [(-mover.revenue, mover.customer_id) for mover in movers]
    assert keys == sorted(keys)
    assert keys[0][0] < 0
    assert {mover.down for mover in movers} == {True, False}
    for mover in movers:
        assert (mover.live.tier.effective, mover.candidate.tier.effective) == (mover.before, mover.after)
        assert mover.live.revision == found.live.revision
        assert mover.candidate.revision == found.candidate.revision
        assert mover.down == (mover.after is None or (mover.before is not None and mover.after > mover.before))


def test_revenue_is_of_purchases_in_the_books_currency_within_365_days(running: Database) -> None:
    ref = READERS[0]
    more = [
        order(ref, -400, 5_000, number=20),
        order(ref, 1, 700, number=21, status="cancelled"),
        order(ref, 2, 900, number=22, currency="USD"),
        order(ref, 3, 11.5, number=23),
        order(ref, LATER + 1, 5_000, number=24),
    ]
    record(running, more, day(LATER))
    found = previewed(running, candidate(b2c=("weight: 50", "weight: 10"))).comparison
    pair = next(pair for pair in found.pairs if ref in pair.refs)
    assert pair.revenue[list(pair.refs).index(ref)] == 10_000 + 35_000 + 1_150


def test_without_an_instant_it_is_now_while_the_data_are_fresh(running: Database) -> None:
    record(running, [order(READERS[0], 19, 10, number=31)], day(19.5))
    with running.read() as session:
        assert preview(session, candidate(), None, day(LATER)).as_of == day(LATER)
        done = preview(session, candidate(), None, day(300))
    assert done.chosen
    assert done.stale == ()
    assert done.as_of == day(19 + 40)
    late = previewed(running, candidate(), day(300), 300)
    assert [stale.source for stale in late.stale] == ["orders"]
    assert not late.chosen


def test_whoever_has_a_later_decision_is_left_out(running: Database) -> None:
    decide_at(running, 15, [READERS[0], READERS[1]])
    done = previewed(running, candidate(), day(12))
    assert done.left_out == 2
    assert done.comparison.customers == len(standings(running)) - 2
    with pytest.raises(InputError, match="Everybody has a decision"):
        previewed(running, candidate(), day(5))


def test_without_a_live_book_there_is_nothing_to_compare_with(sqlite_url: str) -> None:
    from engine.store import open_database

    with open_database(sqlite_url) as database, database.read() as session, pytest.raises(NotReadyError):
        preview(session, candidate(), None, day(0))


def test_the_snapshot_is_of_facts_and_states(running: Database) -> None:
    first = previewed(running, candidate(b2c=("weight: 50", "weight: 10"))).comparison.snapshot
    assert first == previewed(running, candidate(b2c=("weight: 50", "weight: 11"))).comparison.snapshot
    record(running, [order(READERS[0], 13, 10, number=40)], day(14))
    assert first != previewed(running, candidate(b2c=("weight: 50", "weight: 10"))).comparison.snapshot


def test_a_market_without_rules_loses_its_tiers_and_has_no_movers_to_explain(running: Database) -> None:
    files = rules()
    del files["b2b.yaml"]
    done = previewed(running, load_book(files))
    found = done.comparison
    assert {(cell.market.value, cell.after) for cell in found.matrix if cell.before != cell.after} == {("B2B", None)}
    assert found.moved == found.moved_down == 4
    assert len(found.movers) == 0


def test_capacity_one_market_took_is_missing_in_the_other_as_in_a_run(running: Database) -> None:
    book = candidate(
        b2b=("at_least: 60", "at_least: 10"), campaigns=("when: stage == 'LAPSED'", "when: tier in ('A', 'D')")
    )
    done = previewed(running, book)
    publish(running, {file.path: file.text for file in book.files}, "crm-ops", "more calls", day(LATER))
    decide_at(running, LATER)
    stored = {key: value for key, value in decisions(running).items() if key[1] == day(LATER)}
    assert preview_digests(done) == stored
