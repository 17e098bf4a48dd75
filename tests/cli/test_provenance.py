"""An auditor follows a lifetime value and a churn probability to their records by query, and computes them by hand."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import xgboost
from scipy.special import hyp2f1
from sqlalchemy import text

from engine.store import Database, open_database
from engine.vocabulary import Locale
from tests.cli.conftest import Demo
from tests.schema.conftest import Api

pytestmark = pytest.mark.xdist_group("demo")

ZONE = ZoneInfo("Asia/Shanghai")
ASKED = """
query($ref: Ref!, $name: String!) { customer(ref: $ref) { decision { explanation { metrics(names: [$name]) {
  name value unit currency
  inputs { name title value unit asOf
    records(first: 100) { totalCount edges { contribution node { key kind occurredAt } } } }
  provenance { method formula asOf recordedAt digest fittedAt fittedOn stored again identical
    parameters { name value } contributions { family features effect } }
} } } } }
"""


@pytest.fixture(scope="module")
def database(demo: Demo) -> Iterator[Database]:
    """The demo, to read."""
    with open_database(f"sqlite:///{demo.shell.database}") as opened:
        yield opened


@pytest.fixture(scope="module")
def asked(database: Database) -> list[dict[str, Any]]:
    """What the query tells of some customers' stored values and probabilities, by metric name."""
    query = "select ref from customer where id % :step = 0 and market = :market order by id limit 7"
    with database.read() as session:
        refs = [
            ref
            for market, step in (("B2C", 97), ("B2B", 11))
            for ref in session.execute(text(query), {"market": market, "step": step}).scalars()
        ]
    api = Api(database)
    return [{name: _told(api, ref, name) for name in ("clv_12m", "churn")} for ref in refs]


def _told(api: Api, ref: str, name: str, locale: Locale = Locale.EN) -> dict[str, Any]:
    decision = api.data(ASKED, locale, ref=ref, name=name)["customer"]["decision"]
    told: dict[str, Any] = decision["explanation"]["metrics"][0]
    return told


def _numbers(metric: dict[str, Any]) -> dict[str, Any]:
    """Inputs and parameters by name, as numbers."""
    told = [*metric["inputs"], *metric["provenance"]["parameters"]]
    return {one["name"]: None if one["value"] is None else _number(one["value"]) for one in told}


def _number(value: str) -> Any:
    try:
        return float(value)
    except ValueError:
        return value


def _of(metric: dict[str, Any], name: str) -> Any:
    return next(one for one in metric["inputs"] if one["name"] == name)


def _days(told: Any) -> list[date]:
    """The local days on which records of an input happened."""
    instants = [datetime.fromisoformat(edge["node"]["occurredAt"]) for edge in told["records"]["edges"]]
    return sorted({instant.astimezone(ZONE).date() for instant in instants})


def _known(asked: list[dict[str, Any]], name: str, **provenance: str) -> list[dict[str, Any]]:
    """Metrics with a stored number, whose records fit on one page."""
    there = [one[name] for one in asked if one[name]["provenance"] is not None]
    found = [one for one in there if one["provenance"]["stored"] is not None]
    found = [one for one in found if provenance.items() <= one["provenance"].items()]
    return [one for one in found if all(each["records"]["totalCount"] <= 100 for each in one["inputs"])]


def test_whatever_is_told_comes_out_again(asked: list[dict[str, Any]]) -> None:
    told = [metric for one in asked for metric in one.values() if metric["provenance"] is not None]
    assert len(told) >= 20
    assert {metric["name"] for metric in told} >= {"clv_12m", "churn"}
    assert all(metric["provenance"]["identical"] for metric in told)
    assert all(metric["provenance"]["formula"] for metric in told)


