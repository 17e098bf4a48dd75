"""The tests of a rule book as a frontend asks for them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.vocabulary import Locale
from tests.schema.conftest import Api

REPORT = "tests { passed failed { name text place { file line column } } "


def test_a_report_counts_covers_and_notices(api: Api) -> None:
    found = api.data(
        "{ rulebook { " + REPORT + "coverage { kind covered total missing { file line } } mutationScore } } }"
    )["rulebook"]["tests"]
    assert (found["passed"] > 100, found["failed"]) == (True, [])
    assert [one for one in found["coverage"] if one["covered"] != one["total"] or one["missing"]] == []
    assert {one["kind"] for one in found["coverage"]} >= {"tier", "gate", "segment", "stage", "trigger"}
    assert Decimal("0.9") <= Decimal(found["mutationScore"]) <= 1


def test_a_failing_test_says_where_and_what(own_api: Api) -> None:
    book: dict[str, Any] = own_api.data('{ rulebook { revision files(path: "b2b.yaml") { path text } } }')["rulebook"]
    text = book["files"][0]["text"].replace("at_least: 70", "at_least: 72", 1)
    given = {
        "idempotencyKey": "t-1",
        "files": [{"path": "b2b.yaml", "text": text}],
        "reason": "higher",
        "expectedRevision": book["revision"],
    }
    publish = "mutation($i: PublishRulebookInput!) { publishRulebook(input: $i) { userErrors { code message } } }"
    assert own_api.data(publish, i=given)["publishRulebook"]["userErrors"] == []
    (failed,) = own_api.data("{ rulebook { " + REPORT + "} } }", Locale.ZH)["rulebook"]["tests"]["failed"]
    line = text.splitlines().index("  - name: key customers begin at 70 points") + 1
    assert (failed["place"]["file"], failed["place"]["line"]) == ("b2b.yaml", line)
    assert failed["text"].startswith("tier：预期 A，实际 B")


def test_nothing_is_computed_that_is_not_asked_for(api: Api) -> None:
    with api.statements() as sent:
        api.data("{ rulebook { revision " + REPORT + "} } }")
    asked = len(sent)
    with api.statements() as sent:
        api.data("{ rulebook { revision } }")
    assert len(sent) == asked
