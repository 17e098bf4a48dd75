"""Churn on real orders: UCI Online Retail II as of 2010-09-01, 90 days ahead."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.churn import TrainedModel, evaluate, predict, train
from engine.value import AsOf, EventFrame, Purchases
from engine.vocabulary import ChurnStatus

ZONE = "Europe/London"
AS_OF = AsOf.midnight(int(np.datetime64("2010-09-01").astype(int)), ZONE)
AFTER = AsOf.midnight(AS_OF.day + 91, ZONE).at


@pytest.fixture(scope="module")
def retail(shared: Path) -> EventFrame:
    """Invoices as purchases; without cancellations, lines without customer, and exact duplicates."""
    import polars as pl

    lines = pl.read_parquet(shared / "data" / "online_retail_II" / "online_retail_II.parquet").unique()
    kept = lines.filter(
        pl.col("Customer ID").is_not_null()
        & ~pl.col("Invoice").str.starts_with("C")
        & (pl.col("Price") > 0)
        & (pl.col("Quantity") > 0)
    )
    local = pl.col("InvoiceDate").str.to_datetime().min()
    at = local.dt.replace_time_zone(ZONE, ambiguous="earliest").dt.timestamp("us")
    minor = (pl.col("Quantity") * pl.col("Price") * 100).round().cast(pl.Int64).sum()
    invoices = kept.group_by("Invoice").agg(
        customer=pl.col("Customer ID").first(), at=at, day=local.dt.date().cast(pl.Int32), net=minor
    )
    customer, occurred = invoices["customer"].to_numpy(), invoices["at"].to_numpy()
    keys = np.unique(customer)
    purchases = Purchases(
        np.searchsorted(keys, customer).astype(np.int32),
        occurred.copy(),
        invoices["day"].to_numpy().copy(),
        invoices["net"].to_numpy().copy(),
        occurred.copy(),
    )
    return EventFrame(keys, purchases)


@pytest.fixture(scope="module")
def model(retail: EventFrame) -> TrainedModel:
    return train(retail, AS_OF, ZONE)


def test_the_model_is_worth_having(retail: EventFrame, model: TrainedModel) -> None:
    assert model.card["baseline_won"] is None
    snapshot = evaluate(model.document, retail, [AS_OF], AFTER)[0].as_dict()
    rivals = {name: rival["auc"] for name, rival in snapshot["baselines"].items()}
    assert 2_000 < snapshot["customers"] < 4_000
    assert snapshot["auc"] > 0.70
    assert rivals["base_rate"] == 0.5
    assert snapshot["auc"] > rivals["recency"] > 0.60
    assert snapshot["auc"] > rivals["bg_nbd"] - 0.01
    assert snapshot["log_loss"] < snapshot["baselines"]["base_rate"]["log_loss"]
    assert snapshot["auc"] < 0.85  # better than this on these orders is a leak


def test_nothing_after_the_instant_is_used(retail: EventFrame, model: TrainedModel) -> None:
    events = retail.purchases
    later = events.occurred >= AS_OF.at
    poison = replace(events, net=np.where(later, 10**12 - events.net, events.net),
                     customer=np.where(later, 0, events.customer).astype(np.int32))  # fmt: skip
    poisoned = replace(retail, purchases=poison)
    assert train(poisoned, AS_OF, ZONE).digest == model.digest
    before, after = (predict(model.document, frame, AS_OF) for frame in (retail, poisoned))
    assert np.array_equal(before.probability, after.probability)
    assert before.reasons == after.reasons


def test_customers_are_told_apart(retail: EventFrame, model: TrainedModel) -> None:
    statuses = predict(model.document, retail, AS_OF).statuses()
    counts = {status: statuses.count(status) for status in ChurnStatus}
    assert counts[ChurnStatus.MODEL] > 2_000
    assert counts[ChurnStatus.FALLBACK_BGNBD] > 100
    first = np.full(retail.customers, 2**62)
    np.minimum.at(first, retail.purchases.customer, retail.purchases.occurred)
    assert counts[ChurnStatus.UNAVAILABLE] == int((first >= AS_OF.at).sum())
