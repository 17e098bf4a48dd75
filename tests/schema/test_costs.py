"""What costs more than a row has a price, told wherever prices are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType, parse

from engine.errors import TouchstoneError
from schema.costs import PRICES, PRICES_OF_INPUT, USUAL_LIST, check_rows, cost_of
from schema.faults import FaultError
from schema.root import the_schema

ROOT = Path(__file__).parents[2]
SCHEMA = the_schema()[0]._schema
PLACES = ("docs/graphql.md", "docs/errors/LIMIT_COST.md")


def refusal(query: str, **variables: Any) -> TouchstoneError | None:
    """Why a query costs too much; None: it does not."""
    try:
        check_rows(cost_of(SCHEMA, parse(query), None, variables))
    except FaultError as error:
        cause = error.original_error
        return cause if isinstance(cause, TouchstoneError) else None
    return None


def refused(query: str, **variables: Any) -> bool:
    cause = refusal(query, **variables)
    return cause is not None and cause.code == "LIMIT_COST"


def of_customers(count: int, wanted: str) -> str:
    return f"{{ customers(first: {count}) {{ edges {{ node {{ {wanted} }} }} }} }}"


@pytest.mark.parametrize(
    ("wanted", "most"),
    [
        ("explanation { score }", 100),
        ("explanation { narration }", 60),
        ("explanation { change { delta } }", 60),
        ("explanation { timeAlone { at } }", 80),
        ("explanation { change { parts { records { key } } } }", 30),
        ("decisions(first: 100) { edges { node { explanation { score } } } }", 6),
        ("decisions(first: 100) { edges { node { explanation { narration } } } }", 0),
        ("decisions(first: 10) { edges { node { change { delta } } } }", 6),
        ("decisions(first: 10) { edges { node { replay { identical } } } }", 60),
        ('metrics(names: ["revenue_12m"]) { records(first: 1) { totalCount } }', 100),
        ("explanation { metrics { records(first: 1) { totalCount } } }", 20),
    ],
)
def test_a_page_holds_as_many_as_ten_seconds_work(wanted: str, most: int) -> None:
    assert most == 0 or not refused(of_customers(most, wanted))
    assert most == 100 or refused(of_customers(max(1, most + most // 2), wanted))


def whatifs(count: int, given: str) -> str:
    return "{ " + " ".join(f"w{n}: whatIf(input: {{{given}}}) {{ score }}" for n in range(count)) + " }"


def test_drafts_cost_more_than_what_is_live() -> None:
    draft = 'customer: "a:b", files: [{path: "b2c.yaml", text: ""}]'
    assert not refused(whatifs(30, 'customer: "a:b"'))
    assert not refused(whatifs(30, 'customer: "a:b", files: []'))
    assert not refused(whatifs(28, draft))
    assert refused(whatifs(29, draft))


@pytest.mark.parametrize("part", ["$i", '{customer: "a:b", files: $files}'])
def test_drafts_in_variables_cost_the_same(part: str) -> None:
    files = [{"path": "b2c.yaml", "text": ""}]
    fields = " ".join(f"w{n}: whatIf(input: {part}) {{ score }}" for n in range(29))
    query = f"query($i: WhatIfInput!, $files: [RuleFileInput!]) {{ {fields} }}"
    assert refused(query, i={"customer": "a:b", "files": files}, files=files)
    assert not refused(query, i={"customer": "a:b"}, files=None)


@pytest.mark.parametrize(("owner", "name"), PRICES)
def test_every_price_is_of_a_field_and_told(owner: str, name: str) -> None:
    kind = SCHEMA.type_map[owner]
    assert isinstance(kind, GraphQLObjectType)
    assert name in kind.fields
    times = USUAL_LIST if name in ("health", "findings") else 1
    price = f"{PRICES[owner, name] * times:,}"
    cause = refusal(of_customers(100, "explanation { narration }"))
    assert cause is not None
    assert cause.hint is not None
    for text in [(ROOT / place).read_text("utf-8") for place in PLACES]:
        assert f"`{name}`" in text
        assert price in text
        assert str(PRICES_OF_INPUT["Query", "whatIf"][1]) in text
    if owner in ("Rulebook", "RuleChange", "Mover", "Explanation", "Decision", "Metric", "Query"):
        assert f"`{name}` {price}" in cause.hint.en
        assert f"`{name}` {price}" in cause.hint.zh
