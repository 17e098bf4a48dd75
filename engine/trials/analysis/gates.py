"""Conditions of tiers that always hold, never hold, or exclude each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from engine.errors import Place, Problem
from engine.expressions.language import SCORE
from engine.expressions.tree import Expression
from engine.rulebook.book import Gate, Tier
from engine.trials.analysis.pool import Crowd
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE, UNKNOWN, conjunction
from engine.trials.analysis.saying import undecided, warning
from engine.trials.analysis.steps import score_range
from engine.trials.analysis.study import Study
from engine.trials.analysis.verdicts import Can, Verdict, verdict
from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class _Rule:
    """A condition under the name a person knows it by."""

    called: Text
    when: Expression
    place: Place
    passes: bool


def constant_conditions(study: Study) -> Iterator[Problem]:
    """Gates, `or_when` and force rules that hold for everybody or for nobody, whatever is known."""
    for rule in _rules(study):
        can_hold, can_fail = holds(study, [rule.when]), fails(study, rule.when)
        if can_hold.can is Can.NEVER:
            hint = Text("Correct the condition, or remove it.", "请修正条件，或删除。")
            message = never_holds(rule.called, rule.when, passes=rule.passes)
            yield warning("RULE_NEVER", rule.place, message, hint, study.witness(can_fail.facts))
        elif can_fail.can is Can.NEVER:
            message = Text(
                f"{rule.called.en} always holds: every customer whose data are known meets `{rule.when.text}`.",
                f"{rule.called.zh}永远成立：凡数据已知的客户都满足 `{rule.when.text}`。",
            )
            hint = Text("Correct the condition, or remove it.", "请修正条件，或删除。")
            yield warning("RULE_ALWAYS", rule.place, message, hint, study.witness(can_hold.facts))
        elif Can.OPEN in (can_hold.can, can_fail.can):
            question = "ever holds" if can_hold.can is Can.OPEN else "ever fails"
            chinese = "能否成立" if can_hold.can is Can.OPEN else "能否不成立"
            yield undecided(rule.place, Text(f"whether {rule.called.en} {question}", f"{rule.called.zh}{chinese}"))


def never_holds(called: Text, when: Expression, *, passes: bool) -> Text:
    """That a condition holds for nobody.

    Args:
        passes: `on_unknown: pass`; who cannot be judged counts as if it held.
    """
    if passes:
        return Text(
            f"{called.en} never holds where it can be judged: no customer whose data are known meets `{when.text}`; "
            "while it is unknown, it counts as met (`on_unknown: pass`).",
            f"{called.zh}在数据已知时永远不成立：没有数据已知的客户满足 `{when.text}`；"
            "未知时视为满足（`on_unknown: pass`）。",
        )
    return Text(
        f"{called.en} never holds: no customer meets `{when.text}`.",
        f"{called.zh}永远不成立：没有客户满足 `{when.text}`。",
    )


def contradicting_gates(study: Study) -> Iterator[Problem]:
    """Gates of one tier that can hold one by one and never together."""
    for tier in study.rules.tiers:
        gates = [gate for gate in tier.gates if holds(study, [gate.when]).can is Can.HAPPEN]
        found = False
        for pair in combinations(gates, 2):
            for problem in _excluding(study, tier, pair):
                found = True
                yield problem
        if len(gates) > 2 and not found:
            yield from _excluding(study, tier, gates)


def _excluding(study: Study, tier: Tier, gates: Sequence[Gate]) -> Iterator[Problem]:
    both = holds(study, [gate.when for gate in gates])
    names = ", ".join(f"`{gate.name}`" for gate in gates)
    chinese = "、".join(f"`{gate.name}`" for gate in gates)
    if both.can is Can.OPEN:
        message = Text(
            f"whether the gates {names} of `{tier.key}` can hold together",
            f"`{tier.key}` 的门槛 {chinese} 能否同时成立",
        )
        yield undecided(gates[-1].place, message)
    elif both.can is Can.NEVER:
        one = holds(study, [gate.when for gate in gates[:-1]])
        all_of_them = _all_of_them(gates)
        yield warning(
            "RULE_NEVER",
            gates[-1].place,
            Text(
                f"The gates {names} of `{tier.key}` contradict each other: {all_of_them.en}. "
                f"The customer shown fails `{gates[-1].name}`.",
                f"`{tier.key}` 的门槛 {chinese} 互相矛盾：{all_of_them.zh}。所示客户不满足 `{gates[-1].name}`。",
            ),
            Text("Correct one of them.", "请修正其中之一。"),
            study.witness(one.facts),
        )


def _all_of_them(gates: Sequence[Gate]) -> Text:
    passing = [f"`{gate.name}`" for gate in gates if gate.on_unknown == "pass"]
    if not passing:
        return Text("no customer meets all of them", "没有客户能同时满足")
    return Text(
        f"no customer whose data are known meets all of them; while unknown, {' and '.join(passing)} "
        f"{'counts' if len(passing) == 1 else 'count'} as met (`on_unknown: pass`)",
        f"没有数据已知的客户能同时满足；未知时，{'、'.join(passing)} 视为满足（`on_unknown: pass`）",
    )


def holds(study: Study, conditions: Sequence[Expression]) -> Verdict:
    """Whether some customer meets all of some conditions of tiers."""

    def rows(crowd: Crowd) -> NDArray[np.bool_]:
        return reduce(np.logical_and, [crowd.facts_answer(condition) == 1 for condition in conditions])

    def asks(possible: Possible) -> int:
        truths = 0
        for seen in seeing(study, possible, conditions):
            truths |= conjunction(seen.truths(condition.node) for condition in conditions)
        return (truths & TRUE) | (FALSE if truths & (FALSE | UNKNOWN) else 0)

    return verdict(study, rows, names_behind(study, conditions), asks)


def fails(study: Study, condition: Expression) -> Verdict:
    """Whether some customer is known not to meet a condition of tiers."""

    def asks(possible: Possible) -> int:
        truths = 0
        for seen in seeing(study, possible, [condition]):
            truths |= seen.truths(condition.node)
        return (TRUE if truths & FALSE else 0) | (FALSE if truths & (TRUE | UNKNOWN) else 0)

    return verdict(study, lambda crowd: crowd.facts_answer(condition) == 0, names_behind(study, [condition]), asks)


def seeing(study: Study, possible: Possible, conditions: Sequence[Expression]) -> list[Possible]:
    """The box as it is; where a condition reads the score, with the score in each of its cells."""
    if not any(SCORE in condition.names for condition in conditions):
        return [possible]
    card = study.rules.scorecard
    score = score_range(card.criteria, card.min_known_weight, possible)
    return [possible.seeing(part) for part in score.parts(possible.score_cuts)]


def names_behind(study: Study, conditions: Sequence[Expression]) -> set[str]:
    """The metrics behind some conditions; those of the scorecard where one reads the score."""
    names = {name for condition in conditions for name in condition.names}
    if SCORE in names:
        names |= {criterion.metric for criterion in study.rules.scorecard.criteria}
    return study.inputs(names)


def _rules(study: Study) -> Iterator[_Rule]:
    for tier in study.rules.tiers:
        for gate in tier.gates:
            called = Text(f"the gate `{gate.name}` of `{tier.key}`", f"`{tier.key}` 的门槛 `{gate.name}` ")
            yield _Rule(called, gate.when, gate.place, gate.on_unknown == "pass")
        if (door := tier.or_when) is not None:
            called = Text(f"`or_when` of `{tier.key}`", f"`{tier.key}` 的 `or_when` ")
            yield _Rule(called, door.when, door.place, door.on_unknown == "pass")
    for force in study.rules.force:
        called = Text(f"the force rule `{force.name}`", f"强制规则 `{force.name}` ")
        yield _Rule(called, force.when, force.place, force.on_unknown == "pass")
