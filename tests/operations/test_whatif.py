"""A what-if is what deciding would do with the changed inputs, as of any instant, and it writes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.errors import InputError, NotFoundError, NotReadyError, UserProblemsError
from engine.operations.explaining import explain_by_itself
from engine.operations.inputs import stored_decision
from engine.operations.overriding import OverrideInput, end_override, override_tier
from engine.operations.publishing import book_of, publish
from engine.operations.whatif import Asked, WhatIf, try_out, what_if
from engine.rulebook import Book, load_book
from engine.store import Database, open_database
from engine.store.tables import CustomerRow
from engine.vocabulary import ChurnStatus, Locale, MetricState, UnknownCause
from tests.operations.checks import latest_numbers
from tests.operations.shop import (
    READERS,
    SILENT,
    answer,
    consent,
    contents,
    day,
    decide_at,
    decision_of,
    decisions,
    model_digest,
    model_version,
    order,
    predict_by,
    record,
    refs,
    rules,
    ticket,
)
from tests.operations.test_previewing import EDITS, LATER, ORDERS, REGULAR

SOMEBODY, FIRM = "shop:P-0001", "shop:B-0001"
EVERYBODY = [*refs(), *READERS, *SILENT]


@pytest.fixture
def eventful(crowded: Database) -> Database:
    """The shop with its crowd, decided four times, by two books and two models, with whatever happens between."""
    predict_by(crowded, model_version(crowded, "first", -1), -0.5)
    decide_at(crowded, 0)
    override_tier(crowded, OverrideInput(SOMEBODY, "A", "strategic", day(15)), "sales-lead", day(1))
    kept = override_tier(crowded, OverrideInput(READERS[1], "A", "strategic", day(90)), "sales-lead", day(1))
    record(crowded, [consent(READERS[2], 2, "withdrawn", 1), answer(SOMEBODY, 3, 95, 7)], day(4))
    record(crowded, [ticket(READERS[3], 5 + n / 10, n) for n in range(5)], day(6))
    decide_at(crowded, 10)
    end_override(crowded, kept, "sales-lead", "a mistake", day(11))
    publish(crowded, rules(b2c=("at_least: 70", "at_least: 55")), "crm-ops", "generous", day(12))
    record(crowded, [order(ref, 11, 350, number=9) for ref in READERS[:5]], day(12))
    predict_by(crowded, model_version(crowded, "second", 12), 12.5, 0.6)
    decide_at(crowded, 12.6, READERS[:6])
    decide_at(crowded, LATER)
    return crowded


def tried(
    database: Database,
    ref: str = SOMEBODY,
    at: float = LATER,
    book: Book | None = None,
    given: Mapping[str, str | None] | None = None,
    **facts: str | None,
) -> WhatIf:
    with database.read() as session:
        return what_if(
            session, Asked(ref, day(at), None, tuple({**(given or {}), **facts}.items()), book), day(max(at, LATER))
        )


def unchanged_alike(database: Database) -> int:
    """Every stored decision comes out again from the records, by the same book and clocks; gives how many."""
    with database.read() as session:
        names = {row.id: row.ref for row in session.execute(select(CustomerRow)).scalars()}
        numbers = [(names[one], number) for one, found in latest_numbers(session).items() for number in found.values()]
        for ref, number in numbers:
            run, stored = stored_decision(session, number).run, explain_by_itself(session, number)
            asked = Asked(ref, run.as_of, run.as_known_at, (), book_of(session, run.revision))
            again = try_out(session, asked, day(400)).decision
            assert (again.decision_id, again.run_id) == (None, None)
            assert again.explained == stored.explained
            assert again.digest == stored.digest
            assert again.churn == stored.churn
            reads = any(one.name == "churn" for one in stored.explained.metrics)  # companies are decided without
            assert again.model_digest == (stored.model_digest if reads else None)
            assert again.narration(Locale.ZH) == stored.narration(Locale.ZH)
    return len(numbers)


def test_nothing_changed_gives_every_stored_decision_again(eventful: Database) -> None:
    before = contents(eventful)
    assert unchanged_alike(eventful) == 3 * len(EVERYBODY) + 6
    assert contents(eventful) == before


def test_nothing_changed_gives_it_again_on_both_engines(any_shop: Database) -> None:
    decide_at(any_shop, 0)
    record(any_shop, [order(SOMEBODY, 5, 300, number=7)], day(6))
    decide_at(any_shop, 10)
    assert unchanged_alike(any_shop) == 56


@pytest.mark.parametrize("name", EDITS)
def test_a_draft_does_what_publishing_it_and_deciding_then_does(eventful: Database, name: str) -> None:
    book, chosen = load_book(rules(**EDITS[name])), [SOMEBODY, FIRM, READERS[0], READERS[3]]
    at = LATER + 10
    before = contents(eventful)
    found = {ref: tried(eventful, ref, at, book) for ref in chosen}
    assert contents(eventful) == before
    publish(eventful, {file.path: file.text for file in book.files}, "crm-ops", name, day(at))
    for ref in chosen:
        again = tried(eventful, ref, at)  # whoever was decided before it may have taken the day's capacity
        decide_at(eventful, at, [ref])
        stored = f"sha256:{decisions(eventful)[ref, day(at)][0].hex()}"
        assert again.after.decision.digest == stored
        assert again.before is not None
        assert again.before.decision.digest == stored
        if ref == chosen[0]:
            assert found[ref].after.decision.digest == stored
        tiers = [one.after.decision.explained.tier for one in (found[ref], again)]
        assert tiers[0] == tiers[1]


def test_before_the_latest_decision_it_is_what_deciding_then_did(opened_file: Path, tmp_path: Path) -> None:
    """Two shops with the same records: one decided at 0 and 5, the other at 0 and 10."""
    news = [order(SOMEBODY, 3, 300, number=7), consent(SOMEBODY, 3.5, number=7)]
    for name, second in (("then", 5), ("later", 10)):
        shutil.copyfile(opened_file, tmp_path / name)
        with open_database(f"sqlite:///{tmp_path / name}") as database:
            decide_at(database, 0)
            record(database, news, day(4))
            decide_at(database, second)
            if name == "then":
                stored = decisions(database)
                limited = {one for one in refs() if _is_limited(database, one)}
                assert 0 < len(limited) < 8
                continue
            record(database, [order(SOMEBODY, 4.5, 900, number=8)], day(11))
            for ref in refs():
                with database.read() as session:
                    again = try_out(session, Asked(ref, day(5), day(5)), day(30)).decision
                same = again.digest == f"sha256:{stored[ref, day(5)][0].hex()}"
                assert same == (ref not in limited), "alone a customer does not share the day's capacity"
            late = tried(database, at=5).after.decision
            assert late.digest != f"sha256:{stored[SOMEBODY, day(5)][0].hex()}", "by what is known now"
            first = tried(database, at=-0.5).after.decision
            assert first.explained.tier.previous is None


def _is_limited(database: Database, ref: str) -> bool:
    """Its latest decision would have contacted it, had there been room."""
    with database.read() as session:
        told = explain_by_itself(session, decision_of(database, ref)).explained
    return any(one.suppressed_by == "CAPACITY" for one in told.campaigns)


def test_the_instant_is_now_and_everything_known_counts(shop: Database) -> None:
    decide_at(shop, 0)
    record(shop, [order(SOMEBODY, 1, 700, number=7)], day(2))
    with shop.read() as session:
        done = what_if(session, Asked(SOMEBODY), day(3))
        blind = what_if(session, Asked(SOMEBODY, as_known_at=day(1.5)), day(3))
    assert done.after.clocks.as_of == done.after.clocks.as_known_at == day(3)
    revenue = {one.name: one.value for one in done.after.decision.explained.metrics}["revenue"]
    unseen = {one.name: one.value for one in blind.after.decision.explained.metrics}["revenue"]
    assert Decimal(str(revenue)) - Decimal(str(unseen)) == 700


def test_a_fact_set_by_hand_is_what_such_a_record_would_do(shop: Database) -> None:
    """A person of one order: revenue set by hand decides like a larger order."""
    decide_at(shop, 0)
    done = tried(shop, "shop:P-0005", 10, revenue="950.25")
    assert done.before is not None
    was = next(one for one in done.before.decision.explained.metrics if one.name == "revenue")
    missing = Decimal("950.25") - Decimal(str(was.value))
    record(shop, [order("shop:P-0005", -4, float(missing), number=70)], day(9))
    after = tried(shop, "shop:P-0005", 10).after.decision.explained
    told = done.after.decision.explained
    assert (told.score, told.tier, told.criteria) == (after.score, after.tier, after.criteria)
    assert done.delta == sum(one.delta for one in done.shifts) != 0
    assert done.shifts[0].criterion == "spend"


def test_expressions_follow_unless_they_are_set_themselves(shop: Database) -> None:
    basket = (
        "  - name: staying\n",
        "  - name: basket\n      metric: revenue_per_order\n      weight: 40\n      curve: [[0, 0], [500, 100]]\n"
        "    - name: staying\n",
    )
    book = load_book(rules(b2c=basket))
    follows = tried(shop, book=book, revenue="900", orders_ever="3").after.decision.explained
    told = {one.name: one.value for one in follows.metrics}
    assert (told["revenue"], told["orders_ever"], told["revenue_per_order"]) == ("900.00", "3", "300.00")
    itself = tried(shop, book=book, revenue="900", orders_ever="3", revenue_per_order="20").after.decision.explained
    assert {one.name: one.value for one in itself.metrics}["revenue_per_order"] == "20.00"
    unknown = tried(shop, book=book, orders_ever="0").after.decision.explained
    assert {one.name: one.cause for one in unknown.metrics}["revenue_per_order"] is UnknownCause.DIVISION_BY_ZERO


@pytest.mark.parametrize(
    ("ref", "name", "text", "value"),
    [
        (SOMEBODY, "revenue", "1234.5", "1234.50"),
        (SOMEBODY, "revenue", "-3", "-3.00"),
        (SOMEBODY, "orders_ever", " 12 ", "12"),
        (SOMEBODY, "churn", "0.25", "0.250000"),
        (SOMEBODY, "satisfaction", "100", "100.0000"),
        (FIRM, "region", "south", "south"),
        (FIRM, "budget", None, None),
        (SOMEBODY, "revenue", None, None),
    ],
)
def test_a_value_is_read_by_the_metrics_type(
    shop: Database, ref: str, name: str, text: str | None, value: str | None
) -> None:
    told = next(
        one for one in tried(shop, ref, given={name: text}).after.decision.explained.metrics if one.name == name
    )
    assert told.value == value
    assert told.state is (MetricState.KNOWN if text is not None else MetricState.UNKNOWN)
    assert told.cause is (None if text is not None else UnknownCause.MISSING)


@pytest.mark.parametrize(
    ("name", "text", "code", "en", "hint"),
    [
        ("revenu", "1", "UNKNOWN_METRIC", "no metric revenu.", "Did you mean `revenue`?"),
        ("zzz", "1", "UNKNOWN_METRIC", "no metric zzz.", "Possible:"),
        ("revenue", "much", "INVALID", "revenue: A number belongs here, not `much`.", "digits"),
        ("revenue", "1,000", "INVALID", "revenue:", "1000"),
        ("revenue", "1.005", "INVALID", "more digits after the point", "Round"),
        ("revenue", "1e3", "INVALID", "not a plain decimal number", "digits"),
        ("revenue", "", "INVALID", "revenue:", ""),
        ("revenue", "1\x00", "INVALID", "invisible", "Delete"),
        ("revenue", "9" * 5000, "INVALID", "revenue:", ""),
        ("churn", "1.5", "INVALID", "not between 0 and 1", "range"),
        ("orders_ever", "1.5", "INVALID", "more digits", "Round"),
        ("region", "nord", "INVALID", "region:", "`north`"),
        ("region", "", "INVALID", "region:", ""),
    ],
)
def test_what_cannot_be_read_is_refused_in_both_languages(
    shop: Database, name: str, text: str, code: str, en: str, hint: str
) -> None:
    with pytest.raises(UserProblemsError) as refused:
        tried(shop, given={name: text})
    (problem,) = refused.value.problems
    assert (problem.code, problem.path) == (code, ("facts", "0"))
    assert en in problem.message.en
    assert hint in problem.hint.en
    assert not problem.message.zh.isascii()
    assert not problem.hint.zh.isascii()


def test_every_mistake_is_told_at_once(shop: Database) -> None:
    given = (("revenu", "1"), ("churn", "x"), ("revenue", "1"), ("revenue", "2"))
    with shop.read() as session, pytest.raises(UserProblemsError) as refused:
        what_if(session, Asked(SOMEBODY, facts=given), day(1))
    found = [(one.code, one.path[1]) for one in refused.value.problems]
    assert found == [("UNKNOWN_METRIC", "0"), ("INVALID", "1"), ("DUPLICATE", "3")]


def test_a_value_that_a_metric_can_never_have_is_refused(shop: Database) -> None:
    book = load_book(rules(metrics=("type: count\n    empty: 0", "type: count\n    empty: 0\n    high: 50")))
    tried(shop, book=book, orders_ever="50", satisfaction="100")
    with pytest.raises(UserProblemsError) as refused:
        tried(shop, book=book, orders_ever="51", satisfaction="900", tickets_90d="-1")
    told = [(one.code, one.message.en, one.hint.en) for one in refused.value.problems]
    assert told == [
        ("INVALID", "orders_ever cannot be 51.", "Give 0 to 50."),
        ("INVALID", "satisfaction cannot be 900 points.", "Give 0 points to 100 points."),
        ("INVALID", "tickets_90d cannot be -1.", "Give 0 or more."),
    ]
    assert [one.message.zh for one in refused.value.problems][1] == "satisfaction 不可能是 900 分。"


def test_missing_data_set_by_hand_move_nobody(shop: Database) -> None:
    decide_at(shop, 0)
    for ref in refs():
        stored = stored_tier(shop, ref)
        nothing = dict.fromkeys(("revenue", "satisfaction", "churn", "budget", "region", "tickets_90d"))
        assert tried(shop, ref, 5, given=nothing).after.decision.explained.tier.computed == stored


def stored_tier(database: Database, ref: str) -> str | None:
    with database.read() as session:
        return explain_by_itself(session, decision_of(database, ref)).explained.tier.computed


def test_a_metric_no_rule_of_the_market_reads_is_named_and_changes_nothing(shop: Database) -> None:
    plain = tried(shop).after
    done = tried(shop, budget="5", revenue_per_order="7").after
    assert done.idle == ("budget", "revenue_per_order")
    assert done.by_hand == frozenset()
    assert done.decision.digest == plain.decision.digest


def test_a_churn_probability_set_by_hand_has_no_prediction_behind_it(shop: Database) -> None:
    predict_by(shop, model_version(shop, "first", -1), -0.5, 0.1)
    plain, done = tried(shop, at=1).after.decision, tried(shop, at=1, churn="0.9").after.decision
    assert (plain.churn.status, plain.churn.probability) == (ChurnStatus.MODEL, Decimal("0.1"))
    assert plain.model_digest == model_digest("first")
    assert (done.churn.status, done.churn.probability, done.model_digest) == (ChurnStatus.UNAVAILABLE, None, None)
    assert (plain.explained.risk, done.explained.risk) == ("LOW", "HIGH")
    assert not any("10.0 %" in line for line in done.narration(Locale.EN))


def test_a_metric_that_is_only_declared_is_given_by_hand(shop: Database) -> None:
    files = rules(b2c=(REGULAR[0], REGULAR[1].replace("orders_year", "visits")))
    files["metrics.yaml"] = files["metrics.yaml"].replace(ORDERS[0], "  visits: {type: count}\n" + ORDERS[0])
    done = tried(shop, book=load_book(files), visits="4").after.decision.explained
    assert next(one for one in done.criteria if one.name == "regularity").points == 100


def test_only_who_and_what_is_there_can_be_asked_about(shop: Database, sqlite_url: str) -> None:
    with pytest.raises(NotFoundError):
        tried(shop, "shop:P-9999")
    files = rules()
    del files["b2b.yaml"]
    with pytest.raises(InputError, match="no rules for it"):
        tried(shop, FIRM, book=load_book(files))
    with open_database(sqlite_url) as empty, empty.read() as session, pytest.raises(NotReadyError):
        what_if(session, Asked(SOMEBODY), datetime(2026, 3, 1, tzinfo=UTC))


def test_a_draft_for_a_market_without_live_rules_has_nothing_beside_it(shop: Database) -> None:
    files = rules()
    del files["b2b.yaml"]
    publish(shop, files, "crm-ops", "persons only", day(1))
    done = tried(shop, FIRM, book=load_book(rules()))
    assert (done.before, done.delta, done.shifts) == (None, None, ())
    assert done.after.decision.explained.tier.effective is not None
