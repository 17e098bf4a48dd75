"""Campaigns and tags that can never be, and campaigns that wait behind another one for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.campaigns.model import Trigger
from engine.errors import Given, Place, Problem
from engine.expressions.tree import Expression
from engine.trials.analysis.gates import never_holds
from engine.trials.analysis.nodes import ASKS_FOR_ABSENCE, calls
from engine.trials.analysis.pairs import decided_views, metrics_behind, taker
from engine.trials.analysis.pool import Crowd
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE, UNKNOWN
from engine.trials.analysis.saying import note, undecided, warning
from engine.trials.analysis.search import Asks
from engine.trials.analysis.spans import PROVISIONAL, TIER
from engine.trials.analysis.standing import campaign_names
from engine.trials.analysis.study import Study, also
from engine.trials.analysis.verdicts import Can, Rows, Verdict, either, together, verdict
from engine.vocabulary import Text

_HINT = Text("Correct the condition, or remove it.", "请修正条件，或删除。")


@dataclass(frozen=True, slots=True)
class _Rule:
    called: Text
    when: Expression
    place: Place
    passes: bool


def impossible_triggers(studies: Sequence[Study]) -> Iterator[Problem]:
    """Campaigns and tags whose condition never holds, always holds, or holds for no tier the rules alone give."""
    rules = list(_rules(studies))
    free_of = [[_holds(study, rule.when, free=True) for study in studies] for rule in rules]  # the easier question
    for rule, free in zip(rules, free_of, strict=True):
        first = [_holds(study, rule.when, free=False) for study in studies]
        if together(first) is Can.HAPPEN:
            fail = [_fails(study, rule.when) for study in studies]
            if together(fail) is Can.NEVER:
                yield _always(studies, first, rule)
            elif together(fail) is Can.OPEN:
                yield undecided(rule.place, Text(f"whether {rule.called.en} ever fails", f"{rule.called.zh}能否不成立"))
            continue
        if together((*first, *free)) is Can.NEVER:
            yield _never(studies, rule)
        elif together(first) is Can.NEVER and together(free) is Can.HAPPEN:
            yield _by_hand_only(studies, free, rule)
        elif together(free) is not Can.HAPPEN:
            yield undecided(rule.place, Text(f"whether {rule.called.en} ever holds", f"{rule.called.zh}能否成立"))


def _never(studies: Sequence[Study], rule: _Rule) -> Problem:
    message = never_holds(rule.called, rule.when, passes=rule.passes)
    fail = [_fails(study, rule.when) for study in studies]
    return warning("RULE_NEVER", rule.place, message, _HINT, shown(studies, fail))


def _always(studies: Sequence[Study], hold: Sequence[Verdict], rule: _Rule) -> Problem:
    message = Text(
        f"{rule.called.en} always holds: every customer whose data are known meets `{rule.when.text}`.",
        f"{rule.called.zh}永远成立：凡数据已知的客户都满足 `{rule.when.text}`。",
    )
    return warning("RULE_ALWAYS", rule.place, message, _HINT, shown(studies, hold))


def _by_hand_only(studies: Sequence[Study], free: Sequence[Verdict], rule: _Rule) -> Problem:
    message = Text(
        f"{rule.called.en} holds for nobody whose tier comes from these rules alone, only for customers whose tier "
        "was set by hand or is held by stability, as the one shown.",
        f"{rule.called.zh}对等级完全由规则得出的客户永远不成立，只对人工指定等级或因稳定性保留等级的客户（如所示）成立。",
    )
    hint = Text(
        "Tier and stage cannot meet otherwise: correct one of them.", "等级与阶段不会同时出现，请修正其中之一。"
    )
    return warning("RULE_NEVER", rule.place, message, hint, shown(studies, free))


def waiting_campaigns(studies: Sequence[Study]) -> Iterator[Problem]:
    """Marketing campaigns that always meet one of higher priority: a customer gets one marketing contact a decision."""
    triggers = studies[0].rules.campaigns.triggers if studies else ()
    marketing = [trigger for trigger in triggers if trigger.marketing]
    for position, trigger in enumerate(marketing):
        above = marketing[:position]
        hold = [holding(study, trigger) for study in studies]
        if not above or together(hold) is not Can.HAPPEN:
            continue
        wins = together(_wins(study, trigger, above) for study in studies)
        if wins is Can.NEVER:
            yield _waiting(studies, hold, trigger, above)
        elif wins is Can.OPEN:
            message = Text(
                f"whether the campaign `{trigger.name}` is ever first", f"活动 `{trigger.name}` 能否排在首位"
            )
            yield undecided(trigger.place, message)


def _wins(study: Study, trigger: Trigger, above: Sequence[Trigger]) -> Verdict:
    """Whether some customer meets a trigger and none of those above."""
    conditions = [trigger.when, *(one.when for one in above)]

    def rows(crowd: Crowd) -> NDArray[np.bool_]:
        won: NDArray[np.bool_] = crowd.campaign_answer(trigger.when) == 1
        for one in above:
            answer = crowd.campaign_answer(one.when)
            won = won & ((answer == 0) | ((answer == 2) & (one.on_unknown != "pass")))
        return won

    def asks(possible: Possible) -> int:
        answer = 0
        for seen in campaign_names(study.rules, possible):
            answer |= _first(seen, trigger, above)
        return answer

    if not rows(study.pool).any() and _alone_above(study, trigger, above) is not None:
        return Verdict(Can.NEVER, {})
    return _both_ways(study, conditions, rows, asks)


def _alone_above(study: Study, trigger: Trigger, above: Sequence[Trigger]) -> int | None:
    """The position of one above that alone holds for whoever meets a trigger; None: none is proved to."""
    rules = [*above, trigger]
    return taker(study, rules, partial(metrics_behind, study), partial(decided_views, study, campaigns=True))


def _first(seen: Possible, trigger: Trigger, above: Sequence[Trigger]) -> int:
    """Whether a trigger may hold, and none of those above."""
    mine = seen.truths(trigger.when.node)
    wins, loses = bool(mine & TRUE), bool(mine & (FALSE | UNKNOWN))
    for one in above:
        if not wins:
            break
        truths = seen.truths(one.when.node)
        lets, takes = (FALSE, TRUE | UNKNOWN) if one.on_unknown == "pass" else (FALSE | UNKNOWN, TRUE)
        wins, loses = bool(truths & lets), loses or bool(truths & takes)
    return (TRUE if wins else 0) | (FALSE if loses or not wins else 0)


def _waiting(studies: Sequence[Study], hold: Sequence[Verdict], trigger: Trigger, above: Sequence[Trigger]) -> Problem:
    study, one = next((study, one) for study, one in zip(studies, hold, strict=True) if one.can is Can.HAPPEN)
    crowd = study.alone(one.facts)
    first = next((other for other in above if crowd.campaign_answer(other.when)[0] == 1), above[0])
    facts = shown(studies, hold)
    if all(_never_held_back(other, trigger) for other in above):
        return warning(
            "RULE_SHADOWED",
            trigger.place,
            Text(
                f"The campaign `{trigger.name}` never goes out: whoever meets it also meets one of higher priority, "
                f"the customer shown `{first.name}` (line {first.place.line}), and a customer gets one marketing "
                "contact at a time.",
                f"活动 `{trigger.name}` 永远不会发出：满足它的客户也满足优先级更高的活动"
                f"（所示客户满足第 {first.place.line} 行的 `{first.name}`），而每次只做一次营销触达。",
            ),
            Text("Raise its priority, or narrow the other one.", "请提高其优先级，或收窄另一个活动。"),
            facts,
        )
    return note(
        "RULE_SHADOWED",
        trigger.place,
        Text(
            f"The campaign `{trigger.name}` only goes out while one of higher priority is held back (by cooldown, "
            f"holdout, consent or capacity): whoever meets it also meets that one, the customer shown `{first.name}`.",
            f"只有优先级更高的活动被冷却期、对照组、同意或容量挡住时，活动 `{trigger.name}` 才会发出："
            f"满足它的客户也满足那个活动（所示客户满足 `{first.name}`）。",
        ),
        Text("Nothing to do if it is meant to follow.", "若本意是作为后续活动，则无需处理。"),
        facts,
    )


def _never_held_back(first: Trigger, other: Trigger) -> bool:
    """Whether a trigger goes out whenever it holds and another one could."""
    free = first.cooldown_days == 0 and first.holdout is None and first.per_day is None
    consent = first.channel.consent in (None, other.channel.consent)
    return free and consent and first.channel.capacity_per_owner is None


def shown(studies: Sequence[Study], verdicts: Sequence[Verdict]) -> tuple[Given, ...]:
    """The customer of the first market that has one, with its market."""
    for study, one in zip(studies, verdicts, strict=True):
        if one.can is Can.HAPPEN:
            return (also("market", study.rules.market.value), *study.witness(one.facts))
    return ()


def holding(study: Study, trigger: Trigger) -> Verdict:
    """Whether some customer meets a trigger, its tier given by the rules or otherwise."""
    found = _holds(study, trigger.when, free=False)
    return found if found.can is Can.HAPPEN else _holds(study, trigger.when, free=True)


def _holds(study: Study, condition: Expression, *, free: bool) -> Verdict:
    """Whether some customer meets a condition; asked once."""
    key = (id(condition), free)
    found = study.verdicts.get(key)
    if not isinstance(found, Verdict):
        found = study.verdicts[key] = _held(study, condition, free=free)
    return found


def _held(study: Study, condition: Expression, *, free: bool) -> Verdict:
    def asks(possible: Possible) -> int:
        truths = _truths(study, possible, condition)
        return (truths & TRUE) | (FALSE if truths & (FALSE | UNKNOWN) else 0)

    names = _names(study, condition, free=free)
    found = verdict(study, lambda crowd: crowd.campaign_answer(condition) == 1, names, asks)
    return _as_read(study, [condition], found)


def _truths(study: Study, possible: Possible, condition: Expression) -> int:
    truths = 0
    for seen in campaign_names(study.rules, possible):
        truths |= seen.truths(condition.node)
    return truths


def _fails(study: Study, condition: Expression) -> Verdict:
    def asks(possible: Possible) -> int:
        truths = _truths(study, possible, condition)
        return (TRUE if truths & FALSE else 0) | (FALSE if truths & (TRUE | UNKNOWN) else 0)

    found = _both_ways(study, [condition], lambda crowd: crowd.campaign_answer(condition) == 0, asks)
    return _as_read(study, [condition], found)


def _both_ways(study: Study, conditions: Sequence[Expression], rows: Rows, asks: Asks) -> Verdict:
    """Whether it can happen with a tier set by hand, or with one the rules give."""

    def one_way(free: bool) -> Verdict:
        return verdict(study, rows, set().union(*(_names(study, one, free=free) for one in conditions)), asks)

    by_rules = [_names(study, one, free=False) for one in conditions]
    if all(TIER in names for names in by_rules):
        return one_way(True)
    for names in by_rules:
        names.discard(TIER)
    together_ = set().union(*by_rules) | study.tier_inputs
    return either(one_way(True), lambda: verdict(study, rows, together_, asks))


def _as_read(study: Study, conditions: Sequence[Expression], found: Verdict) -> Verdict:
    """Without the tier where nothing reads it."""
    if _reads_tier(study, conditions):
        return found
    return Verdict(found.can, {name: value for name, value in found.facts.items() if name != TIER})


def _reads_tier(study: Study, conditions: Sequence[Expression]) -> bool:
    names = {name for condition in conditions for name in condition.names}
    return TIER in names or (bool({"stage", "phase"} & names) and study.stages_read_tiers)


def _names(study: Study, condition: Expression, *, free: bool) -> set[str]:
    """Metrics behind a condition and behind the names it reads of the decision."""
    names = study.inputs(condition.names)
    if free and any(TIER in asked for asked in calls(condition.node, ASKS_FOR_ABSENCE)):
        names.add(PROVISIONAL)
    tier = _reads_tier(study, [condition])
    if {"stage", "phase"} & set(condition.names):
        names |= study.stage_inputs
    if "risk" in condition.names and study.rules.risk is not None:
        names |= study.inputs([study.rules.risk.metric])
    if free:
        return names | {TIER}
    return names | study.tier_inputs if tier else names | {TIER}


def _rules(studies: Sequence[Study]) -> Iterator[_Rule]:
    if not studies:
        return
    campaigns = studies[0].rules.campaigns
    for trigger in campaigns.triggers:
        called = Text(f"the campaign `{trigger.name}`", f"活动 `{trigger.name}` ")
        yield _Rule(called, trigger.when, trigger.place, trigger.on_unknown == "pass")
    for tag in campaigns.tags:
        called = Text(f"the tag `{tag.name}`", f"标签 `{tag.name}` ")
        yield _Rule(called, tag.when, tag.place, tag.on_unknown == "pass")
