"""Explanations as people read them, and what they are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from engine.decisions import CHANGE_CAUSES, Inputs, change_parts, decide, explain_row, narrate
from engine.decisions.record import Explained
from engine.errors import DamagedError
from engine.expressions import Column
from engine.vocabulary import Locale, Text, Unit

FOLDER = Path(__file__).resolve().parents[1] / "cases" / "decisions" / "explained"
CHURN = Text("31 % within 90 days", "90 天内 31 %")


def cases() -> list[Any]:
    found = []
    for file in sorted(FOLDER.glob("*.yaml")):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        for case in content["cases"]:
            book = {**content["book"], **case.get("book", {})}
            whole = {"id": file.stem, "as_of": content["as_of"], "expect": {}, **case, "book": book}
            found.append(pytest.param(whole, id=case["title"]))
    assert not any(isinstance(case.values[0]["as_of"], date) for case in found)
    return found


def explained_by(player: Any, case: dict[str, Any]) -> Explained:
    played = player(case, "columnar")
    return explain_row(
        played.book, played.market, played.columns, played.states, played.outcomes, row=0, moment=played.moment
    )


@pytest.mark.parametrize("case", cases())
def test_an_explanation(player: Any, case: dict[str, Any]) -> None:
    explained = explained_by(player, case)
    verdicts = {
        v.key: {"result": v.result, "route": v.route, "needed": None if v.needed is None else str(v.needed)}
        for v in explained.tiers
    }
    assert {key: verdicts[key] for key in case["verdicts"]} == case["verdicts"]
    for locale in Locale:
        lines = narrate(explained, locale, "test:1", CHURN)
        expected = case[locale.value]
        assert len(lines) < 12
        assert lines[: len(expected)] == expected
        assert all(text.within(locale) for text in _texts(explained))


def _texts(explained: Explained) -> list[Text]:
    holds = [hold.text for hold in explained.held_by]
    ways = [way.text for way in explained.next_tier.ways] if explained.next_tier else []
    return [verdict.text for verdict in explained.tiers] + holds + ways


@pytest.mark.parametrize("case", cases())
def test_contributions_weights_and_losses_add_up(player: Any, case: dict[str, Any]) -> None:
    explained = explained_by(player, case)
    if explained.score is None:
        assert {criterion.contribution for criterion in explained.criteria} == {0}
        return
    assert sum(criterion.contribution for criterion in explained.criteria) == explained.score
    assert sum(criterion.effective_weight for criterion in explained.criteria) == 1
    assert sum(criterion.points_lost for criterion in explained.criteria) == 100 - explained.score


@pytest.fixture
def played(player: Any) -> Any:
    return player(cases()[0].values[0], "columnar")


def test_an_outcome_that_does_not_follow_from_its_inputs_is_not_explained(played: Any) -> None:
    outcomes = replace(played.outcomes, tier=played.outcomes.tier + np.int16(1))
    with pytest.raises(DamagedError, match="tier"):
        explain_row(played.book, played.market, played.columns, played.states, outcomes, row=0, moment=played.moment)


def test_places_are_those_of_the_rules(player: Any, played: Any) -> None:
    explained = explained_by(player, cases()[0].values[0])
    lines = {file.path: file.text.splitlines() for file in played.book.files}
    for criterion in explained.criteria:
        place = criterion.place
        assert criterion.name in lines[place.file][place.line - 1][place.column - 1 :]


def test_parts_of_a_change_sum_to_the_difference(played: Any) -> None:
    def with_value(columns: dict[str, Column], name: str, value: int) -> dict[str, Column]:
        return {**columns, name: Column(np.array([value]), np.zeros(1, np.uint8), columns[name].unit)}

    facts = played.columns
    before = Inputs(played.rules, facts, played.states, played.moment)
    behaviour = replace(before, columns=with_value(facts, "clv_12m", 90_000_000))
    corrected = replace(behaviour, columns=with_value(dict(behaviour.columns), "overdue_days", 0))
    heavier = tuple(
        replace(c, weight=c.weight + 40) if c.name == "voice" else c for c in played.rules.scorecard.criteria
    )
    rule = replace(corrected, rules=replace(played.rules, scorecard=replace(played.rules.scorecard, criteria=heavier)))
    model = replace(rule, columns=with_value(dict(rule.columns), "churn", 10_000))
    by_hand = replace(model, states=replace(model.states, override=np.array([2], np.int16)))
    began = effective_of(before)
    parts = change_parts(before, [behaviour, corrected, rule, model, by_hand, by_hand], began)
    assert [part.cause for part in parts] == list(CHANGE_CAUSES)
    assert [part.cause for part in parts if part.delta] == ["BEHAVIOUR", "DATA_CORRECTION", "RULE", "MODEL"]
    assert began == "A", "held by the grace period"
    assert [part.felt for part in parts] == [True] * 4 + [False] * 2
    assert [(part.tier_before, part.tier) for part in parts] == [(None, None)] * 4 + [("A", "C"), (None, None)]
    whole = change_parts(before, [model] * 6, began)
    assert sum(part.delta or 0 for part in parts) == whole[0].delta


def effective_of(inputs: Inputs) -> str:
    code = int(decide(inputs.rules, inputs.columns, inputs.states, inputs.moment).effective[0])
    return str(inputs.rules.tiers[code].key)


def test_an_unknown_score_between_two_known_ones_is_taken_up_by_the_next_swap(player: Any, played: Any) -> None:
    before = Inputs(played.rules, played.columns, played.states, played.moment)
    nothing = {name: Column(np.zeros(1, np.int64), np.ones(1, np.uint8), Unit.COUNT) for name in played.columns}
    blind = replace(before, columns=nothing)
    better = {**played.columns, "overdue_days": Column(np.zeros(1, np.int64), np.zeros(1, np.uint8), Unit.DAYS)}
    after = replace(before, columns=better)
    parts = change_parts(before, [blind, after, after, after, after, after], "A")
    assert [str(part.delta) for part in parts[:3]] == ["0.0000", "14.0000", "0.0000"]
    lost = change_parts(before, [after] * 5 + [blind], "A")
    assert [part.delta for part in lost[1:]] == [Decimal(0)] * 4 + [None]
    assert lost[0].delta == Decimal(14)
    held = sum(one.delta for part in lost for one in part.criteria)
    assert held == -sum(one.contribution for one in explained_by(player, cases()[0].values[0]).criteria)
    with pytest.raises(ValueError, match="one step for each"):
        change_parts(before, [after], "A")
