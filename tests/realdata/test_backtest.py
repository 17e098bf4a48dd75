"""The back-test of docs/backtest.md on Online Retail II, against what is counted straight from the file."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.realdata.conftest import ROOT, Ran
from tests.realdata.online_retail import Counted, count, markets

pytestmark = pytest.mark.xdist_group("realdata")

AS_OF, DAYS = date(2010, 6, 1), 180
WORDS = ("rules", "backtest", "docs/examples/online-retail", "--at", str(AS_OF), "--horizon", f"{DAYS}d")


@pytest.fixture(scope="module")
def counted(retail_file: Any, retail: Ran) -> Counted:
    return count(retail_file)


@pytest.fixture(scope="module")
def tested(retail: Ran) -> dict[str, dict[str, Any]]:
    return {one["market"]: one for one in retail.json(*WORDS)}


def brought(lines: pl.DataFrame, first: date, last: date) -> dict[str, int]:
    mine = lines.filter("paid", pl.col("day") >= first, pl.col("day") < last)
    return dict(mine.group_by("ref").agg(pl.col("pence").sum()).rows())


@pytest.mark.parametrize("market", ["B2B", "B2C"])
def test_customers_revenue_and_churn_are_those_of_the_file(
    tested: dict[str, dict[str, Any]], counted: Counted, market: str
) -> None:
    lines, of = counted.lines, markets(counted)
    (instant,) = tested[market]["instants"]
    known = {ref for ref in lines.filter(pl.col("day") < AS_OF)["ref"].unique().to_list() if of[ref] == market}
    assert instant["customers"] == len(known)
    later = brought(lines, AS_OF, AS_OF + timedelta(days=DAYS))
    total = sum(pence for ref, pence in later.items() if ref in known)
    assert sum(tier["revenue_total"] for tier in instant["tiers"]) == pytest.approx(total / 100)
    active = known & set(brought(lines, AS_OF - timedelta(days=180), AS_OF))
    assert sum(tier["active"] for tier in instant["tiers"]) == len(active)
    assert sum(tier["churned"] for tier in instant["tiers"]) == len(active - set(later))


@pytest.mark.parametrize("market", ["B2B", "B2C"])
def test_the_rival_last_years_revenue_ranks_as_well_as_the_file_says(
    tested: dict[str, dict[str, Any]], counted: Counted, market: str
) -> None:
    of = markets(counted)
    (instant,) = tested[market]["instants"]
    past = brought(counted.lines, date(2009, 1, 1), AS_OF)
    later = brought(counted.lines, AS_OF, AS_OF + timedelta(days=DAYS))
    seen = counted.lines.filter(pl.col("day") < AS_OF)["ref"].unique(maintain_order=True).to_list()
    refs = [ref for ref in seen if of[ref] == market]  # a few of them have no tier and are not ranked
    rank, money = (np.array([found.get(ref, 0) for ref in refs], float) for found in (past, later))

    def area(by: Any) -> float:
        signs = np.sign(by[:, None] - by[None, :])
        return float(((money[:, None] - money[None, :]) * signs).sum() / (2 * len(money) ** 2 * money.mean()))

    (rival,) = [one for one in instant["rivals"] if one["name"] == "revenue_12m"]
    assert rival["gini"] == pytest.approx(area(rank) / area(money), abs=0.005)


def test_the_clocks_are_assumed_and_nothing_stored_later_was_used(tested: dict[str, dict[str, Any]]) -> None:
    for one in tested.values():
        (instant,) = one["instants"]
        assert instant["clocks_assumed_share"] == 1
        assert {estimate["metric"]: estimate["origin"] for estimate in instant["estimates"]} == {
            "churn": "estimated", "clv_90d": "estimated",
        }  # fmt: skip
        assert all(tier["margin"] is None for tier in instant["tiers"])


def test_documented_figures_are_those_measured(tested: dict[str, dict[str, Any]]) -> None:
    """Tiers rest on a model that another processor may round otherwise: counts within three, figures within 5 %."""
    text = (ROOT / "docs" / "backtest.md").read_text(encoding="utf-8")
    for market, one in tested.items():
        block = text[text.index(f"{market} · the 180 days after") :]
        (instant,) = one["instants"]
        assert f"As of 2010-06-01: {instant['customers']} customers known by then" in block
        for tier in instant["tiers"]:
            shown = re.search(rf"^{tier['tier']} \D*?  +(\d+) +([\d,]+) ", block, re.MULTILINE)
            assert shown is not None, tier["tier"]
            assert abs(int(shown[1]) - tier["customers"]) <= 3
            mean = tier["revenue_total"] / tier["customers"]
            assert abs(int(shown[2].replace(",", "")) - mean) <= 0.05 * mean + 1
        gini = re.search(r"this book's score +(\d\.\d\d)", block)
        assert gini is not None
        assert abs(float(gini[1]) - instant["gini"]) <= 0.03
