"""Rule files are checked over the API: errors with places, findings with witnesses, nothing stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.vocabulary import Locale
from tests.schema.conftest import Api

B2B = (Path(__file__).parents[2] / "rules" / "b2b.yaml").read_text(encoding="utf-8")
CHECK = """
query($f: [RuleFileInput!]!) { checkRulebook(files: $f) {
  ok
  problems { code severity message hint place { file line column } witness { name value unit currency } }
  rulebook { id revision change { id } findings { code } diff { item } }
} }
"""


def _asked(api: Api, text: str, locale: Locale = Locale.EN) -> dict[str, object]:
    found: dict[str, object] = api.data(CHECK, locale, f=[{"path": "b2b.yaml", "text": text}])["checkRulebook"]
    return found


def test_errors_come_with_place_and_remedy(api: Api) -> None:
    found = _asked(api, B2B.replace("weight: 25", "wieght: 25"))
    assert (found["ok"], found["rulebook"]) == (False, None)
    problem = found["problems"][0]
    line = next(number for number, text in enumerate(B2B.splitlines(), 1) if "weight: 25" in text)
    assert (problem["code"], problem["severity"]) == ("RULE_UNKNOWN_KEY", "ERROR")
    assert (problem["place"]["file"], problem["place"]["line"]) == ("b2b.yaml", line)
    assert problem["hint"] == "Did you mean `weight`?"
    assert problem["witness"] == []


def test_an_unreachable_tier_is_a_warning_with_a_customer(api: Api) -> None:
    found = _asked(api, B2B.replace("when: has_contract\n", "when: has_contract and not has_contract\n"))
    assert found["ok"] is True
    assert found["rulebook"]["change"] is None
    assert [edit["item"] for edit in found["rulebook"]["diff"]] == ["b2b.tiers.A.gates.contract.when"]
    warnings = [problem for problem in found["problems"] if problem["severity"] == "WARNING"]
    assert {problem["code"] for problem in warnings} == {"RULE_UNREACHABLE", "RULE_NEVER"}
    shown = {one["name"]: one for one in warnings[0]["witness"]}
    assert shown["clv_12m"]["unit"] == "MONEY"
    assert shown["clv_12m"]["currency"] == "CNY"
    assert shown["has_contract"]["value"] in ("true", "false")
    assert (shown["has_contract"]["unit"], shown["has_contract"]["currency"]) == ("BOOL", None)
    assert {one["code"] for one in found["rulebook"]["findings"]} == {one["code"] for one in found["problems"]}


def test_it_speaks_chinese(api: Api) -> None:
    found = _asked(api, B2B.replace("at_least: 70", "at_least: 100"), Locale.ZH)
    assert found["ok"] is True
    assert any("没有" in problem["message"] for problem in found["problems"])


@pytest.mark.parametrize("files", [[], [{"path": "b2c.yaml", "text": None}]])
def test_files_not_given_are_those_of_the_live_revision(api: Api, files: list[dict[str, object]]) -> None:
    found = api.data(CHECK, f=files)["checkRulebook"]
    assert found["ok"] is True
    assert all(problem["severity"] != "ERROR" for problem in found["problems"])


def test_the_live_book_tells_its_findings(api: Api) -> None:
    found = api.data("{ rulebook { findings { code severity place { file line } } } }")["rulebook"]["findings"]
    assert {one["code"] for one in found} == {"RULE_UNUSED"}
    assert {one["severity"] for one in found} == {"INFO"}
