"""The sentences of an explanation, in English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.values import plain
from engine.decisions.model import HOLDS
from engine.decisions.reading import TRUE
from engine.decisions.record import CriterionResult, GateResult
from engine.rulebook.book import Gate
from engine.vocabulary import HoldCause, Text, Truth

HOLD_NAMES = {
    HoldCause.MISSING_DATA: Text("missing data", "数据缺失"),
    HoldCause.EXIT_MARGIN: Text("the exit margin", "退出余量"),
    HoldCause.GRACE: Text("the grace period", "宽限期"),
    HoldCause.MIN_DWELL: Text("the minimum dwell", "最短停留期"),
    HoldCause.CONFIRM: Text("waiting for confirmation", "等待确认"),
}


def assumed(criterion: CriterionResult) -> Text:
    """A criterion whose points were assumed, for its metric is unknown."""
    title, given = criterion.title, plain(criterion.points or Decimal(0))
    return Text(f"{title.en} is not known ({given} points assumed)", f"{title.zh or title.en}未知（按 {given} 分计）")


def not_known(reason: Text) -> Text:
    """The reason of a force rule that applies although data are missing."""
    return Text(f"{reason.en} (not known: data are missing)", f"{reason.zh or reason.en}（数据缺失，无法确认）")


def by_score(case: Case, at_least: Decimal) -> Text:
    """A tier taken by its score, which reaches what is asked whatever is missing."""
    return Text(
        f"The score {case.score_text.en} reaches {plain(at_least)}.",
        f"得分 {case.score_text.zh}，达到 {plain(at_least)}。",
    )


def last() -> Text:
    """The last tier."""
    return Text("It takes everybody no better tier takes.", "未达到更高等级的客户归入此等级。")


def by_potential(case: Case, door: Gate, at_least: Decimal) -> Text:
    """A tier taken by its `or_when`; one that passes for want of data is not said to hold."""
    why_en, why_zh = "its or_when holds", "满足 or_when"
    if case.truth(door.when) != TRUE:
        why_en, why_zh = "data are missing to answer its or_when, which then passes", "缺少数据，or_when 按通过处理"
    en = f"By potential, not by score ({case.score_text.en}, {plain(at_least)} asked): {why_en}: {door.when.text}."
    zh = f"凭潜力而非得分（得分 {case.score_text.zh}，要求 {plain(at_least)}）：{why_zh}：{door.when.text}。"
    return Text(en, zh)


def one_step(down: bool, key: str) -> Text:
    """A tier on the way to the one the rules ask for."""
    if down:
        return Text(f"One step down on the way to {key}; tiers fall one at a time.", f"逐级下调，目标等级 {key}。")
    return Text(f"One step up on the way to {key}; tiers rise one at a time.", f"逐级上调，目标等级 {key}。")


def left_by_data(best: bool, titles: Text) -> Text:
    """The best (worst) tier that what is unknown leaves possible, towards which a customer falls (rises)."""
    named = Text(f" ({titles.en})", f"（{titles.zh}）") if titles.en else Text("", "")
    return Text(
        f"It is the {'best' if best else 'worst'} that missing data leave open{named.en}.",
        f"这是缺失数据{named.zh}所能允许的{'最高' if best else '最低'}等级。",
    )


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
    if case.truth(rule.when) != TRUE:
        return Text(
            f"The force rule {en} applies as long as data are missing to answer it: {rule.when.text}.",
            f"缺少数据，强制规则 {zh} 暂适用：{rule.when.text}。",
        )
    return Text(f"The force rule {en} decides: {rule.when.text}.", f"由强制规则 {zh} 决定：{rule.when.text}。")


def left_open(case: Case, asked: Decimal, gates: Sequence[GateResult], certain: bool) -> Text:
    """What is unknown leaves the tier open; `certain`: its own conditions do not."""
    if case.tier < 0:
        return Text("Too little is known for a score.", "已知数据不足，无法评分。")
    unknown = [gate.called for gate in gates if gate.result is Truth.UNKNOWN]
    range_en, range_zh = case.score_text.en, case.score_text.zh
    if certain and case.open_force:
        en = ", ".join(rule.title.en or rule.name for rule in case.open_force)
        zh = "、".join(rule.title.zh or rule.title.en or rule.name for rule in case.open_force)
        return Text(f"Data are missing to answer a force rule: {en}.", f"缺少数据，无法判断强制规则：{zh}。")
    if unknown:
        en, zh = ", ".join(one.en for one in unknown), "、".join(one.zh or one.en for one in unknown)
        return Text(f"Data are missing to answer its gate: {en}.", f"缺少数据，无法判断门槛：{zh}。")
    return Text(
        f"Data are missing: the score {range_en} may or may not be enough ({plain(asked)} asked).",
        f"缺少数据：得分 {range_zh}，是否达到 {plain(asked)} 尚不确定。",
    )
