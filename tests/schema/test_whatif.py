"""What-ifs over the API: one explanation, the same as the engine's, of a decision that is nowhere stored."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.operations.whatif import Asked, what_if
from engine.rulebook import load_book
from engine.vocabulary import Locale
from schema import whatif
from schema.costs import MOST_ROWS, PRICES
from schema.root import the_schema
from tests.operations.shop import contents
from tests.schema.business import NOW
from tests.schema.conftest import Api
from tests.schema.everything import selections

ROOT = Path(__file__).parents[2]
B2C = (ROOT / "rules" / "b2c.yaml").read_text(encoding="utf-8")
SCHEMA = the_schema()[0]._schema
REF = "shop:P-0008"
ASKED = """
query($i: WhatIfInput!) { whatIf(input: $i) {
  customer { ref } market decision { id } asOf revision score tier { effective { key } previous { key } }
  criteria { name value contribution } dispatches { id } change { delta } churn { status probability } risk narration
  metrics(names: ["revenue_12m"]) { value state cause records(first: 3) { totalCount } inputs { name } }
} }
"""


def asked(api: Api, query: str = ASKED, locale: Locale = Locale.EN, **given: Any) -> Any:
    return api.data(query, locale, i={"customer": REF, **given})["whatIf"]


def fact(metric: str, value: str | None) -> dict[str, str | None]:
    return {"metric": metric, "value": value}


def fault(api: Api, locale: Locale = Locale.EN, **given: Any) -> tuple[str, str, str]:
    """Code, message and hint of the one fault."""
    result = api.ask(ASKED, locale, i={"customer": REF, **given})
    assert result.data == {"whatIf": None}
    (error,) = result.errors or ()
    return error.extensions["code"], error.message, error.extensions["hint"]


def test_it_is_the_engines_and_nothing_is_written(api: Api) -> None:
    before = contents(api.database)
    found = asked(api, facts=[fact("revenue_12m", "99000"), fact("churn", None)])
    with api.database.read() as session:
        done = what_if(session, Asked(REF, facts=(("revenue_12m", "99000"), ("churn", None))), NOW).after
    told = done.decision.explained
    assert found["score"] == str(told.score)
    assert found["narration"] == done.decision.narration(Locale.EN)
    assert found["criteria"] == [
        {"name": one.name, "value": one.value, "contribution": str(one.contribution)} for one in told.criteria
    ]
    assert (found["decision"], found["change"], found["dispatches"], found["risk"]) == (None, None, [], None)
    assert found["customer"] == {"ref": REF}
    assert contents(api.database) == before


def test_every_field_of_a_what_if_answers(api: Api) -> None:
    skip = frozenset({"Customer", "Decision"})
    found: dict[str, Any] = {}
    for wanted in selections(SCHEMA.type_map["Explanation"], SCHEMA, 3, skip, parts=8):
        query = "query($i: WhatIfInput!) { whatIf(input: $i) " + wanted + " }"
        found |= asked(api, query, facts=[fact("revenue_12m", "1")])
    assert found["tiers"]


def test_records_stand_behind_a_metric_unless_it_was_set_by_hand(api: Api) -> None:
    (plain,) = asked(api)["metrics"]
    (by_hand,) = asked(api, facts=[fact("revenue_12m", "12.5")])["metrics"]
    (unknown,) = asked(api, facts=[fact("revenue_12m", None)])["metrics"]
    assert plain["records"]["totalCount"] > 2
    assert (by_hand["value"], by_hand["records"]["totalCount"]) == ("12.50", 0)
    assert (unknown["value"], unknown["state"], unknown["cause"]) == (None, "UNKNOWN", "MISSING")


def test_inputs_of_an_expression_are_those_it_followed_from(api: Api) -> None:
    query = (
        'query($i: WhatIfInput!) { whatIf(input: $i) { metrics(names: ["rhythm_ratio"]) '
        "{ value inputs { name value } } } }"
    )
    (follows,) = asked(api, query, facts=[fact("days_since_purchase", "30"), fact("usual_gap_days", "60")])["metrics"]
    assert Decimal(follows["value"]) == Decimal("0.5")
    assert {one["name"]: one["value"] for one in follows["inputs"]} == {
        "days_since_purchase": "30",
        "usual_gap_days": "60",
    }
    (itself,) = asked(api, query, facts=[fact("rhythm_ratio", "3")])["metrics"]
    assert (Decimal(itself["value"]), itself["inputs"]) == (3, [])


def test_an_instant_before_the_latest_decision_starts_from_the_one_before(api: Api) -> None:
    query = "query($i: WhatIfInput!) { whatIf(input: $i) { asOf tier { previous { key } } } }"
    first = asked(api, query, asOf="2026-09-01T00:30:00Z")
    between = asked(api, query, asOf="2026-09-15")
    assert first["tier"]["previous"] is None
    assert between["tier"]["previous"] is not None
    assert between["asOf"] == "2026-09-14T16:00:00Z", "a bare date is 00:00 in the book's zone"
    stored = api.data(
        'query($r: Ref!) { customer(ref: $r) { decision(asOf: "2026-09-15") { tier { effective { key } } } } }', r=REF
    )["customer"]["decision"]
    assert between["tier"]["previous"] == stored["tier"]["effective"]


def test_a_draft_is_tried_with_the_live_files_it_leaves_out(api: Api) -> None:
    plain, empty = asked(api), asked(api, files=[])
    edited = asked(api, files=[{"path": "b2c.yaml", "text": B2C.replace("weight: 15", "weight: 95", 1)}])
    assert plain == empty
    assert edited["revision"] != plain["revision"]
    assert edited["score"] != plain["score"]


def test_a_draft_is_read_once_however_many_customers_are_tried(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(whatif, "load_book", lambda files: (read.append(files["b2c.yaml"]), load_book(files))[1])
    texts = [B2C.replace("weight: 15", f"weight: {weight}", 1) for weight in (95, 96)]
    broken = B2C.replace("at_least: 80", "at_leest: 80", 1)
    drafts = {"a": texts[0], "b": texts[0], "c": texts[1], "d": broken, "e": broken, "f": texts[1]}
    given = {name: {"customer": f"shop:P-000{place}", "files": [{"path": "b2c.yaml", "text": text}]}
             for place, (name, text) in enumerate(drafts.items(), 1)}  # fmt: skip
    asks = " ".join(f"{name}: whatIf(input: ${name}) {{ revision }}" for name in drafts)
    result = api.ask(f"query({' '.join(f'${name}: WhatIfInput!' for name in drafts)}) {{ {asks} }}", **given)
    assert result.data is not None
    assert (result.data["d"], result.data["e"]) == (None, None)
    assert result.data["a"] == result.data["b"] != result.data["c"] == result.data["f"]
    assert [error.extensions["code"] for error in result.errors or ()] == ["BAD_USER_INPUT"] * 2
    assert sorted(read) == sorted({*texts, broken})


def test_a_draft_with_problems_is_refused_with_all_of_them(api: Api) -> None:
    text = B2C.replace("at_least: 80", "at_leest: 80", 1).replace("weight: 15", "weight: x", 1)
    code, message, hint = fault(api, files=[{"path": "b2c.yaml", "text": text}])
    assert code == "BAD_USER_INPUT"
    assert "`at_leest` is not a key of a tier." in message
    assert "A number belongs here, not `x`." in message
    assert message.count("b2c.yaml:") == 2
    assert "checkRulebook" in hint
    chinese = fault(api, Locale.ZH, files=[{"path": "b2c.yaml", "text": text}])
    assert "这里应是数字" in chinese[1]


@pytest.mark.parametrize(
    ("given", "code", "said", "hint"),
    [
        ({"customer": "shop:nobody"}, "NOT_FOUND", "shop:nobody", ""),
        ({"facts": [fact("revenu_12m", "1")]}, "BAD_USER_INPUT", "no metric revenu_12m", "Did you mean `revenue_12m`?"),
        ({"facts": [fact("churn", "2"), fact("revenue_12m", "a")]}, "BAD_USER_INPUT", "churn: 2 is not", "range"),
        ({"facts": [fact("churn", "2"), fact("revenue_12m", "a")]}, "BAD_USER_INPUT", "revenue_12m: A number", "range"),
        ({"facts": [fact("churn", "0.2")] * 2}, "BAD_USER_INPUT", "twice", ""),
        ({"asOf": "2026-09-15T00:00"}, "BAD_USER_INPUT", "offset", ""),
    ],
)
def test_wrong_input_is_a_fault_that_says_what_to_do(
    api: Api, given: dict[str, Any], code: str, said: str, hint: str
) -> None:
    result = api.ask(ASKED, i={"customer": REF, **given})
    (error,) = result.errors or ()
    assert error.extensions["code"] == code
    assert said in error.message
    assert hint in (error.extensions["hint"] or "")


def test_a_what_if_has_a_price(api: Api) -> None:
    price = PRICES["Query", "whatIf"]
    wanted = "{ score criteria { name metrics: value } tiers { key gates { name metrics { name } } } }"
    rows = price + 10 + 10 * (1 + 10 * (1 + 40))
    most = MOST_ROWS // rows
    for number, refused in ((most, False), (most + 1, True)):
        fields = " ".join(f'w{n}: whatIf(input: {{customer: "{REF}"}}) {wanted}' for n in range(number))
        codes = api.codes("{ " + fields + " }")
        assert codes == (["LIMIT_COST"] if refused else [])
    result = api.ask("{ " + fields + " }")
    assert f"`whatIf` {price}" in str((result.errors or [])[0].extensions)


def test_the_number_of_statements_of_a_what_if(api: Api) -> None:
    query = "query($i: WhatIfInput!) { whatIf(input: $i) { score tier { effective { title } } narration } }"
    asked(api, query)
    with api.statements() as sent:
        asked(api, query)
    assert len(sent) <= 28, "\n\n".join(sent)