def test_inputs_of_a_lifetime_value_follow_from_its_records(asked: list[dict[str, Any]]) -> None:
    found = _known(asked, "clv_12m")
    assert len(found) >= 5
    for metric in found:
        numbers, spend = _numbers(metric), _of(metric, "mean_spend")
        days = _days(_of(metric, "repeats"))
        instant = datetime.fromisoformat(metric["provenance"]["asOf"]).astimezone(ZONE).date()
        assert len(days) - 1 == numbers["repeats"]
        assert (days[-1] - days[0]).days == numbers["recency"]
        assert (instant - days[0]).days == numbers["age"]
        money = sum(float(edge["contribution"]) for edge in spend["records"]["edges"])
        assert money / len(days) == pytest.approx(numbers["mean_spend"], rel=1e-12)
        assert {edge["node"]["kind"] for edge in spend["records"]["edges"]} == {"ORDER"}


def test_a_lifetime_value_is_computed_by_hand(asked: list[dict[str, Any]]) -> None:
    """Fader, Hardie & Lee (2005) eq. 10 and Fader & Hardie (2013), written as in the papers."""
    found = _known(asked, "clv_12m", method="bg_nbd+gamma_gamma/margin") + _known(
        asked, "clv_12m", method="bg_nbd+gamma_gamma/net"
    )
    assert found
    for metric in found:
        assert metric["provenance"]["digest"].startswith("sha256:")
        assert metric["provenance"]["fittedOn"] > 50
        amount = _lifetime_value(_numbers(metric))
        assert Decimal(round(amount)).scaleb(-2) == Decimal(metric["provenance"]["stored"])


def test_the_shrunken_mean_is_computed_by_hand(asked: list[dict[str, Any]]) -> None:
    found = [one for one in _known(asked, "clv_12m") if "shrunken_mean" in one["provenance"]["method"]]
    for metric in found:
        assert Decimal(round(_lifetime_value(_numbers(metric)))).scaleb(-2) == Decimal(metric["provenance"]["stored"])


def _lifetime_value(given: dict[str, Any]) -> float:
    r, alpha, a, b = (given[name] for name in ("r", "alpha", "a", "b"))
    x, last, age = given["repeats"], given["recency"] / 7, given["age"] / 7

    def expected(days: float) -> float:
        t = days / 7
        inner = hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + age + t))
        silent = 1 - ((alpha + age) / (alpha + age + t)) ** (r + x) * inner
        gone = a / (b + x - 1) * ((alpha + age) / (alpha + last)) ** (r + x) if x > 0 else 0.0
        return float((a + b + x - 1) / (a - 1) * silent / (1 + gone))

    horizon = int(given["horizon"])
    ends = [*range(7, horizon, 7), horizon]
    discounted = sum(
        (expected(end) - expected(before)) / (1 + given["annual_discount"]) ** (end / 365)
        for before, end in zip([0, *ends[:-1]], ends, strict=True)
    )
    n, mean = x + 1, given["mean_spend"] * 100
    if "gamma" in given:
        money = given["p"] * (given["gamma"] + n * mean) / (given["p"] * n + given["q"] - 1)
    else:
        money = (n * mean + given["k"] * given["mean"]) / (n + given["k"])
    return discounted * float(money)


def test_a_churn_probability_is_computed_by_hand(database: Database, asked: list[dict[str, Any]]) -> None:
    found = _known(asked, "churn", method="xgboost")
    assert len(found) >= 3
    for metric in found:
        made, numbers = metric["provenance"], _numbers(metric)
        log_odds = numbers["intercept"] + numbers["slope"] * numbers["trees_log_odds"]
        probability = Decimal(round(1_000_000 / (1 + math.exp(-log_odds)))).scaleb(-6)
        assert probability == Decimal(made["stored"]) == Decimal(metric["value"])
        effects = [float(one["effect"]) for one in made["contributions"]]
        assert sum(effects) + numbers["base_log_odds"] == pytest.approx(log_odds, abs=1e-9)
        assert effects == sorted(effects, key=abs, reverse=True)
        members = [name for one in made["contributions"] for name in one["features"]]
        assert sorted(members) == sorted(one["name"] for one in metric["inputs"])
    bases = [_numbers(metric)["base_log_odds"] for metric in found]
    assert max(bases) - min(bases) < 1e-4, "it is the model's, not the customer's"
    assert [_trees(database, metric) for metric in found] == pytest.approx(
        [_numbers(metric)["trees_log_odds"] for metric in found], abs=1e-6
    )


