"""What a document says beyond the score: what held the tier, stage, risk, what changed, and what would change it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from engine.decisions.explanation.narration import CAUSE_TEXTS
from engine.decisions.record import Hold
from engine.expressions.amounts import UNKNOWN
from engine.operations.churn_views import ChurnReasonView
from engine.operations.documents.markup import Markup, element, joined
from engine.operations.documents.telling import Teller, bullets, place, section, small, table
from engine.store.reading import Kind, global_id
from engine.vocabulary import PHASE_TEXTS, RISK_TEXTS, UNRATED, ChurnStatus, Text, Unit

_STATUSES: Final = {
    ChurnStatus.MODEL: Text("estimated by the model", "由模型估计"),
    ChurnStatus.FALLBACK_BGNBD: Text("estimated from the rhythm of purchases (BG/NBD)", "按购买节奏估计（BG/NBD）"),
    ChurnStatus.FALLBACK_SEGMENT: Text("estimated from similar customers", "按同类客户估计"),
    ChurnStatus.UNAVAILABLE: Text("no estimate", "无估计"),
}


def holds(teller: Teller) -> Markup:
    """What kept the customer from moving, and until when."""
    held = teller.told.held_by
    nothing = teller.say(
        "Nothing held the tier: it follows from the rules of this day.", "无：等级直接由当日规则得出。"
    )
    content = bullets(_hold(teller, one) for one in held) if held else element("p", nothing)
    return section(teller.say("What held the tier", "等级因何保持"), content, name="holds")


def _hold(teller: Teller, hold: Hold) -> Markup:
    until = (
        teller.say("This does not end by itself.", "不会自动结束。")
        if hold.until is None
        else teller.say(f"Until {teller.date(hold.until)}.", f"至 {teller.date(hold.until)}。")
    )
    titles = {metric.name: teller.text(metric.title) for metric in teller.told.metrics}
    missing = teller.listed(titles.get(name, name) for name in hold.metrics)
    parts: list[str] = [teller.text(hold.text), teller.say(" ", ""), until]
    if missing:
        parts.append(small(teller.say("Missing: ", "缺失：") + missing))
    return joined(parts)


def stage_and_risk(teller: Teller) -> Markup:
    """Lifecycle stage and churn risk, with what the estimate rests on."""
    told, churn, say = teller.told, teller.answer.churn, teller.say
    rule = told.stage_rule
    title = teller.with_title(told.stage.value, rule.text)
    stage: list[str] = [
        say("Stage: ", "阶段："),
        element("strong", title),
        " · ",
        teller.text(PHASE_TEXTS[told.phase]),
        " ",
    ]
    if rule.held:
        stage.append(say("(kept: data are missing to tell otherwise) ", "（数据缺失，沿用此前阶段）"))
    band = UNKNOWN if told.risk is None else RISK_TEXTS[told.risk]
    probability = None if churn.probability is None else f"{churn.probability:f}"
    risk: list[str] = [
        say("Churn risk: ", "流失风险："),
        element("strong", teller.text(band)),
        " · ",
        teller.value(probability, Unit.PROBABILITY),
        say(", ", "，"),
        teller.text(_STATUSES[churn.status]),
    ]
    if churn.as_of is not None:
        risk.append(say(f", as of {teller.date(churn.as_of)}", f"，截至 {teller.date(churn.as_of)}"))
    parts = [element("p", *stage, place(rule.place)), element("p", *risk)]
    if churn.reasons:
        headers = [say("What the estimate rests on", "估计依据"), say("Value", "数值"), say("Effect", "影响")]
        parts.append(table(headers, [_pushed(teller, one) for one in churn.reasons], "churn", numbers="1"))
    return section(say("Stage and churn risk", "阶段与流失风险"), *parts, name="risk")


def _pushed(teller: Teller, reason: ChurnReasonView) -> list[str]:
    effect = f"{reason.effect:+.2f}".replace("-", "−")
    way = teller.say("raises", "提高") if reason.effect > 0 else teller.say("lowers", "降低")
    return [
        teller.text(reason.text),
        teller.value(reason.value, reason.unit) if reason.unit is not Unit.RATIO else teller.text(reason.shown()),
        teller.say(f"{way} the risk ({effect} log-odds)", f"{way}风险（对数几率 {effect}）"),
    ]


def change(teller: Teller) -> Markup:
    """What changed since the decision before, part by part."""
    found, say = teller.answer.change, teller.say
    title = say("What changed since the decision before", "与上次决定相比的变化")
    if teller.answer.unread_before is not None:
        return section(title, element("p", teller.text(teller.answer.unread_before)), name="change")
    if found is None:
        return section(title, element("p", say("This is the first decision.", "这是首次决定。")), name="change")
    date, before = teller.date(found.since_as_of), global_id(Kind.DECISION, found.since)
    since = element(
        "p", say(f"The decision before is of {date}, ", f"上次决定时点为 {date}，"), element("code", before)
    )
    if not found.parts:
        unlike = say(
            "The decision before is of another customer type or cannot be made again, so no difference can be told.",
            "上次决定的客户类型不同，或已无法重现，无法比较差异。",
        )
        return section(title, since, element("p", unlike), name="change")
    rows = [
        [teller.text(CAUSE_TEXTS[part.cause]), _points_moved(teller, part.delta), _tier_moved(teller, part.tier)]
        for part in found.parts
    ]
    headers = [say("Cause", "原因"), say("Points", "分"), say("Tier moved to", "等级变为")]
    foot = [say("Together", "合计"), element("strong", _points_moved(teller, found.delta), id="difference"), ""]
    return section(title, since, table(headers, rows, "changes", foot=foot, numbers="1"), name="change")


def _points_moved(teller: Teller, delta: Decimal | None) -> str:
    return teller.say("unknown", "未知") if delta is None else f"{delta:+f}".replace("-", "−")


def _tier_moved(teller: Teller, tier: str | None) -> str:
    """The tier a part of a change leads to; None: it moves none."""
    return teller.say("none", "无") if tier is None else teller.tier(None if tier == UNRATED else tier)


def ways(teller: Teller) -> Markup:
    """The smallest changes that reach the next tier."""
    say, following = teller.say, teller.told.next_tier
    title = say("What would lead to the next tier", "如何达到更高等级")
    if following is None:
        return section(title, element("p", say("This is the best tier.", "已是最高等级。")), name="ways")
    key = teller.with_title(following.key, following.title)
    if not following.ways:
        said = say(f"No change of one or two metrics alone leads to {key}.", f"仅改变一两项指标无法达到 {key}。")
        if not following.exhaustive:
            said = say(
                f"No change of one or two metrics was found that leads to {key}.",
                f"未找到仅改变一两项指标即可达到 {key} 的途径。",
            )
        return section(title, element("p", said), name="ways")
    tried = say("tried: the rules then give this tier", "已验证：按规则即可达到")
    lines = [
        joined([teller.text(way.text), small(f"✓ {tried}") if way.verified and way.changes else ""])
        for way in following.ways
    ]
    note = say(
        "Each line alone is enough, everything else staying as it is; a waiting time may follow.",
        "以下任一条即可，其余条件不变；之后可能仍需等待。",
    )
    lead = element("p", say(f"To {key}. ", f"达到 {key}。"), note)
    return section(title, lead, bullets(lines), name="ways")
