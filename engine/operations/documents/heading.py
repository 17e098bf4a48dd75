"""The head of a document: whom it is about, what was decided, when and by what; then the decision in plain words."""

from __future__ import annotations

from engine.operations.documents.markup import Markup, element, joined
from engine.operations.documents.telling import Teller, bullets, pairs, paragraphs, section, small
from engine.store.reading import Kind, global_id
from engine.vocabulary import MARKET_TEXTS, Text

TITLE = Text("Explanation of a customer tier", "客户等级说明书")


def heading(teller: Teller) -> Markup:
    """Title, customer, tier."""
    answer, told = teller.answer, teller.told
    who = element("bdi", answer.name or answer.ref)
    return element(
        "header",
        element(
            "p", teller.say("Touchstone · explanation of one decision", "Touchstone · 单项决定说明"), class_="kind"
        ),
        element("h1", teller.text(TITLE)),
        element(
            "p",
            element("span", who, class_="who"),
            element("span", teller.tier(told.tier.effective), class_="tier"),
            class_="verdict",
        ),
    )


def summary(teller: Teller) -> Markup:
    """Who decided what, and when."""
    return section(
        teller.say("Who decided what, and when", "谁、何时、作出何种决定"),
        pairs([*_what(teller), *_who(teller)], "facts"),
        name="summary",
    )


def _what(teller: Teller) -> list[tuple[str, str]]:
    answer, told, say = teller.answer, teller.told, teller.say
    view = told.tier
    since = teller.date(view.since)
    before = teller.tier(view.previous) if view.previous is not None else say("none", "无")
    tier = [element("strong", teller.tier(view.effective)), say(f" since {since}", f"，自 {since} 起")]
    if view.provisional:
        tier.append(small(say("provisional: data are missing", "暂定：数据缺失")))
    if view.effective != view.computed:
        tier.append(small(say("by the rules: ", "按规则应为："), teller.tier(view.computed)))
    market = teller.with_title(told.market.value, MARKET_TEXTS[told.market])
    return [
        (say("Customer", "客户"), joined([element("bdi", answer.name or "–"), small(element("bdi", answer.ref))])),
        (say("Customer type", "客户类型"), market),
        (say("Tier", "等级"), joined(tier)),
        (say("Tier before", "此前等级"), before),
        (say("Decided for", "决定时点"), teller.instant(told.as_of)),
        (say("Decision", "决定编号"), element("code", global_id(Kind.DECISION, teller.shown.number))),
    ]


def _who(teller: Teller) -> list[tuple[str, str]]:
    """What decided: rules, engine, model, run; and the person, where one did."""
    answer, shown, say = teller.answer, teller.shown, teller.say
    run, change = shown.run, shown.change
    made = run.finished_at or run.started_at
    rules = [teller.text(shown.book_title), small(say("owner: ", "负责方："), shown.book_owner)]
    if change is not None:
        by, at = change.published_by or change.actor, teller.date(change.live_from or change.at)
        rules.append(small(say(f"in force from {at}, published by {by}", f"自 {at} 生效，发布人 {by}")))
        if shown.approved_by:
            approvers = say(", ", "、").join(shown.approved_by)
            rules.append(small(say(f"approved by {approvers}", f"批准人 {approvers}")))
    model = (
        element("code", answer.model_digest, class_="hash") if answer.model_digest else say("none was used", "未使用")
    )
    rows = [
        (
            say("Decided by", "决定方式"),
            joined(
                [
                    say("automatically, by these rules", "按规则自动决定"),
                    small(say(f"run started by {run.actor}", f"运行发起人 {run.actor}")),
                ]
            ),
        ),
        (say("Made", "作出时间"), joined([teller.instant(made), small(element("code", global_id(Kind.RUN, run.id)))])),
        (say("Rules", "规则"), joined(rules)),
        (say("Engine", "引擎版本"), f"Touchstone {answer.engine_version}"),
        (say("Revision of the rules", "规则版本"), element("code", teller.told.revision, class_="hash")),
        (say("Churn model", "流失模型"), model),
    ]
    if shown.override is not None:
        by_hand = say(
            f"by {shown.override.actor}: {shown.override.reason}", f"{shown.override.actor}：{shown.override.reason}"
        )
        rows.append((say("Tier set by hand", "人工设定等级"), by_hand))
    return rows


def narration(teller: Teller) -> Markup:
    """The decision in plain words, with what is too old to be believed."""
    lines = teller.answer.narration(teller.locale)
    stale = [
        teller.say(
            f"{one.source} (complete until {teller.date(one.complete_until)})",
            f"{one.source}（完整至 {teller.date(one.complete_until)}）",
        )
        if one.complete_until is not None
        else teller.say(f"{one.source} (never imported)", f"{one.source}（从未导入）")
        for one in teller.shown.stale
    ]
    warned = (
        [teller.say("Too old to be believed, hence unknown: ", "数据过旧，视为未知：") + teller.listed(stale)]
        if stale
        else []
    )
    return section(
        teller.say("In plain words", "通俗说明"), bullets(lines, "plain"), paragraphs(warned), name="narration"
    )
