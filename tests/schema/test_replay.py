"""Replaying over the API: the same digest again, or the engine version that can."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.schema.conftest import Api

REPLAYED = """
{ customers(first: 60) { edges { node { ref decisions(first: 5) { edges { node {
  asOf engineVersion digest replay { identical digest neededEngine } } } } } } } }
"""
EXPLAINED = """
query($at: DateTime!) { customer(ref: "shop:P-0008") { decision(asOf: $at) {
  tier { effective { key } } score explanation { score } replay { identical neededEngine } } } }
"""


def test_every_decision_comes_out_again(api: Api) -> None:
    found = [
        decision["node"]
        for customer in api.data(REPLAYED)["customers"]["edges"]
        for decision in customer["node"]["decisions"]["edges"]
    ]
    assert len(found) == 108
    for decision in found:
        assert decision["replay"] == {"identical": True, "digest": decision["digest"], "neededEngine": None}


@pytest.fixture
def of_two_engines(own_api: Api) -> Api:
    with own_api.database.write() as session:
        session.execute(text("update run set engine_version = '0.0.9' where id = 1"))
    return own_api


def test_the_engine_needed_is_named(of_two_engines: Api) -> None:
    result = of_two_engines.ask(EXPLAINED, at="2026-09-15")
    decision = (result.data or {})["customer"]["decision"]
    assert decision["replay"] == {"identical": False, "neededEngine": "0.0.9"}
    assert decision["explanation"] is None
    assert decision["tier"]["effective"]["key"], "what was decided stays readable"
    (error,) = result.errors or ()
    assert (error.extensions or {})["code"] == "NOT_READY"
    assert "0.0.9" in error.message
    later = of_two_engines.data(EXPLAINED, at="2026-10-15")["customer"]["decision"]
    assert later["replay"] == {"identical": True, "neededEngine": None}
    assert later["explanation"]["score"] == later["score"]
