"""Training: same bytes whatever the order, honest splits, a baseline where there is little to learn."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import numpy as np
import pytest

from engine.churn import BASELINES, ChurnSettings, TrainedModel, plan_days, predict, read_document, train
from engine.churn.features import build_matrix, learn_base
from engine.churn.matrix import training_rows
from engine.errors import InputError
from engine.value import AsOf, EventFrame, as_known, canonical
from engine.vocabulary import ChurnStatus
from tests.churn.business import AS_OF, FIRST_DAY, LAST_DAY, MICROSECONDS, ZONE, business, poisoned, shuffled

QUICK = ChurnSettings(trees=40, folds=3)


@pytest.fixture(scope="module")
def quick(frame: EventFrame) -> TrainedModel:
    return train(frame, AS_OF, ZONE, QUICK)


def test_document_does_not_depend_on_the_order_of_rows(frame: EventFrame, quick: TrainedModel) -> None:
    again = train(shuffled(frame), AS_OF, ZONE, QUICK)
    assert again.document == quick.document
    assert again.digest == quick.digest
    assert again.card == quick.card


def test_document_does_not_depend_on_the_number_of_threads(frame: EventFrame, quick: TrainedModel) -> None:
    assert train(frame, AS_OF, ZONE, QUICK, threads=2).document == quick.document


def test_document_is_canonical_json(trained: TrainedModel) -> None:
    body = json.loads(trained.document)
    assert json.dumps(body, sort_keys=True, separators=(",", ":")) == trained.document
    assert len(trained.digest) == 64


def test_nothing_after_the_training_instant_matters(frame: EventFrame, quick: TrainedModel) -> None:
    assert train(poisoned(frame, AS_OF), AS_OF, ZONE, QUICK).document == quick.document


@pytest.mark.parametrize("delay_days", [0, 4])
def test_poison_after_a_cut_off_changes_no_feature(delay_days: int) -> None:
    frame = canonical(business(300, delay_days=delay_days))
    cut_off = AsOf.midnight(FIRST_DAY + 250, ZONE)
    later = AsOf.midnight(FIRST_DAY + 350, ZONE)
    rows = training_rows(frame, [cut_off], later.at, QUICK)
    bad = poisoned(frame, cut_off)
    assert bad.purchases.net.sum() != frame.purchases.net.sum()
    poisoned_rows = training_rows(bad, [cut_off], later.at, QUICK)
    assert poisoned_rows.values.tobytes() == rows.values.tobytes()
    assert poisoned_rows.base == rows.base
    assert not np.array_equal(poisoned_rows.churned, rows.churned)  # labels do lie after it


def test_a_purchase_recorded_late_is_not_known_before() -> None:
    frame, late = business(200), business(200, delay_days=20)
    known, known_late = as_known(frame, AS_OF), as_known(late, AS_OF)
    recent = known.purchases.occurred > AS_OF.at - 20 * MICROSECONDS
    assert len(known.purchases) - len(known_late.purchases) == int(recent.sum()) > 0


def test_features_by_hand() -> None:
    from engine.churn.features import Layout
    from engine.value import EventFrame, Purchases

    day = np.array([100, 110, 110, 130, 195, 300], np.int32)
    occurred = day.astype(np.int64) * MICROSECONDS
    net = np.array([500, 100, 200, -50, 700, 900], np.int64)
    frame = EventFrame(np.array([1]), Purchases(np.zeros(6, np.int32), occurred, day, net, occurred))
    as_of = AsOf.midnight(200, "UTC")
    names = ("days_since_purchase", "usual_gap", "purchase_days", "purchase_days_90", "trend_purchases", "money_total",
             "money_90", "tenure", "month", "silence_expected", "gap_variation")  # fmt: skip
    known = as_known(frame, as_of)
    matrix = build_matrix(known, as_of, learn_base(known, as_of), Layout(names, ()), 90)
    found = dict(zip(names, matrix[0].tolist(), strict=True))
    assert found.pop("silence_expected") != found["tenure"]
    assert np.isnan(found.pop("gap_variation"))
    assert found == {
        "days_since_purchase": 5, "usual_gap": 47.5, "purchase_days": 3, "purchase_days_90": 2, "trend_purchases": 1,
        "money_total": 1450, "money_90": 950, "tenure": 100, "month": 7,
    }  # fmt: skip


def test_snapshots_lie_after_every_label(trained: TrainedModel) -> None:
    settings = ChurnSettings()
    last = max(datetime.fromisoformat(cut_off) for cut_off in trained.card["cut_offs"])
    for snapshot in trained.card["evaluation"]:
        assert datetime.fromisoformat(snapshot["as_of"]) > last + timedelta(days=settings.horizon_days)


@pytest.mark.parametrize("length", range(100, 1_000, 37))
def test_plan_keeps_labels_apart(length: int) -> None:
    settings = ChurnSettings(gap_days=5)
    plan = plan_days(0, length, settings)
    reach = settings.horizon_days + settings.gap_days
    for snapshot in plan.snapshots:
        assert snapshot + reach <= length
        assert all(cut_off + reach <= snapshot for cut_off in plan.cut_offs)
    assert all(cut_off + reach <= length for cut_off in plan.cut_offs)
    assert bool(plan.cut_offs) == (length >= settings.min_history_days + reach)


def test_card_says_what_it_is(trained: TrainedModel) -> None:
    card = trained.card
    assert card["digest"] == trained.digest
    assert "90" in card["label"]["zh"]
    assert card["counts"]["churned_customers"] >= 100
    assert card["matrix"]["rows"] == card["counts"]["rows"]
    assert set(card["evaluation"][0]["baselines"]) == set(BASELINES)
    assert "market" in card["features"]
    assert card["levels"]["market"] == ["B2B", "B2C"]
    json.dumps(card, allow_nan=False)


def test_the_model_beats_what_knows_less(trained: TrainedModel) -> None:
    assert trained.card["baseline_won"] is None
    for snapshot in trained.card["evaluation"]:
        assert snapshot["auc"] > snapshot["baselines"]["recency"]["auc"] > 0.5
        assert snapshot["log_loss"] < snapshot["baselines"]["base_rate"]["log_loss"]


@pytest.mark.parametrize(
    ("customers", "statuses"),
    [(40, {ChurnStatus.FALLBACK_SEGMENT}), (330, {ChurnStatus.FALLBACK_BGNBD})],
)
def test_with_too_few_events_a_baseline_answers_and_says_so(customers: int, statuses: set[ChurnStatus]) -> None:
    small = business(customers)
    model = train(small, AS_OF, ZONE)
    assert model.card["baseline_won"] in BASELINES
    assert "100" in model.card["baseline_won_because"]["en"]
    assert read_document(model.document).trees is None
    predictions = predict(model.document, small, AS_OF)
    assert set(predictions.statuses()) - {ChurnStatus.UNAVAILABLE} == statuses
    assert all(reasons == () for reasons in predictions.reasons)


def test_between_few_and_enough_cross_validation_decides() -> None:
    model = train(business(600), AS_OF, ZONE, QUICK)
    assert 100 <= model.card["counts"]["churned_customers"] < 250
    answers = read_document(model.document).answers
    assert model.card["baseline_won"] == (None if answers == "xgboost" else answers)
    assert (model.card["baseline_won_because"] is None) == (answers == "xgboost")


def test_a_sample_is_drawn_by_customer(frame: EventFrame) -> None:
    model = train(frame, AS_OF, ZONE, ChurnSettings(trees=20, folds=2, max_rows=1_500))
    counts = model.card["counts"]
    assert 1_000 < counts["rows"] < 2_000
    assert counts["sampled_share"] < 0.8


def test_too_short_a_history_is_refused_with_a_remedy(frame: EventFrame) -> None:
    with pytest.raises(InputError) as caught:
        train(frame, AsOf.midnight(FIRST_DAY + 100, ZONE), ZONE)
    assert caught.value.code == "CHURN_HISTORY"
    assert "121 days" in caught.value.hint.en


def test_records_imported_after_the_fact_are_refused_with_a_remedy() -> None:
    frame = business(100)
    recorded = np.full(len(frame.purchases), AS_OF.at, np.int64)
    from dataclasses import replace

    late = replace(frame, purchases=replace(frame.purchases, recorded=recorded))
    with pytest.raises(InputError) as caught:
        train(late, AS_OF, ZONE)
    assert caught.value.code == "CHURN_NOBODY_ACTIVE"
    assert "recorded_at" in caught.value.hint.zh


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match="at least 1"):
        ChurnSettings(horizon_days=0)


def test_last_day_is_after_the_horizon() -> None:
    assert AS_OF.day + 90 < LAST_DAY
