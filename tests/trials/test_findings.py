"""Every case of a flawed book gives exactly the findings it states (`#! line:column severity CODE`), with a witness."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.campaigns import CAMPAIGN_DISPATCH
from engine.errors import Problem, Severity
from engine.rulebook import Book, book_from_plain, check_book
from engine.trials.analysis import analyse
from engine.trials.analysis.pool import single
from engine.vocabulary import Unit
from tests.bench.checking import large_book
from tests.trials.small_books import small_book

CASES = Path(__file__).parents[1] / "cases" / "findings"
BASE = {path.name: path.read_text(encoding="utf-8") for path in (CASES / "base").iterdir()}
FLAWED = sorted(CASES.glob("*.yaml"))
STATED = re.compile(r"^#! (\d+):(\d+) (\w+) (RULE_[A-Z_]+)(?: (\S+))?$", re.MULTILINE)
ANALYSED = {
    "RULE_UNREACHABLE", "RULE_ALWAYS", "RULE_NEVER", "RULE_SHADOWED", "RULE_DIRECTION", "RULE_UNUSED", "RULE_CONSENT",
    "RULE_COOLDOWN", "RULE_FRAGILE", "RULE_VALUE",
}  # fmt: skip


def findings(files: dict[str, str], run_days: int | None = None) -> list[Problem]:
    """What the analysis says, but for the list of fields nobody reads."""
    book, problems = check_book(files)
    assert book is not None, problems
    return [problem for problem in analyse(book, run_days) if not problem.message.en.startswith("Stored, and read")]


@pytest.mark.parametrize("path", FLAWED, ids=lambda path: path.name)
def test_a_flawed_book_gives_what_it_states(path: Path) -> None:
    name = ".".join(path.name.split(".")[1:])
    text = path.read_text(encoding="utf-8")
    stated = [
        (file or name, int(line), int(column), kind, code) for line, column, kind, code, file in STATED.findall(text)
    ]
    found = findings({**BASE, name: text})
    assert [(p.place.file, p.place.line, p.place.column, p.severity.value, p.code) for p in found] == stated
    assert stated
    for problem in found:
        assert problem.message.en
        assert problem.message.zh
        assert problem.hint.en
        assert problem.hint.zh
        assert problem.witness or problem.severity is Severity.INFO


def test_the_book_they_start_from_has_no_flaw() -> None:
    assert findings(BASE) == []


def test_every_kind_of_finding_has_a_case() -> None:
    codes = {code for path in FLAWED for _, _, _, code, _ in STATED.findall(path.read_text(encoding="utf-8"))}
    assert codes == ANALYSED


def test_a_cooldown_is_measured_by_the_days_between_runs() -> None:
    assert findings(BASE, run_days=29) == []
    found = findings(BASE, run_days=30)
    assert {(problem.code, problem.place.line) for problem in found} == {("RULE_COOLDOWN", 4), ("RULE_COOLDOWN", 5)}
    assert "(30 days)" in found[0].message.en


def test_what_a_purse_does_not_pay_for_is_said_to_be_undecided() -> None:
    files = {**BASE, "b2b.yaml": BASE["b2b.yaml"].replace("when: orders >= 2", "when: score < 60")}
    book, _ = check_book(files)
    assert book is not None
    assert {problem.code for problem in analyse(book)} >= {"RULE_UNREACHABLE"}
    poor = [problem for problem in analyse(book, nodes=0) if problem.code != "RULE_UNUSED"]
    assert [(problem.code, problem.message.en) for problem in poor][:1] == [
        ("RULE_NOT_DECIDED", "Not decided: whether any customer can reach `A`.")
    ]
    assert all(problem.severity is Severity.INFO and not problem.witness for problem in poor)


@pytest.mark.parametrize(
    ("stability", "said"),
    [
        ("{down: immediate}", ("No customer can reach `B`", "没有客户能达到 `B`")),
        ("{down: one_step}", ("pass through `B` on the way down,", "客户降级途中仍可能经过 `B`")),
        ("{down: one_step, up: one_step}", ("pass through `B` on the way down or up,", "客户降级或升级途中仍可能经过")),
    ],
)
def test_an_unreachable_tier_may_still_be_passed_through(stability: str, said: tuple[str, str]) -> None:
    text = BASE["b2b.yaml"].replace("{key: B, at_least: 30}", "{key: B, at_least: 30, gates: [{name: g, when: 1 > 2}]}")
    book, problems = check_book({**BASE, "b2b.yaml": f"{text}stability: {stability}\n"})
    assert book is not None, problems
    found = next(problem for problem in analyse(book) if problem.code == "RULE_UNREACHABLE")
    assert said[0] in found.message.en
    assert said[1] in found.message.zh
    assert ("No customer is given `B` when first decided" in found.message.en) == ("one_step" in stability)


def test_a_node_of_a_curve_out_of_reach_still_sets_the_slope() -> None:
    text = (CASES / "curve_beyond_the_highest_value.b2b.yaml").read_text(encoding="utf-8")
    found = findings({**BASE, "b2b.yaml": text})[0]
    assert found.message.en == "The curve's node 120 of `voice` is never reached: satisfaction is never above 100."
    edge = (CASES / "bin_below_the_least_value.b2b.yaml").read_text(encoding="utf-8")
    assert "decides nothing" in findings({**BASE, "b2b.yaml": edge})[0].message.en


@pytest.mark.parametrize("passing", [False, True])
def test_what_counts_as_met_while_unknown_is_not_said_to_be_met_by_nobody(passing: bool) -> None:
    word = ", on_unknown: pass" if passing else ""
    alone = f"gates: [{{name: buyer, when: orders > 2 and orders < 2{word}}}]"
    both = f"gates: [{{name: buyer, when: orders >= 4{word}}}, {{name: newcomer, when: orders < 2}}]"
    for gates in (alone, both):
        text = BASE["b2b.yaml"].replace("gates: [{name: buyer, when: orders >= 2}]", gates)
        said = next(one.message for one in findings({**BASE, "b2b.yaml": text}) if one.code == "RULE_NEVER")
        assert ("no customer whose data are known meets" in said.en) == passing
        assert ("as met (`on_unknown: pass`)" in said.en) == passing
        assert ("未知时" in said.zh) == passing


def test_a_line_that_one_other_takes_is_found_however_little_may_be_spent() -> None:
    text = (CASES / "line_behind_the_same_condition.lifecycle.yaml").read_text(encoding="utf-8")
    book, problems = check_book({**BASE, "lifecycle.yaml": text})
    assert book is not None, problems
    found = [problem for problem in analyse(book, nodes=0) if problem.place.file == "lifecycle.yaml"]
    assert [(problem.code, problem.place.line) for problem in found] == [("RULE_SHADOWED", 5)]
    assert "whoever meets it is caught by LAPSED (line 4)." in found[0].message.en
    assert "都已被 LAPSED（第 4 行）处理" in found[0].message.zh


def test_the_same_condition_is_not_shadowed_where_only_the_later_takes_the_unknown() -> None:
    text = (CASES / "line_behind_the_same_condition.lifecycle.yaml").read_text(encoding="utf-8")
    later = text.replace("{stage: LOST, phase: WIN_BACK,", "{stage: LOST, phase: WIN_BACK, on_unknown: pass,")
    assert [one.code for one in findings({**BASE, "lifecycle.yaml": later}) if one.place.line == 5] == []


def test_what_is_not_decided_is_said_once_for_each_kind() -> None:
    book, _ = check_book(large_book(20))
    assert book is not None
    found = [problem for problem in analyse(book, nodes=0) if problem.code == "RULE_NOT_DECIDED"]
    kinds = [
        (problem.place.file, problem.message.en) for problem in found if "ever changes a tier" in problem.message.en
    ]
    assert [file for file, _ in kinds] == ["b2b.yaml", "b2c.yaml"]
    assert all("; nor " in said and "more questions of this kind." in said for _, said in kinds)


@pytest.mark.parametrize("seed", range(60))
def test_a_witness_shows_what_is_said(seed: int) -> None:
    """Each witness is decided anew, by the traced evaluator's own arrays of one."""
    book = small_book(seed)
    for problem in analyse(book):
        if problem.witness and problem.code in SHOWN:
            SHOWN[problem.code](book, problem)


