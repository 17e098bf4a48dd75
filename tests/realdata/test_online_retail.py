"""The whole job on UCI Online Retail II: import, model, decide, explain, replay."""

from __future__ import annotations

import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import text

from engine.store import open_database
from tests.realdata.conftest import Ran
from tests.realdata.online_retail import AS_OF, Counted, count, markets

pytestmark = pytest.mark.xdist_group("realdata")

TIERS = ["A", "B", "C", "D"]


@pytest.fixture(scope="session")
def counted(retail_file: Path, retail: Ran) -> Counted:
    return count(retail_file)


@pytest.fixture(scope="session")
def sample(retail: Ran) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = retail.json("explain", "--sample", "60")
    return found


def rows(retail: Ran, query: str) -> list[Any]:
    with open_database(retail.url) as database, database.read() as session:
        return list(session.execute(text(query)).all())


def test_every_line_of_the_file_is_accounted_for(retail: Ran, counted: Counted) -> None:
    (summary,) = (json.loads(row[0]) for row in rows(retail, "select summary from import_batch"))
    seen = {**summary, **summary["skipped"], **summary["marked"]}
    assert {name: seen[name] for name in counted.counts} == counted.counts
    assert min(counted.counts.values()) > 0
    assert summary["corrected"] == 0
    parts = ("added", "linked", "quarantined")
    assert sum(summary[part] for part in parts) + sum(summary["skipped"].values()) == 525_461


def test_stored_lines_and_sums_are_those_of_the_file(retail: Ran, counted: Counted) -> None:
    query = "select status, count(*), sum(net), count(distinct reference) from record group by status"
    stored = {row[0]: tuple(row[1:]) for row in rows(retail, query)}
    for status, paid in (("paid", True), ("cancelled", False)):
        mine = counted.lines.filter(pl.col("paid") == paid)
        assert stored[status] == (mine.height, mine["pence"].sum(), mine["Invoice"].n_unique())


def test_quarantined_lines_are_listed_by_row_and_value(retail: Ran, counted: Counted) -> None:
    found = retail.json("data", "quality", "--limit", "100")
    assert found["counts"] == [{"source": "retail", "check": "out_of_range", "count": counted.counts["quarantined"]}]
    assert {(issue["field"], issue["value"]) for issue in found["issues"]} == {("price", "0.0")}


def test_wholesalers_are_companies(retail: Ran, counted: Counted) -> None:
    stored = dict(map(tuple, rows(retail, "select ref, market from customer")))
    assert stored == markets(counted)
    assert Counter(stored.values())["B2B"] > 1_000


def test_predictions_say_where_they_come_from(retail: Ran, counted: Counted) -> None:
    paid = pl.col("paid") & (pl.col("pence") > 0)
    ever = set(counted.before(AS_OF).filter(paid)["ref"].to_list())
    active = set(counted.within(180).filter(paid)["ref"].to_list())
    everybody = set(counted.lines["ref"].to_list())
    by_status: dict[str, set[str]] = {}
    for ref, status, probability in rows(
        retail, "select c.ref, p.status, p.probability from prediction p join customer c on c.id = p.customer_id"
    ):
        by_status.setdefault(status, set()).add(ref)
        assert (probability is None) == (status == "UNAVAILABLE")
        assert probability is None or 0 <= probability <= 1_000_000
    assert by_status == {"MODEL": active, "FALLBACK_BGNBD": ever - active, "UNAVAILABLE": everybody - ever}
    for status, refs in by_status.items():
        assert f"\n{len(refs)} {status} " in re.sub(r" +", " ", retail.printed)


def test_the_model_ranks_better_than_chance_and_recency_and_is_no_leak(retail: Ran, counted: Counted) -> None:
    (shot,) = retail.json("model", "evaluate", "--as-of", AS_OF)["snapshots"]
    assert {"as_of", "customers", "churned", "auc", "log_loss", "brier", "ece", "ece_null"} <= set(shot)
    rivals = shot["baselines"]
    assert set(rivals) == {"base_rate", "recency", "logistic_regression", "bg_nbd"}
    assert rivals["base_rate"]["auc"] == 0.5
    assert 0.68 < shot["auc"] < 0.85
    assert shot["auc"] > rivals["recency"]["auc"] > 0.6
    assert shot["log_loss"] < rivals["base_rate"]["log_loss"]
    bought = counted.lines.filter(pl.col("paid") & (pl.col("pence") > 0))
    day, end = pl.lit(AS_OF).str.to_date(), pl.lit(AS_OF).str.to_date() + pl.duration(days=90)
    active = set(counted.within(180).filter(pl.col("paid") & (pl.col("pence") > 0))["ref"].to_list())
    again = set(bought.filter((pl.col("day") >= day) & (pl.col("day") < end))["ref"].to_list())
    assert (shot["customers"], shot["churned"]) == (len(active), len(active - again))