def _trees(database: Database, metric: dict[str, Any]) -> float:
    """What the trees of the stored model give for the feature values that were told."""
    with database.read() as session:
        query = text("select body from model_version where digest = :digest")
        body = session.execute(query, {"digest": metric["provenance"]["digest"]}).scalar_one()
    assert metric["provenance"]["digest"] == f"sha256:{hashlib.sha256(body.encode()).hexdigest()}"
    document = json.loads(body)
    levels = {one["name"]: one["levels"] for one in document["layout"]["categories"]}
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(json.dumps(document["trees"]["body"]).encode()))
    row = []
    for name in booster.feature_names:
        told = _of(metric, name)
        if told["value"] is None:
            row.append(math.nan)
        elif name in levels:
            row.append(float(levels[name].index(told["value"])))
        else:
            row.append(float(told["value"]) * (100 if told["unit"] == "MONEY" else 1))
    data = xgboost.DMatrix(
        np.array([row], np.float32),
        feature_names=booster.feature_names,
        feature_types=booster.feature_types,
        enable_categorical=True,
        nthread=1,
    )
    return float(booster.predict(data, output_margin=True)[0])


def test_features_follow_from_their_records(asked: list[dict[str, Any]]) -> None:
    checked = 0
    for metric in _known(asked, "churn"):
        instant = datetime.fromisoformat(metric["provenance"]["asOf"]).astimezone(ZONE).date()
        told = {one["name"]: one for one in metric["inputs"]}
        for name in ("purchase_days", "purchase_days_30", "purchase_days_90", "purchase_days_365"):
            assert len(_days(told[name])) == float(told[name]["value"])
        assert (instant - _days(told["days_since_purchase"])[-1]).days == float(told["days_since_purchase"]["value"])
        assert (instant - _days(told["tenure"])[0]).days == float(told["tenure"]["value"])
        money = sum(Decimal(edge["contribution"]) for edge in told["money_total"]["records"]["edges"])
        assert float(np.float32(float(money * 100))) == pytest.approx(float(told["money_total"]["value"]) * 100)
        for name in ("tickets_30", "tickets_180", "interactions_30", "interactions_180"):
            if name in told and told[name]["value"] is not None:
                assert told[name]["records"]["totalCount"] == float(told[name]["value"])
        checked += 1
    assert checked >= 5


def test_the_words_are_in_both_languages(database: Database, demo: Demo) -> None:
    api, ref = Api(database), demo.shell.json("explain", "--sample", "1")[0]["customer"]
    for name in ("clv_12m", "churn"):
        english, chinese = (_told(api, ref, name, locale) for locale in (Locale.EN, Locale.ZH))
        assert english["provenance"]["formula"] != chinese["provenance"]["formula"]
        titles = zip(english["inputs"], chinese["inputs"], strict=True)
        assert all(one["title"] != other["title"] for one, other in titles)


def test_the_command_line_tells_the_same(asked: list[dict[str, Any]], demo: Demo) -> None:
    ref = demo.shell.json("explain", "--sample", "1")[0]["customer"]
    told = {one["metric"]: one for one in demo.shell.json("explain", ref, "--records")["behind"]}
    made = [one for one in told.values() if one["provenance"] is not None]
    assert {one["metric"] for one in made} == {"churn", "clv_12m"} & {*told}
    assert all(one["provenance"]["identical"] for one in made)
    assert any(one["records"] for one in told.values())
    assert all(record["key"] and record["id"] for one in told.values() for record in one["records"])
    for locale, said in (("en", "computed again"), ("zh", "重算")):
        printed = demo.shell.run("explain", ref, "--records", "--lang", locale).stdout
        assert said in printed
        assert "←" in printed
