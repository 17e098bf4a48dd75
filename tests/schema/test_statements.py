"""One query is a bounded number of SQL statements, however many rows it shows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, inspect

from schema.root import the_schema
from tests.schema.business import COMPANIES, PERSONS
from tests.schema.conftest import Api
from tests.schema.everything import selection

SCHEMA = the_schema()[0]._schema

WORK_LIST = """
query($first: Int) { customers(first: $first) { edges { node {
  ref score stage risk tags { key title }
  tier { computed { key title } effective { key } since }
  churn { status probability model { digest } }
  decision { asOf digest run { state } entry { position } }
  decisions(first: 2) { totalCount edges { node { asOf } } }
  dispatches(first: 3) { totalCount edges { node { state text campaign { name } task { title } } } }
  overrides { edges { node { tier { key } } } }
  records(first: 3) { totalCount edges { node { key fields { name value } } } }
} } } }
"""
METRICS = "query($first: Int) { customers(first: $first) { edges { node { metrics { name value } } } } }"


def _statements(api: Api, query: str, first: int) -> int:
    with api.statements() as sent:
        found = api.data(query, first=first)["customers"]["edges"]
    assert len(found) == first
    return len(sent)


def test_fifty_customers_take_as_many_statements_as_one(api: Api) -> None:
    """Only what the first customer happens to lack (dispatches, their tasks and campaigns) may come on top."""
    api.data(WORK_LIST, first=1)
    one, many = _statements(api, WORK_LIST, 1), _statements(api, WORK_LIST, 50)
    assert one <= many <= one + 2


def test_metrics_of_fifty_customers_are_read_market_by_market(api: Api) -> None:
    api.data(METRICS, first=1)
    one, many = _statements(api, METRICS, 1), _statements(api, METRICS, PERSONS + COMPANIES)
    assert one < many <= 2 * one


def test_the_number_of_statements_of_a_work_list(api: Api) -> None:
    with api.statements() as sent:
        api.data(WORK_LIST, first=50)
    assert len(sent) <= 26, "\n\n".join(sent)


def test_the_fields_of_a_standing_come_with_their_customer(api: Api) -> None:
    query = (
        "{ customers(first: 5) { edges { node { ref score stage phase risk tags { title } "
        "tier { effective { title } } decision { revision engineVersion tier { computed { title } } } } } } }"
    )
    api.data(query)
    with api.statements() as sent:
        api.data(query)
    assert len(sent) <= 7, "the page; where the latest decisions are, and whose they are; chunks, runs, rule book"


def test_what_changed_is_read_only_when_it_is_asked_for(api: Api) -> None:
    def sent(wanted: str) -> int:
        query = f'{{ customer(ref: "shop:P-0004") {{ explanation {{ {wanted} }} }} }}'
        api.data(query)
        with api.statements() as statements:
            api.data(query)
        return len(statements)

    plain = sent("score criteria { contribution } tiers { result text } nextTier { key }")
    assert plain <= 14
    assert sent("score change { delta }") > plain
    assert sent("score change { delta }") == sent("narration(locale: ZH) narration2: narration change { delta }")


def test_a_total_that_is_not_asked_for_is_not_counted(api: Api) -> None:
    with api.statements() as sent:
        api.data("{ customers(first: 5) { edges { node { ref } } } }")
    assert len(sent) == 1


READ_WHOLE = {"chunk", "checkpoint", "watermark", "model_alias"}
"""Chunks are gone through from the newest in pages (see `locate_latest`), of checkpoints the first row is the newest;
the others hold a few rows of each source or model."""


def test_no_statement_of_a_profile_reads_a_whole_table(api: Api) -> None:
    wanted = selection(SCHEMA.type_map["Customer"], SCHEMA, 2, frozenset({"Explanation"}))
    explained = (
        "{ narration change { parts { records { key } } } churn { status } dispatches { state } "
        "metrics { name records(first: 2) { edges { node { key } } } } }"
    )
    sent: dict[str, Any] = {}

    def note(_connection: object, _cursor: object, statement: str, given: Any, *_rest: object) -> None:
        if statement.startswith(("SELECT", "WITH")):
            sent.setdefault(statement, given)

    engine = api.database._engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        api.data(f'{{ customer(ref: "shop:P-0004") {wanted} }}')
        api.data(f'{{ customer(ref: "shop:P-0004") {{ explanation {explained} }} }}')
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(sent) > 20
    with api.database.read() as session:
        tables = set(inspect(session.connection()).get_table_names())
        for statement, given in sent.items():
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all()
            steps = [str(row[-1]).split() for row in plan]
            scanned = {step[1] for step in steps if step[0] == "SCAN"} & tables
            assert scanned <= READ_WHOLE, (scanned, statement)
