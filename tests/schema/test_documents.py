"""Documents are parsed and validated once, and bounded."""

from __future__ import annotations

import pytest
from graphql import GraphQLObjectType, get_introspection_query

from schema.root import the_schema
from tests.schema.conftest import Api

DEEP = '{ customer(ref: "a:b") ' + "{ decision { customer " * 5 + "{ id }" + " } }" * 5 + " }"
ALIASES = "{ " + " ".join(f"v{number}: viewer {{ actor {{ name }} }}" for number in range(31)) + " }"
TOKENS = "{ " + "viewer { actor { name } } " * 300 + "}"
FRAGMENTS = (
    "{ viewer { ...F0 } } "
    + " ".join(f"fragment F{n} on Viewer {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    + " fragment F60 on Viewer { actor { name } }"
)
ROWS = (
    "{ customers(first: 100) { edges { node { decisions(first: 100) { edges { node { customer { "
    "records(first: 100) { edges { cursor } } } } } } } } } }"
)

LISTS = "{ customers(first: 100) { edges { node { metrics%s { records(first: 100) { edges { node { key } } } } } } } }"
JUDGED = "rulebook { health(market: B2C) { __typename } preview { moved } tests { mutationScore } }"


def test_the_second_identical_request_parses_and_validates_nothing(api: Api) -> None:
    _, cache = the_schema()
    query = "query Twice { viewer { actor { name } } }"
    api.data(query)
    before = (cache.parsed, cache.validated)
    api.data(query)
    assert (cache.parsed, cache.validated) == before


def test_an_invalid_document_is_validated_once_and_told_each_time(api: Api) -> None:
    _, cache = the_schema()
    query = "{ thereIsNoSuchField }"
    first = api.ask(query).errors
    before = cache.validated
    second = api.ask(query).errors
    assert cache.validated == before
    assert first is not None
    assert second is not None
    assert first[0] is not second[0]
    assert [error.message for error in first] == [error.message for error in second]
    assert first[0].locations


def test_the_cache_forgets_the_least_used(api: Api) -> None:
    _, cache = the_schema()
    for number in range(300):
        api.data(f"query Q{number} {{ viewer {{ actor {{ name }} }} }}")
    assert len(cache.kept) <= 256


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (DEEP, "LIMIT_DEPTH"),
        (ALIASES, "LIMIT_ALIASES"),
        (TOKENS, "LIMIT_TOKENS"),
        (FRAGMENTS, "LIMIT_TOKENS"),
        (ROWS, "LIMIT_COST"),
        ("{" + " viewer {" * 1000, "LIMIT_DEPTH"),
        ("{ " + "[" * 1500, "GRAPHQL_PARSE_FAILED"),
        ("{ node(id: " + "[" * 900 + "]" * 900 + ") { id } }", "LIMIT_DEPTH"),
        ("{ viewer { actor { name } }", "GRAPHQL_PARSE_FAILED"),
        ("{ thereIsNoSuchField }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer { ...A } } fragment A on Viewer { ...A }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { viewer { actor { name } } } query B { viewer { actor { name } } }", "GRAPHQL_VALIDATION_FAILED"),
    ],
    ids=["depth", "aliases", "tokens", "fragments that double", "rows", "unclosed depth", "brackets", "deep list",
         "syntax", "unknown field", "fragment in itself", "two operations"],
)  # fmt: skip
def test_a_document_beyond_the_limits_is_refused(api: Api, query: str, code: str) -> None:
    assert code in api.codes(query)


def test_tools_may_ask_for_the_whole_schema(api: Api) -> None:
    query = get_introspection_query(input_value_deprecation=True, specified_by_url=True)
    assert len(api.data(query)["__schema"]["types"]) > 100


def types_of_types(levels: int) -> str:
    return "{ __schema { types { " + "fields { type { " * levels + "name" + " } }" * levels + " } } }"


def test_questions_about_the_schema_are_bounded_too(api: Api) -> None:
    assert api.codes(types_of_types(2)) == []
    assert api.codes(types_of_types(4)) == ["GRAPHQL_VALIDATION_FAILED"]
    assert api.codes(types_of_types(8)) == ["LIMIT_DEPTH"]
    through = '{ __type(name: "Query") { ...T } } fragment T on __Type { ' + "ofType { " * 14 + "name" + " } " * 15
    assert api.codes(through) == []
    assert api.codes(through.replace("{ name", "{ ofType { name") + " }") == ["LIMIT_DEPTH"]


def test_a_variable_page_size_counts(api: Api) -> None:
    query = (
        "query($n: Int) { customers(first: $n) { edges { node { decisions(first: $n) { edges { node { customer { "
        "records(first: 3) { edges { cursor } } } } } } } } } }"
    )
    assert api.codes(query, n=100) == ["LIMIT_COST"]
    assert api.codes(query, n=3) == []


def test_the_size_of_a_page_may_stand_in_a_default_or_a_fragment(api: Api) -> None:
    inner = "edges { node { decisions(first: $n) { edges { node { customer { records(first: 3) { ...P } } } } } } }"
    query = (
        "query($n: Int = %d) { customers(first: $n) { ...C } } "
        f"fragment C on CustomerConnection {{ {inner} }} "
        "fragment P on RecordConnection { edges { cursor } }"
    )
    assert api.codes(query % 100) == ["LIMIT_COST"]
    assert api.codes(query % 3) == []


def test_a_list_without_a_page_counts_as_well(api: Api) -> None:
    assert api.codes(LISTS % "") == ["LIMIT_COST"]
    assert api.codes(LISTS % '(names: ["overdue_days", "satisfaction"])') == ["LIMIT_COST"]
    assert api.codes((LISTS % "").replace("100", "5")) == []
    named = "query($names: [String!]) " + (LISTS % "(names: $names)").replace("100", "30")
    assert api.codes(named, names=None) == ["LIMIT_COST"]
    assert api.codes(named, names=["satisfaction"] * 48) == ["LIMIT_COST"]
    assert api.codes(named, names=["satisfaction"]) == []


@pytest.mark.parametrize("times", [1, 2])
def test_a_book_may_be_judged_once_or_twice(api: Api, times: int) -> None:
    assert "LIMIT_COST" not in api.codes(_judged(times))


def test_a_book_is_not_judged_thirteen_times_in_one_request(api: Api) -> None:
    (error,) = api.ask(_judged(13)).errors or ()
    assert error.extensions is not None
    assert error.extensions["code"] == "LIMIT_COST"
    assert "20,000 are allowed" in error.message
    assert all(name in error.extensions["hint"] for name in ("`preview` 2,000", "`metrics`", "any other list as 10"))


def test_every_instant_of_a_back_test_counts(api: Api) -> None:
    instants = ", ".join(f'"20{year}-01-01T00:00:00Z"' for year in range(10, 22))
    one = f"rulebook {{ backtest(market: B2C, asOf: [{instants}]) {{ __typename }} }}"
    assert api.codes("{ " + " ".join(f"r{number}: {one}" for number in range(7)) + " }") == ["LIMIT_COST"]


def _judged(times: int) -> str:
    return "{ " + " ".join(f"r{number}: {JUDGED}" for number in range(times)) + " }"


def test_every_value_takes_the_short_way() -> None:
    """Should an update of Strawberry move what `schema.resolving` looks at, this tells."""
    schema = the_schema()[0]._schema
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__") and kind.name != "Subscription":
            for name, field in kind.fields.items():
                assert field.resolve.__module__ == "schema.resolving", f"{kind.name}.{name}"
