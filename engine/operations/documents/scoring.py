"""The score of a document: the drawing, the criteria one by one, and every tier with why and why not."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from engine.decisions.explanation.values import plain
from engine.decisions.record import CriterionResult, GateResult, TierVerdict
from engine.expressions.amounts import UNKNOWN
from engine.operations.documents.chart import waterfall
from engine.operations.documents.markup import Markup, element, joined
from engine.operations.documents.telling import Teller, bullets, place, section, small, table
from engine.vocabulary import Text, Truth

_RESULTS: Final = {
    "TAKEN": Text("given by the rules", "按规则归入"),
    "OUTRANKED": Text("conditions also met", "条件亦满足"),
    "SCORE": Text("score too low", "得分不足"),
    "GATE": Text("a condition is not met", "不满足条件"),
    "UNKNOWN": Text("left open", "尚不确定"),
    "FORCED": Text("set aside by a rule", "由强制规则排除"),
}
_TRUTHS: Final = {
    Truth.TRUE: Text("holds", "成立"),
    Truth.FALSE: Text("does not hold", "不成立"),
    Truth.UNKNOWN: UNKNOWN,
}


def score(teller: Teller) -> Markup:
    """The drawing of the score, what it could be, and its criteria."""
    told, say = teller.told, teller.say
    known = plain(round(told.coverage * 100, 1))
    low, high = plain(told.bounds.low), plain(told.bounds.high)
    if told.score is None:
        said = say("The score is unknown. ", "得分未知。")
    else:
        said = say(f"The score is {plain(told.score)} of 100. ", f"得分 {plain(told.score)}（满分 100）。")
    if low != high:
        said += say(
            f"With what is missing it could be {low} to {high}; {known} % of the weight is known.",
            f"计入缺失项后可能为 {low} 至 {high}；已知权重 {known} %。",
        )
    else:
        said += say("Everything it is made of is known or settled by the rules.", "各项均已知，或由规则规定。")
    return section(say("The score", "得分"), element("p", said), waterfall(teller), name="score")


def criteria(teller: Teller) -> Markup:
    """The criteria one by one; the contributions add up to the score."""
    say, told = teller.say, teller.told
    headers = [
        say("Criterion", "评分项"),
        say("Value", "数值"),
        say("State", "状态"),
        say("Points", "分数"),
        say("Weight", "权重"),
        say("Effective weight", "有效权重"),
        say("Contribution", "贡献"),
        say("Rule", "规则位置"),
    ]
    total = sum((one.contribution for one in told.criteria), Decimal(0))
    effective = sum((one.effective_weight for one in told.criteria), Decimal(0))
    weight = sum(one.weight for one in told.criteria)
    shown = teller.text(UNKNOWN) if told.score is None else f"{total:f}"
    foot = [
        say("Score", "得分"),
        "",
        "",
        "",
        str(weight),
        _percent(effective),
        element("strong", shown, id="total"),
        "",
    ]
    adding = say(
        "Points (0 to 100) × effective weight = contribution; the contributions add up to the score exactly. "
        "Effective weight: the weight among the criteria that count.",
        "分数（0 至 100）× 有效权重 = 贡献；各项贡献之和恰为得分。有效权重：在计入的评分项中所占的比重。",
    )
    unknown = say(
        "Too little of the weight is known for a score, so nothing is added up.", "已知权重不足，无法评分，故不合计。"
    )
    note = unknown if told.score is None else adding
    rows = [_criterion(teller, one) for one in told.criteria]
    grid = table(headers, rows, "criteria", foot=foot, numbers="3 4 5 6")
    return section(say("Criteria", "评分明细"), grid, element("p", note, class_="note"), name="criteria")


def _criterion(teller: Teller, one: CriterionResult) -> list[str]:
    reasons = {reason.criterion: teller.text(reason.text) for reason in teller.told.reasons}
    title = [teller.text(one.title)]
    if one.name in reasons:
        title.append(small(reasons[one.name]))
    part = [element("span", f"{one.contribution:f}", class_="part")]
    if one.points_lost:
        part.append(small(teller.say(f"lost {one.points_lost:f}", f"失 {one.points_lost:f}")))
    none = teller.say("does not count", "不计入")
    return [
        joined(title),
        teller.value(one.value, one.unit),
        joined([teller.state(one.state), "" if one.cause is None else small(teller.cause(one.cause))]),
        none if one.points is None else f"{one.points:f}",
        str(one.weight),
        _percent(one.effective_weight),
        joined(part),
        place(one.place),
    ]


def _percent(share: Decimal) -> str:
    return f"{plain(share * 100)} %"


def tiers(teller: Teller) -> Markup:
    """Every tier, why and why not."""
    say = teller.say
    headers = [
        say("Tier", "等级"),
        say("Outcome", "结果"),
        say("Score asked", "要求得分"),
        say("Why", "原因"),
        say("Conditions", "条件"),
    ]
    rows = [_tier(teller, verdict) for verdict in teller.told.tiers]
    parts = [table(headers, rows, "tiers", numbers="2")]
    forced = teller.told.forced
    if forced is not None:
        said = [say("Force rule ", "强制规则 "), element("code", forced.name), " · ", teller.text(forced.text), " "]
        parts.append(element("p", *said, place(forced.place)))
    return section(say("Every tier, why and why not", "各等级：为何归入、为何未归入"), *parts, name="tiers")


def _tier(teller: Teller, verdict: TierVerdict) -> list[str]:
    say = teller.say
    starts = dict(teller.shown.thresholds).get(verdict.key)
    asked = [say("none", "无") if verdict.needed is None else plain(verdict.needed)]
    if starts is not None and verdict.needed is not None and starts != verdict.needed:
        asked.append(small(say(f"to stay; to enter {plain(starts)}", f"保持所需；进入需 {plain(starts)}")))
    conditions = [_condition(teller, gate) for gate in verdict.gates]
    if verdict.or_when is not None:
        conditions.append(
            joined([element("em", say("instead of the score: ", "可替代得分：")), _condition(teller, verdict.or_when)])
        )
    shown = bullets(conditions) if conditions else say("none", "无")
    named = joined([element("strong", teller.with_title(verdict.key, verdict.title)), small(place(verdict.place))])
    kept = verdict.route == "HELD"
    result = say("kept for now", "暂时保持") if kept else teller.text(_RESULTS[verdict.result])
    taken = element("strong", result if kept else f"✓ {result}") if verdict.result == "TAKEN" else result
    return [named, taken, joined(asked), teller.text(verdict.text), shown]


def _condition(teller: Teller, gate: GateResult) -> Markup:
    """A condition as written, what came of it, and the values it read."""
    result = teller.text(_TRUTHS[gate.result])
    if gate.held:
        result += teller.say(", answered by the tier before", "，沿用此前等级")
    return joined([
        element("code", gate.when),
        teller.say(": ", "："),
        element("strong", result),
        *(small(line) for line in teller.metrics(gate.metrics)),
        small(place(gate.place)),
    ])  # fmt: skip