def _facts(book: Book, problem: Problem) -> dict[str, int | str | None]:
    facts: dict[str, int | str | None] = {
        one.name: None if one.value is None else int(one.value) for one in problem.witness if one.unit is Unit.COUNT
    }
    tier = next((one.value for one in problem.witness if one.name == "tier"), None)
    return facts if tier is None or problem.code == "RULE_FRAGILE" else {**facts, "tier": tier}


def _unreachable(book: Book, problem: Problem) -> None:
    rules = next(iter(book.markets.values()))
    index = next(i for i, tier in enumerate(rules.tiers) if tier.place == problem.place)
    outcomes = single(book, rules, _facts(book, problem)).outcomes
    assert outcomes.effective[0] != index
    assert f"is {rules.tiers[outcomes.effective[0]].key}" in problem.message.en


def _constant(book: Book, problem: Problem) -> None:
    rules = next(iter(book.markets.values()))
    crowd = single(book, rules, _facts(book, problem))
    wanted = 1 if problem.code == "RULE_ALWAYS" or "only for customers" in problem.message.en else 0
    for gate in [gate for tier in rules.tiers for gate in (*tier.gates, *([tier.or_when] if tier.or_when else []))]:
        if gate.place == problem.place:
            answer = int(crowd.facts_answer(gate.when)[0])
            assert answer == wanted or (wanted == 0 and answer != 1)
    for rule in rules.force:
        if rule.place == problem.place:
            assert crowd.facts_answer(rule.when)[0] == wanted
    for line in rules.lifecycle:
        if line.place == problem.place and line.when is not None:
            assert crowd.line_answer(line.when)[0] == wanted
    for trigger in rules.campaigns.triggers:
        if trigger.place == problem.place:
            assert crowd.campaign_answer(trigger.when)[0] == wanted