def test_every_tier_of_both_markets_has_customers(retail: Ran, counted: Counted) -> None:
    sales = dict(counted.within(180).group_by("ref").agg(pl.col("pence").sum()).rows())
    tiers: dict[tuple[str, str | None], list[int]] = {}
    for market, tier, ref in rows(
        retail, "select c.market, s.effective, c.ref from standing s join customer c on c.id = s.customer_id"
    ):
        tiers.setdefault((market, tier), []).append(sales.get(ref, 0))
    assert sum(map(len, tiers.values())) == counted.counts["customers_created"]
    for market in ("B2B", "B2C"):
        rated = sum(len(tiers[market, tier]) for tier in TIERS)
        means = [sum(tiers[market, tier]) / len(tiers[market, tier]) for tier in TIERS]
        assert means == sorted(means, reverse=True), market
        assert 0.01 < len(tiers[market, "A"]) / rated < 0.15
        assert 0.05 < len(tiers[market, "B"]) / rated < 0.40


def test_who_has_not_bought_yet_is_unrated(retail: Ran, counted: Counted) -> None:
    ever = set(counted.before(AS_OF).filter("paid")["ref"].to_list())
    unrated = {row[0]: row[1] for row in rows(
        retail, "select c.ref, s.stage from standing s join customer c on c.id = s.customer_id "
        "where s.effective is null or s.effective = 'UNRATED'")}  # fmt: skip
    assert not set(unrated) & ever
    assert set(unrated.values()) == {"PROSPECT"}
    # whoever has not bought and is rated all the same gave something back: a force rule decided
    given_back = counted.within(180).group_by("ref").agg(pl.col("pence").sum()).filter(pl.col("pence") < 0)
    assert set(counted.lines["ref"].to_list()) - ever - set(unrated) <= set(given_back["ref"].to_list())


def test_explanations_add_up_and_rest_on_the_records(sample: list[dict[str, Any]], counted: Counted) -> None:
    assert {(one["market"], one["tier"]["effective"]) for one in sample} >= {
        (market, tier) for market in ("B2B", "B2C") for tier in (*TIERS, "UNRATED")
    }
    frame = counted.within(180)
    sales = dict(frame.group_by("ref").agg(pl.col("pence").sum()).rows())
    orders = dict(frame.filter("paid").group_by("ref").agg(pl.col("Invoice").n_unique()).rows())
    for one in sample:
        values = {line["metric"]: line["value"] for line in one["criteria"]}
        assert Decimal(values["net_sales_180d"]) == Decimal(sales.get(one["customer"], 0)) / 100
        assert int(values["orders_180d"]) == orders.get(one["customer"], 0)
        assert all(line["place"]["file"] in ("b2b.yaml", "b2c.yaml") for line in one["criteria"])
        assert 0 < len(one["narration"]["en"]) < 12
        assert len(one["narration"]["zh"]) == len(one["narration"]["en"])
        if one["score"] is not None:
            assert sum(Decimal(line["contribution"] or 0) for line in one["criteria"]) == Decimal(one["score"])


def test_estimates_and_predictions_made_later_for_that_day_are_used(retail: Ran, sample: list[dict[str, Any]]) -> None:
    made = {ref: (amount, churn) for ref, amount, churn in rows(
        retail, "select c.ref, v.amount, p.probability from customer c "
        "join value_estimate v on v.customer_id = c.id and v.name = 'clv' "
        "join prediction p on p.customer_id = c.id")}  # fmt: skip
    for one in sample:
        values = {line["metric"]: line["value"] for line in one["criteria"]}
        amount, probability = made[one["customer"]]
        assert values["clv_90d"] == (None if amount is None else str(Decimal(amount).scaleb(-2)))
        assert values["churn"] == (None if probability is None else str(Decimal(probability).scaleb(-6)))


def test_a_horizon_beyond_half_the_history_is_refused(retail: Ran) -> None:
    done = retail.run("value", "fit", "--as-of", AS_OF, "--horizon", "138", "--by", "schedule", expect=2)
    assert "Use at most 137 days" in done.stderr


def test_what_the_file_does_not_tell_is_not_taken_for_leaving(retail: Ran) -> None:
    for words in (("evaluate", "--as-of", "2010-12-01"), ("predict", "--as-of", "2010-12-17", "--by", "schedule")):
        done = retail.run("model", *words, expect=2)
        assert done.stderr.startswith("Orders are complete until 2010-12-09 only")


def test_every_decision_replays_and_the_ledger_holds(retail: Ran, counted: Counted) -> None:
    number = counted.counts["customers_created"]
    assert f"{number} replayed, {number} identical, 0 different" in retail.printed
    assert "Intact: " in retail.printed


def test_nobody_is_written_to_without_consent(retail: Ran) -> None:
    volumes = retail.json("campaigns", "list")
    states = {(one["channel"], one["state"], one["suppressed_by"]) for one in volumes}
    assert ("owner_task", "PENDING", None) in states
    assert {(state, why) for channel, state, why in states if channel == "email"} == {("SUPPRESSED", "CONSENT")}


def test_no_command_takes_two_gigabytes(retail: Ran) -> None:
    assert 100_000 < retail.peak < 2_000_000
