"""The sentences of an explanation, in English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.values import plain
from engine.decisions.model import HOLDS
from engine.decisions.record import GateResult
from engine.vocabulary import HoldCause, Text, Truth

HOLD_NAMES = {
    HoldCause.MISSING_DATA: Text("missing data", "数据缺失"),
    HoldCause.EXIT_MARGIN: Text("the exit margin", "退出余量"),
    HoldCause.GRACE: Text("the grace period", "宽限期"),
    HoldCause.MIN_DWELL: Text("the minimum dwell", "最短停留期"),
    HoldCause.CONFIRM: Text("waiting for confirmation", "等待确认"),
}


def taken(case: Case, route: str, at_least: Decimal) -> Text:
    """A tier taken by its score, by being last, or by force."""
    if route == "FORCE":
        return forced(case)
    if route == "LAST":
        return Text("It takes everybody no better tier takes.", "未达到更高等级的客户归入此等级。")
    return Text(
        f"The score {case.score_text.en} reaches {plain(at_least)}.",
        f"得分 {case.score_text.zh}，达到 {plain(at_least)}。",
    )


def by_potential(case: Case, condition: str, at_least: Decimal) -> Text:
    """A tier taken by its `or_when`."""
    en = f"By potential, not by score ({case.score_text.en}, {plain(at_least)} asked): its or_when holds: {condition}."
    zh = f"凭潜力而非得分（得分 {case.score_text.zh}，要求 {plain(at_least)}）：满足 or_when：{condition}。"
    return Text(en, zh)


def kept(case: Case) -> Text:
    """A stored tier that is kept."""
    held = int(case.outcomes.held_by[0])
    if held < 0:
        return Text("The stored tier is kept.", "保持原等级。")
    name = HOLD_NAMES[HOLDS[held]]
    return Text(f"The stored tier is kept by {name.en}.", f"因{name.zh}保持原等级。")


def outranked(case: Case, index: int) -> Text:
    """A tier whose conditions hold although another was taken."""
    if index < case.tier:
        return Text("Its conditions hold; the move has to wait.", "条件已满足；需等待后才能升级。")
    return Text("Its conditions hold too, a better tier was taken.", "条件也满足，但已归入更高等级。")


def too_low(case: Case, asked: Decimal) -> Text:
    """A score below what the tier asks."""
    return Text(
        f"The score {case.score_text.en} is below {plain(asked)}.", f"得分 {case.score_text.zh}，低于 {plain(asked)}。"
    )


def gate_fails(failed: Sequence[GateResult]) -> Text:
    """Gates known to fail."""
    en = "; ".join(f"{gate.called.en}: {gate.when}" for gate in failed)
    zh = "；".join(f"{gate.called.zh or gate.called.en}：{gate.when}" for gate in failed)
    return Text(f"It asks for what is not so: {en}.", f"不满足门槛条件：{zh}。")


def forced(case: Case) -> Text:
    """A force rule decided."""
    rule = case.rules.force[int(case.outcomes.forced[0])]
    en = rule.title.en or rule.name
    zh = rule.title.zh or en
    return Text(f"The force rule {en} decides: {rule.when.text}.", f"由强制规则 {zh} 决定：{rule.when.text}。")


def left_open(case: Case, asked: Decimal, gates: Sequence[GateResult]) -> Text:
    """What is unknown leaves the tier open."""
    if case.tier < 0:
        return Text("Too little is known for a score.", "已知数据不足，无法评分。")
    unknown = [gate.called for gate in gates if gate.result is Truth.UNKNOWN]
    range_en, range_zh = case.score_text.en, case.score_text.zh
    if unknown:
        en, zh = ", ".join(one.en for one in unknown), "、".join(one.zh or one.en for one in unknown)
        return Text(f"Data are missing to answer its gate: {en}.", f"缺少数据，无法判断门槛：{zh}。")
    return Text(
        f"Data are missing: the score {range_en} may or may not be enough ({plain(asked)} asked).",
        f"缺少数据：得分 {range_zh}，是否达到 {plain(asked)} 尚不确定。",
    )