def _shadowed(book: Book, problem: Problem) -> None:
    rules = next(iter(book.markets.values()))
    crowd = single(book, rules, _facts(book, problem))
    for index, rule in enumerate(rules.force):
        if rule.place == problem.place:
            assert crowd.facts_answer(rule.when)[0] == 1
            assert 0 <= crowd.outcomes.forced[0] < index
    for index, line in enumerate(rules.lifecycle):
        if line.place == problem.place and line.when is not None:
            assert crowd.line_answer(line.when)[0] == 1
            assert crowd.outcomes.stage_rule[0] < index
    for trigger in rules.campaigns.triggers:
        if trigger.place == problem.place:
            assert crowd.campaign_answer(trigger.when)[0] == 1


def _fragile(book: Book, problem: Problem) -> None:
    rules = next(iter(book.markets.values()))
    name = next(metric.name for metric in book.metrics.values() if metric.place == problem.place)
    facts = _facts(book, problem)
    keys = [tier.key for tier in rules.tiers]
    before = single(book, rules, facts)
    stored = next(one.value for one in problem.witness if one.name == "tier")
    assert keys[before.outcomes.computed[0]] == stored
    assert before.columns[name].causes[0] == 0
    assert f"from {stored} to" in problem.message.en


SHOWN = {
    "RULE_UNREACHABLE": _unreachable,
    "RULE_ALWAYS": _constant,
    "RULE_NEVER": _constant,
    "RULE_SHADOWED": _shadowed,
    "RULE_FRAGILE": _fragile,
}


def test_a_customer_without_consent_is_really_contacted() -> None:
    book, _ = check_book({**BASE, "campaigns.yaml": BASE["campaigns.yaml"].replace("{consent: marketing_sms}", "{}")})
    assert book is not None
    rules = next(iter(book.markets.values()))
    found = [problem for problem in analyse(book) if problem.code == "RULE_CONSENT"]
    assert len(found) == 2
    for problem in found:
        facts = {
            one.name: None if one.value is None else int(float(one.value) * book.metrics[one.name].scale)
            for one in problem.witness
            if one.name in book.metrics
        }
        tier = next((one.value for one in problem.witness if one.name == "tier"), None)
        outcomes = single(book, rules, facts if tier is None else {**facts, "tier": tier}).outcomes
        position = [trigger.place for trigger in rules.campaigns.triggers].index(problem.place)
        assert outcomes.campaigns[0, position] == CAMPAIGN_DISPATCH


def test_dates_texts_and_months_are_understood() -> None:
    plain = {
        "market": "B2B",
        "metrics": {
            "signed": {"type": "date"},
            "left": {"type": "date"},
            "kind": {"type": "text", "values": ["x", "y"]},
            "other": {"type": "text"},
            "n": {"type": "ratio"},
        },
        "scorecard": {"criteria": [{"name": "p", "metric": "n", "weight": 1, "curve": [[0, 0], [1, 100]]}]},
        "tiers": [
            {"key": "A", "at_least": 50, "gates": [
                {"name": "before", "when": "signed < '2020-01-01' and signed > '2021-01-01'"},
                {"name": "words", "when": "kind == 'x' and kind != 'x'"},
                {"name": "fine", "when": "other != 'z' and kind in ('x', 'y')"},
                {"name": "months", "when": "months_between(signed, left) > 3 and left < signed"},
                {"name": "since", "when": "days_since(signed) > 10 or in_last(left, 5)"},
                {"name": "division", "when": "1 / n > 2 and n > 3"},
                {"name": "clamped", "when": "clamp(n, 0, 1) > 2"},
                {"name": "absolute", "when": "abs(n) < 0 or min(n, 2) > 2 or round(n) > 5 and n < 4"},
                {"name": "default", "when": "coalesce(n, 1) == 1 and missing(n)"},
            ]},
            {"key": "B"},
        ],
    }  # fmt: skip
    book = book_from_plain(plain)
    gates = {gate.name: gate.place for gate in book.markets[next(iter(book.markets))].tiers[0].gates}
    found = {problem.place for problem in analyse(book) if problem.code == "RULE_NEVER"}
    never = {name for name, place in gates.items() if place in found}
    assert never == {"before", "words", "division", "clamped", "absolute"}
    undecided = [problem.place for problem in analyse(book) if problem.code == "RULE_NOT_DECIDED"]
    assert undecided == [gates["months"]], "two dates against each other are too many to try"
