"""Models and values: what they learn from, what the ledger says of them, which one a run really used."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sqlalchemy import text

from engine.audit import digest as digest_of
from engine.errors import InputError, NotReadyError
from engine.operations.events import Horizon, read_costs, read_events
from engine.operations.events import as_of as model_instant
from engine.operations.explaining import explain_decision
from engine.operations.modelling import card_of_live, evaluate, predict, train, versions
from engine.operations.publishing import publish
from engine.operations.recording import FieldGiven, RecordGiven
from engine.operations.valuing import estimate_values
from engine.operations.verifying import verify_everything
from engine.store import Database, open_database
from engine.store.tables import to_microseconds
from engine.value import as_known, summarise
from engine.vocabulary import Market, RecordKind
from tests.operations.checks import check_everything, check_ledger
from tests.operations.shop import (
    ZONE,
    add_customer,
    contents,
    count,
    day,
    decide_at,
    decision_of,
    model_digest,
    model_version,
    order,
    predict_by,
    record,
    rules,
)

REF = "shop:P-0050"


def _entries(database: Database) -> list[tuple[str, str | None, dict[str, Any]]]:
    with database.read() as session:
        query = text("select kind, subject, body from ledger_entry where kind <> 'RUN' order by position")
        return [(row.kind, row.subject, orjson.loads(row.body)["body"]) for row in session.execute(query)]


def test_a_model_is_trained_made_live_and_applied(trading: Database) -> None:
    model_version(trading, "old", -200)
    first = train(trading, day(-40), 60, "analyst", "first model", day(-40))
    again = train(trading, day(-40), 60, "analyst", "the same again", day(-39))
    assert again.digest == first.digest
    predicted = predict(trading, day(0), "schedule", day(0))
    assert sum(predicted.values()) == 60
    entries = [one for one in _entries(trading) if one[1] == "model_version:2"]
    assert [(kind, subject) for kind, subject, _ in entries] == [
        ("MODEL_TRAINED", "model_version:2"),
        ("MODEL_PROMOTED", "model_version:2"),
        ("MODEL_TRAINED", "model_version:2"),
        ("RECORD", "model_version:2"),
    ]
    stored = text("select card from model_version where id = 2")
    with trading.write() as session:
        card_text = session.execute(stored).scalar_one()
        assert entries[0][2]["card"] == entries[2][2]["card"] == digest_of(card_text.encode())
        session.execute(text("update model_version set card = '{}' where id = 2"))
        assert "model version 2 is not as its entry says: card" in str(verify_everything(session, None).misfits).lower()
        session.execute(text("update model_version set card = :card where id = 2"), {"card": card_text})
    assert entries[1][2] == {"alias": "live", "before": model_digest("old"), "digest": first.digest, "model": 2}
    assert entries[3][2]["predicted"] == predicted
    report = decide_at(trading, 0)
    assert report.model == first.digest
    assert [(one["digest"], one["aliases"]) for one in _versions(trading)] == [
        (first.digest, ["live"]),
        (model_digest("old"), []),
    ]
    card = _card(trading)
    assert sum(status["customers"] for status in card["predictions"].values()) == 60
    with trading.read() as session:
        answer = explain_decision(session, decision_of(trading, "shop:P-0001"))
    assert (answer.model_digest, card["digest"]) == (first.digest, first.digest)
    check_everything(trading)


def _versions(database: Database) -> list[dict[str, Any]]:
    with database.read() as session:
        return versions(session)


def test_values_are_estimated_and_say_how(trading: Database) -> None:
    report = estimate_values(trading, day(0), 90, "schedule", day(0))
    assert (report["B2C.clv"], report["B2C.margin"], report["B2C.cac"]) == (60, 60, 0)
    assert report["methods"]["B2C.clv"].startswith("bg_nbd")
    assert report["methods"]["B2C.clv"].endswith("/margin")
    kind, subject, body = _entries(trading)[-1]
    assert (kind, subject, body["methods"], body["estimated"]["B2C.clv"]) == ("RECORD", None, report["methods"], 60)
    assert count(trading, "value_estimate", "name = 'clv' and horizon_days = 90") == 60
    known = contents(trading)
    with pytest.raises(InputError, match="half the history"):
        estimate_values(trading, day(0), 365, "schedule", day(0))
    assert contents(trading) == known
    check_ledger(trading)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("update model_version set body = '{}'", "is not as its entry says: digest"),
        ("update model_version set actor = 'mallory'", "is not as its entry says: by"),
        ("delete from model_version", "is not there any more"),
        ("update model_version set digest = 'sha256:x'", "no entry of the value model sha256:x"),
    ],
)
def test_a_fit_that_is_altered_in_its_table_is_told(trading: Database, statement: str, told: str) -> None:
    estimate_values(trading, day(0), 90, "schedule", day(0))
    with trading.write() as session:
        session.execute(text(statement))
        found = verify_everything(session, None)
    assert not found.ok
    assert told in " ".join(one.en for one in found.misfits)


def test_without_a_model_or_customers_it_is_said_what_to_do(shop: Database, sqlite_url: str) -> None:
    for act in (
        lambda: predict(shop, day(0), "schedule", day(0)),
        lambda: evaluate(shop, [], day(0)),
        lambda: _card(shop),
    ):
        with pytest.raises(NotReadyError, match="no churn model") as refused:
            act()
        assert "model train" in (refused.value.hint.en if refused.value.hint else "")
    with open_database(sqlite_url) as empty:
        with pytest.raises(NotReadyError, match="rule book"):
            train(empty, day(0), 90, "analyst", "why", day(0))
        publish(
            empty, rules(rulebook=("  orders: {fresh_within: 40d}", "  surveys: {fresh_within: 40d}")), "a", "b", day(0)
        )
        with pytest.raises(InputError, match="no customers"):
            estimate_values(empty, day(0), 90, "schedule", day(0))


def _card(database: Database) -> dict[str, Any]:
    with database.read() as session:
        return card_of_live(session)


def test_a_run_names_the_model_whose_predictions_it_read(shop: Database) -> None:
    assert decide_at(shop, 0).model is None
    first = model_version(shop, "first", 1)
    assert decide_at(shop, 1).model is None
    predict_by(shop, first, 2)
    assert decide_at(shop, 2).model == model_digest("first")
    second = model_version(shop, "second", 3)
    assert decide_at(shop, 3).model == model_digest("first")
    predict_by(shop, second, 4)
    add_customer(shop, REF, Market.B2C, at=4)
    assert decide_at(shop, 4).model == model_digest("second")
    assert decide_at(shop, 5, [REF]).model is None
    record(shop, [order(REF, 59, 1)], day(60))
    assert decide_at(shop, 60).model is None  # predictions older than 40 days are not read
    with shop.read() as session:
        stored = list(session.execute(text("select model_digest from run order by id")).scalars())
    assert stored == [None, None, model_digest("first"), model_digest("first"), model_digest("second"), None, None]
    runs = [orjson.loads(body)["body"]["models"] for body in _bodies(shop)]
    assert runs == [
        {},
        {},
        {model_digest("first"): 24},
        {model_digest("first"): 24},
        {model_digest("second"): 24},
        {},
        {},
    ]


def _bodies(database: Database) -> list[str]:
    with database.read() as session:
        return list(
            session.execute(text("select body from ledger_entry where kind = 'RUN' order by position")).scalars()
        )


def test_what_is_recorded_later_changes_nothing_learned_before(shop: Database) -> None:
    """Corrections, returns and late orders, recorded after the snapshot, poison nothing as known at it."""
    add_customer(shop, REF, Market.B2C)
    record(shop, [order(REF, -3, 100), order(REF, -2, 50, number=1), order(REF, -1.5, 70, number=2)], day(-1))
    before = _summary(shop, 0, 0)
    record(shop, [order(REF, -2, 900, number=1, corrects=True)], day(1))
    record(shop, [order(REF, -3, 100, status="cancelled", corrects=True)], day(2))
    record(shop, [order(REF, -2.5, 10, number=3)], day(3))
    assert _summary(shop, 0, 0) == before == (3, 22_000)
    assert {known: _summary(shop, 0, known) for known in (0.9, 1, 2, 3)} == {
        0.9: (3, 22_000),
        1: (3, 107_000),
        2: (2, 97_000),
        3: (3, 98_000),
    }


def _summary(database: Database, as_of: float, known: float) -> tuple[int, int]:
    """Purchases and their sum of one customer, read with everything there is and then as known at an instant."""
    far = to_microseconds(day(99))
    with database.read() as session:
        customers, frame = read_events(session, "CNY", str(ZONE), Horizon(far, far))
        _, narrow = read_events(session, "CNY", str(ZONE), Horizon(*(to_microseconds(day(n)) for n in (as_of, known))))
    row = customers.refs.index(REF)
    instant = model_instant(to_microseconds(day(as_of)), str(ZONE))
    seen = [as_known(one, instant, to_microseconds(day(known))).purchases for one in (frame, narrow)]
    sums = [(int((one.customer == row).sum()), int(one.net[one.customer == row].sum())) for one in seen]
    assert sums[0] == sums[1]
    repeats = summarise(frame, instant, to_microseconds(day(known))).repeats[row]
    assert repeats <= sums[0][0]
    return sums[0]


def test_purchases_are_those_of_the_rules_and_what_was_given_back_lowers_sums(shop: Database) -> None:
    add_customer(shop, REF, Market.B2C)
    given = [("placed", 10), ("paid", 20), ("fulfilled", 40), ("cancelled", 80), ("returned", 160), ("returned", -5)]
    orders = [order(REF, -3 + n / 10, net, number=n, status=status) for n, (status, net) in enumerate(given)]
    record(shop, [*orders, order(REF, -2, 7, number=9, currency="USD")], day(-1))
    assert _summary(shop, 0, 0) == (4, 6_500)


def test_costs_are_those_known_then(shop: Database) -> None:
    def cost(number: int, amount: str, kind: str, corrects: bool = False) -> RecordGiven:
        fields = [FieldGiven("amount", amount, "CNY"), FieldGiven("type", kind)]
        return RecordGiven("shop:P-0001", RecordKind.COST, f"C-{number}", day(-3), fields, corrects)

    record(shop, [cost(1, "10.00", "acquisition"), cost(2, "5.00", "service")], day(-1))
    record(shop, [cost(1, "30.00", "acquisition", corrects=True)], day(1))
    found = {}
    for known in (-2, 0, 1):
        horizon = Horizon(to_microseconds(day(0)), to_microseconds(day(known)))
        with shop.read() as session:
            customers, _ = read_events(session, "CNY", str(ZONE), horizon)
            found[known] = read_costs(session, customers, "CNY", str(ZONE), horizon, "acquisition")[2].tolist()
    assert found == {-2: [], 0: [1_000], 1: [3_000]}
