"""Tiers that no customer is given."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import Given, Problem
from engine.expressions.language import SCORE
from engine.rulebook.book import Tier
from engine.trials.analysis.pool import Crowd
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE
from engine.trials.analysis.saying import undecided, warning
from engine.trials.analysis.steps import both, market_word, rated, score_range, two_cases
from engine.trials.analysis.study import Study, points_text
from engine.trials.analysis.verdicts import Can, verdict
from engine.trials.found import tier_name
from engine.vocabulary import Text

_DOWN: Final = Text("down", "降级")
_UP: Final = Text("up", "升级")
_HINT: Final = Text(
    "Move the thresholds, loosen the gates, or remove the tier.", "请调整门槛分数、放宽条件，或删除该等级。"
)
_HINT_PASSING: Final = Text(
    "Move the thresholds or loosen the gates; leave it if it is only meant as a step on the way.",
    "请调整门槛分数或放宽条件；若只作为途中的一级，可保持不变。",
)


def unreachable_tiers(study: Study) -> Iterator[Problem]:
    """Tiers that no customer is given when it is first decided, whatever its data and whatever is unknown."""
    for index, tier in enumerate(study.rules.tiers):
        if _shut(study, tier):
            yield _finding(study, index, Text(": its gates never hold", "：其门槛不可能满足"))
            continue
        found = verdict(study, partial(_given, index), study.tier_inputs, partial(_reaches, study, index))
        if found.can is Can.OPEN:
            message = Text(f"whether any customer can reach `{tier.key}`", f"是否有客户能达到 `{tier.key}`")
            yield undecided(tier.place, message)
        elif found.can is Can.NEVER:
            yield _finding(study, index, _why(study, index))


def _shut(study: Study, tier: Tier) -> bool:
    """Whether the gates alone keep everybody out: a smaller question than that about the whole ladder."""
    gates = [gate for gate in tier.gates if SCORE not in gate.when.names]
    if not gates or any(force.tier == tier.key for force in study.rules.force):
        return False

    def asks(possible: Possible) -> int:
        return both(two_cases(gate, possible)[0] for gate in gates)

    return study.seek(study.inputs(name for gate in gates for name in gate.when.names), asks).impossible


def _given(index: int, crowd: Crowd) -> NDArray[np.bool_]:
    is_so: NDArray[np.bool_] = crowd.outcomes.effective == index
    return is_so


def _reaches(study: Study, index: int, possible: Possible) -> int:
    tiers = rated(study.rules, possible).tiers
    return (TRUE if index in tiers else 0) | (FALSE if tiers - {index} else 0)


def _finding(study: Study, index: int, why: Text) -> Problem:
    tier = study.rules.tiers[index]
    facts, score, other = _nearest(study, index)
    shown = points_text(score)
    nobody, more = _nobody(study, index)
    return warning(
        "RULE_UNREACHABLE",
        tier.place,
        Text(
            f"{nobody.en}{why.en}. The customer shown scores {shown} and is {other}.{more.en}",
            f"{nobody.zh}{why.zh}。所示客户得 {shown} 分，等级为 {other}。{more.zh}",
        ),
        _HINT if not more.en else _HINT_PASSING,
        facts,
    )


def _nobody(study: Study, index: int) -> tuple[Text, Text]:
    """What is true of nobody, and what may still be: who moves one tier at a time passes through those between."""
    key, stability = study.rules.tiers[index].key, study.rules.stability
    ways = [
        way
        for way, moves in ((_DOWN, stability.down), (_UP, stability.up))
        if moves == "one_step" and 0 < index < len(study.rules.tiers) - 1
    ]
    if not ways:
        return Text(f"No customer can reach `{key}`", f"没有客户能达到 `{key}`"), Text("", "")
    english, chinese = " or ".join(way.en for way in ways), "或".join(way.zh for way in ways)
    return (
        Text(f"No customer is given `{key}` when first decided", f"没有客户在首次判定时得到 `{key}`"),
        Text(
            f" Customers may still pass through `{key}` on the way {english}, because tiers move one step at a time.",
            f"由于等级每次只变动一级，客户{chinese}途中仍可能经过 `{key}`。",
        ),
    )


def _nearest(study: Study, index: int) -> tuple[tuple[Given, ...], int, str]:
    """The made-up customer whose score fits the tier best, its score and the tier it gets instead."""
    crowd, needed = study.pool, study.rules.tiers[index].at_least or 0
    scores = crowd.score.values
    last = index == len(study.rules.tiers) - 1
    short = scores if last else np.where(scores >= needed, scores - needed, (needed - scores) * 1_000)
    whole = np.all([crowd.columns[name].causes == 0 for name in study.tier_inputs] or [scores >= 0], axis=0)
    row = np.array([np.argmin(np.where(whole & (scores >= 0), short, np.iinfo(np.int64).max))])
    facts = study.witness(study.row(row, study.tier_inputs))
    return facts, int(scores[row[0]]), tier_name(study.rules, int(crowd.outcomes.effective[row[0]]))


def _why(study: Study, index: int) -> Text:
    """The plain reason where there is one: the scores do not reach so far."""
    card, tier = study.rules.scorecard, study.rules.tiers[index]
    box = study.space.over(study.tier_inputs, unknown=False)
    score = score_range(card.criteria, 0, Possible(study.book.metrics, box, given=market_word(study.rules)))
    if tier.at_least is not None and score.high[1] < tier.at_least:
        most, needed = points_text(score.high[1]), points_text(tier.at_least)
        return Text(f": it begins at {needed} points and the scorecard gives at most {most}",
                    f"：起点为 {needed} 分，而评分卡最高只有 {most} 分")  # fmt: skip
    above = study.rules.tiers[index - 1] if index else None
    if above is not None and above.at_least is not None and score.low[0] >= above.at_least:
        least = points_text(score.low[0])
        return Text(f": the scorecard never gives less than {least} points, which is enough for `{above.key}`",
                    f"：评分卡最低也有 {least} 分，已足以进入 `{above.key}`")  # fmt: skip
    return Text("")
