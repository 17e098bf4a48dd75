"""Faults of documents and variables: a code, our words in both languages, and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError

from engine.vocabulary import Locale
from schema.faults import finish
from schema.phrases import phrase
from tests.schema.conftest import Api

FILTERED = "query($f: CustomerFilter) { customers(filter: $f) { edges { cursor } } }"
SIZED = "query($n: Int) { customers(first: $n) { edges { cursor } } }"
ONE = "query($r: Ref!) { customer(ref: $r) { id } }"
V, I, P = "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED"  # noqa: E741

WRONG: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("{ nosuch }", {}, V, "Query has no field nosuch.", "Look it up in the schema."),
    ('{ customer(ref: "a:b") { scor } }', {}, V, "Customer has no field scor.", "Did you mean score?"),
    ("{ customers(frst: 1) { edges { cursor } } }", {}, V, "Query.customers takes no argument frst.", "Did you mean"),
    ('{ node(id: "x") { ref } }', {}, V, "Node has no field ref.", "Did you mean ... on Customer?"),
    ("{ customers }", {}, V, "customers is a CustomerConnection: say which of its fields.", "Put braces"),
    ("{ viewer { actor { name { x } } } }", {}, V, "name is a String!, which has no fields.", "Leave out"),
    ('{ customers(first: "x") { edges { cursor } } }', {}, V, 'first: "x" is not a value of type Int.', "Correct"),
    ("{ customers(filter: {tir: []}) { edges { cursor } } }", {}, V, "CustomerFilter has no part tir.", "Did you mean"),
    ("{ customers(filter: {risk: [HI]}) { edges { cursor } } }", {}, V, "filter.risk: Risk has no value HI.", ""),
    ('{ customers(filter: {risk: ["X"]}) { edges { cursor } } }', {}, V, 'filter.risk: Risk has no value "X".', ""),
    ("{ customer { id } }", {}, I, "The argument Query.customer(ref:) of type Ref! is missing.", "Give the argument."),
    (ONE, {}, I, "$r: A value of type Ref! is needed here.", "Add it; null will not do."),
    (ONE, {"r": None}, I, "$r: A value of type Ref! is needed here.", "Add it; null will not do."),
    (ONE, {"r": 3}, I, "$r: A Ref is written as a JSON string.", "Correct"),
    (FILTERED, {"f": {"risk": ["NO"]}}, I, "$f.risk[0]: Risk has no value NO.", "Look it up"),
    (FILTERED, {"f": {"rsk": []}}, I, "$f: CustomerFilter has no part rsk.", "Did you mean risk?"),
    (FILTERED, {"f": "x"}, I, "$f: CustomerFilter is written as an object.", "Correct"),
    (SIZED, {"n": "3"}, I, '$n: "3" is not a value of type Int.', "Correct"),
    (SIZED, {"n": True}, I, "$n: true is not a value of type Int.", "Correct"),
    ("query($r: Reff!) { viewer { actor { name } } }", {}, V, "There is no type Reff.", "Did you mean Ref?"),
    ("query($r: String!) { customer(ref: $r) { id } }", {"r": "a:b"}, V, "$r is a String!, but Ref! is needed there.",
     "Declare"),
    ("query($r: Ref) { viewer { actor { name } } }", {}, V, "The variable $r is not used.", "Use it, or take it out."),
    ("{ customer(ref: $r) { id } }", {}, V, "The variable $r is not declared.", "Declare it"),
    ("{ ...F }", {}, V, "There is no fragment F.", "Look it up"),
    ("{ a: viewer { actor { name } } a: campaigns { name } }", {}, V, "a would be both viewer and campaigns.", "Use"),
    ("subscription { runProgress { token } rulesPublished { token } }", {}, V,
     "A subscription has one field at the top.", "Open one for each."),
    ("{ viewer { } }", {}, P, 'Syntax: a name is expected here, not "}".', "Check brackets"),
    ("{ viewer { actor { name } }", {}, P, "Syntax: a name is expected here, not the end.", "Check brackets"),
    ("{ viewer(a:) }", {}, P, 'Syntax: ")" is not expected here.', "Check brackets"),
    ('{ a(b: "x) }', {}, P, "Syntax: a string is not closed.", "Check brackets"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "variables", "code", "message", "hint"), WRONG)
def test_what_is_wrong_with_a_document_is_said_in_our_words(
    api: Api, query: str, variables: dict[str, Any], code: str, message: str, hint: str
) -> None:
    told = {(error.message, error.extensions["code"]) for error in api.ask(query, **variables).errors or ()}
    assert (message, code) in told
    hints = [error.extensions["hint"] for error in api.ask(query, **variables).errors or () if error.message == message]
    assert hints[0].startswith(hint)


@pytest.mark.parametrize(("query", "variables"), [(query, variables) for query, variables, *_ in WRONG])
def test_all_of_it_comes_in_chinese(api: Api, query: str, variables: dict[str, Any]) -> None:
    errors = api.ask(query, Locale.ZH, **variables).errors
    assert errors
    for error in errors:
        assert not error.message.isascii()
        assert not error.extensions["hint"].isascii()


def test_a_sentence_that_is_not_known_stays_behind_an_introduction(api: Api) -> None:
    sentence = "Something graphql-core has never said before."
    assert phrase(sentence) is None
    from schema.context import Context, Services

    errors = [GraphQLError(sentence), GraphQLError(sentence)]
    services = Services(api.database, lambda: pytest.fail("nobody asks for the time"), "api")
    for error, locale in zip(errors, (Locale.EN, Locale.ZH), strict=True):
        finish([error], Context(services, locale, "request-of-a-test"))
    assert errors[0].message == sentence
    assert errors[1].message == f"文档不符合模式：{sentence}"
