"""A damaged chunk over the API: its customers are left out and told, and one of them spoils no other's answer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.store import open_database
from tests.damage import flip
from tests.schema.business import COMPANIES, PERSONS
from tests.schema.conftest import Api

NAME = "chunk 0 of B2B in run 2"
DECIDE = """
mutation($i: DecideInput!) { decide(input: $i) {
  run { total decided leftOut problem } decisions { customer { ref } } leftOut { chunk customers message }
  userErrors { code } } }
"""
PROFILES = """
{ customers(first: 60) { edges { node { ref market stage tier { effective { key } } decision { score digest } } } } }
"""


@pytest.fixture
def damaged(filled_file: Path, tmp_path: Path) -> Iterator[Api]:
    """The business with a bit flipped in the latest chunk of the companies."""
    file = tmp_path / "damaged.db"
    shutil.copyfile(filled_file, file)
    flip(file, 3)  # 1 and 2: both markets in the first run
    with open_database(f"sqlite:///{file}") as database:
        yield Api(database)


def _decided(api: Api, **given: Any) -> Any:
    return api.data(DECIDE, i={"idempotencyKey": "k", "asOf": "2026-10-01T00:30:00Z", **given})["decide"]


def test_everybody_else_is_decided_and_the_run_says_who_was_left_out(damaged: Api) -> None:
    done = _decided(damaged)
    run = done["run"]
    assert (run["total"], run["decided"], run["leftOut"]) == (PERSONS + COMPANIES, PERSONS, COMPANIES)
    assert NAME in run["problem"]
    assert [(one["chunk"], one["customers"]) for one in done["leftOut"]] == [(NAME, COMPANIES)]
    assert "Left out" in done["leftOut"][0]["message"]
    entry = damaged.data("{ auditLog(first: 1) { edges { node { text } } } }")["auditLog"]["edges"][0]["node"]["text"]
    assert entry.endswith(f"{COMPANIES} left out for damaged chunks")


def test_a_named_company_is_told_to_be_left_out(damaged: Api) -> None:
    done = _decided(damaged, customers=["shop:B-0001", "shop:P-0001"])
    assert [one["customer"]["ref"] for one in done["decisions"]] == ["shop:P-0001"]
    assert [(one["chunk"], one["customers"]) for one in done["leftOut"]] == [(NAME, 1)]


def test_a_work_list_shows_everybody_and_names_the_chunk_where_it_is_needed(damaged: Api) -> None:
    result = damaged.ask(PROFILES)
    nodes = [edge["node"] for edge in (result.data or {})["customers"]["edges"]]
    assert len(nodes) == PERSONS + COMPANIES
    assert all(node["tier"] is not None and node["stage"] for node in nodes), "as they stand now"
    assert {node["market"] for node in nodes if node["decision"] is None} == {"B2B"}
    assert {node["market"] for node in nodes if node["decision"] is not None} == {"B2C"}
    told = [(error.message, (error.extensions or {})["code"]) for error in result.errors or ()]
    assert len(told) == COMPANIES
    assert all(NAME in message and code == "DAMAGED" for message, code in told)
