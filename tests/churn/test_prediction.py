"""Predictions: the same for one as for many, additive reasons, and honest about whom the model knows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.churn import STATUSES, TrainedModel, evaluate, feature_text, open_model, predict
from engine.churn.attribution import attribute
from engine.churn.boosting import contributions, margins
from engine.churn.features import build_matrix
from engine.errors import DamagedError, InputError
from engine.value import AsOf, Attribute, EventFrame, as_known
from engine.vocabulary import SHARE_SCALE, ChurnStatus
from tests.churn.business import AS_OF, ZONE, one_row, shuffled

MODEL = STATUSES.index(ChurnStatus.MODEL)


def test_one_customer_is_a_frame_of_one_row(frame: EventFrame, trained: TrainedModel) -> None:
    together = predict(trained.document, frame, AS_OF)
    for row in range(0, frame.customers, 60):
        alone = predict(trained.document, one_row(frame, row), AS_OF)
        assert alone.probability[0] == together.probability[row]
        assert alone.status[0] == together.status[row]
        assert alone.reasons[0] == together.reasons[row]


def test_order_of_customers_does_not_matter(frame: EventFrame, trained: TrainedModel) -> None:
    mixed = shuffled(frame)
    left, right = predict(trained.document, frame, AS_OF), predict(trained.document, mixed, AS_OF)
    by_key = dict(zip(mixed.keys.tolist(), right.probability.tolist(), strict=True))
    assert [by_key[key] for key in frame.keys.tolist()] == left.probability.tolist()


def test_status_says_who_is_known(frame: EventFrame, trained: TrainedModel) -> None:
    predictions = predict(trained.document, frame, AS_OF, digest=trained.digest)
    known = as_known(frame, AS_OF).purchases
    last = np.full(frame.customers, -1)
    np.maximum.at(last, known.customer, known.day)
    expected = np.where(
        last < 0, "UNAVAILABLE", np.where(last >= AS_OF.day - 180, "MODEL", "FALLBACK_BGNBD")
    )  # fmt: skip
    assert [str(status) for status in predictions.statuses()] == expected.tolist()
    assert set(expected) == {"UNAVAILABLE", "MODEL", "FALLBACK_BGNBD"}
    assert np.array_equal(predictions.known, last >= 0)
    assert not predictions.probability[~predictions.known].any()
    assert predictions.probability.min() >= 0
    assert predictions.probability.max() <= SHARE_SCALE


def test_reasons_are_few_and_ranked(frame: EventFrame, trained: TrainedModel) -> None:
    predictions = predict(trained.document, frame, AS_OF)
    given = [predictions.reasons[row] for row in np.flatnonzero(predictions.status == MODEL)]
    assert all(1 <= len(reasons) <= 4 for reasons in given)
    for reasons in given:
        sizes = [abs(reason.effect) for reason in reasons]
        assert sizes == sorted(sizes, reverse=True)
        assert all(feature_text(reason.feature).zh for reason in reasons)
    assert all(predictions.reasons[row] == () for row in np.flatnonzero(predictions.status != MODEL))


def test_reasons_can_be_kept_to_those_at_risk(frame: EventFrame, trained: TrainedModel) -> None:
    predictions = predict(trained.document, frame, AS_OF, reasons_from=0.6)
    explained = np.array([bool(reasons) for reasons in predictions.reasons])
    risky = (predictions.status == MODEL) & (predictions.probability >= 600_000)
    assert np.array_equal(explained, risky)
    assert explained.any()


def test_tables_give_the_exact_values_of_xgboost(frame: EventFrame, trained: TrainedModel) -> None:
    model = open_model(trained.document)
    assert model.tables is not None
    document = model.document
    known = as_known(frame, AS_OF)
    matrix = build_matrix(known, AS_OF, document.base, document.layout, document.settings.horizon_days)
    matrix[::7, ::3] = np.nan
    ours, theirs = attribute(model.tables, matrix), contributions(model.booster, matrix, document.layout)
    assert np.abs(ours.T - theirs[:, :-1]).max() < 1e-4
    rest = margins(model.booster, matrix, document.layout) - ours.sum(axis=0)
    assert np.ptp(rest) < 1e-4  # what is left is the same constant for everybody


def test_longer_silence_never_lowers_the_probability(frame: EventFrame, trained: TrainedModel) -> None:
    model = open_model(trained.document)
    document = model.document
    known = as_known(frame, AS_OF)
    matrix = build_matrix(known, AS_OF, document.base, document.layout, document.settings.horizon_days)[:200]
    column = document.layout.names.index("days_since_purchase")
    before = margins(model.booster, matrix, document.layout)
    matrix[:, column] += 40
    assert (margins(model.booster, matrix, document.layout) >= before).all()


def test_a_level_never_seen_is_missing_and_reported(frame: EventFrame, trained: TrainedModel) -> None:
    codes = frame.attributes["market"].codes
    strange = replace(frame, attributes={"market": Attribute(codes, ("B2C", "GOV"))})
    blank = replace(frame, attributes={"market": Attribute(np.where(codes == 0, 0, -1).astype(np.int16), ("B2C",))})
    predictions = predict(trained.document, strange, AS_OF)
    assert predictions.unseen == {"market": ("GOV",)}
    assert np.array_equal(predictions.probability, predict(trained.document, blank, AS_OF).probability)


def test_nobody_at_all(trained: TrainedModel, frame: EventFrame) -> None:
    none = EventFrame(np.empty(0, np.int64), frame.purchases.take(np.empty(0, np.intp)))
    assert predict(trained.document, none, AS_OF).reasons == []


def test_evaluate_where_nothing_was_learned(frame: EventFrame, trained: TrainedModel) -> None:
    later = [AsOf.midnight(AS_OF.day - 30, ZONE), AS_OF]
    found = evaluate(trained.document, frame, later, AsOf.midnight(AS_OF.day + 91, ZONE).at, digest=trained.digest)
    assert [snapshot.as_of for snapshot in found] == later[::-1]
    for snapshot in found:
        shape = snapshot.as_dict()
        assert shape["customers"] > shape["churned"] > 0
        assert shape["auc"] > 0.6
        assert 0 < shape["ece_null"] < 0.1
        assert set(shape["baselines"]) == {"base_rate", "recency", "logistic_regression", "bg_nbd"}


@pytest.mark.parametrize(("days", "code"), [(0, "CHURN_SNAPSHOT_OPEN"), (-290, "CHURN_SNAPSHOT_EARLY")])
def test_evaluate_refuses_what_would_mislead(
    frame: EventFrame, trained: TrainedModel, days: int, code: str
) -> None:  # fmt: skip
    with pytest.raises(InputError) as caught:
        evaluate(trained.document, frame, [AsOf.midnight(AS_OF.day + days, ZONE)], AS_OF.at)
    assert caught.value.code == code
    assert caught.value.hint.zh


def test_another_digest_is_refused(frame: EventFrame, trained: TrainedModel) -> None:
    predict(trained.document, frame, AS_OF, digest=trained.digest)
    with pytest.raises(DamagedError, match="digest"):
        predict(trained.document, frame, AS_OF, digest="0" * 64)
