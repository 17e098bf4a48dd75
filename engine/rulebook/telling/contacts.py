"""Stages, campaigns and tags in words."""

from __future__ import annotations

from collections.abc import Iterator

from engine.campaigns.model import Campaigns, QuietHours, Tag, Trigger
from engine.expressions.amounts import spoken
from engine.rulebook.addresses import Addresses
from engine.rulebook.book import StageRule
from engine.rulebook.telling.conditions import Speaker
from engine.rulebook.telling.names import Words
from engine.rulebook.telling.phrases import Line, days, join, named, say
from engine.rulebook.telling.tiers import UNKNOWN_TEXTS
from engine.vocabulary import PHASE_TEXTS, Text, Unit, scale_of


def tell_lifecycle(rules: tuple[StageRule, ...], words: Words) -> Iterator[Line]:
    """The stages in order."""
    yield Line(Text("Where a customer stands: the first that fits", "客户所处阶段：按顺序，先符合者为准"), None, 0)
    for number, rule in enumerate(rules, 1):
        yield Line(_stage(number, rule, words), rule.place, 1)


def tell_campaigns(found: Campaigns, words: Words, places: Addresses) -> Iterator[Line]:
    """Who is contacted when, the most important first, and how often at most."""
    if not found.triggers and found.cap is None:
        return
    yield Line(Text("Who is contacted when, the most important first", "何时联系哪些客户，按优先级排列"), None, 0)
    if found.cap is not None:
        text = say(
            "A customer gets at most {n} marketing contacts in {days}; tasks and service are not counted.",
            "每位客户 {days}内最多 {n} 次营销触达；任务和服务不计入。",
            n=found.cap.maximum,
            days=days(found.cap.per_days),
        )
        yield Line(text, places.place("campaigns", "cap"), 1)
    for trigger in found.triggers:
        yield Line(_trigger(trigger, words), trigger.place, 1)


def tell_tags(tags: tuple[Tag, ...], words: Words) -> Iterator[Line]:
    """The labels."""
    if not tags:
        return
    yield Line(Text("Labels for lists and filters", "用于列表和筛选的标签"), None, 0)
    for tag in tags:
        text = say(
            "{name}: if {what}. {unknown}",
            "{name}：若{what}。{unknown}",
            name=named(tag.title, tag.name),
            what=Speaker(words).condition(tag.when.node),
            unknown=UNKNOWN_TEXTS[tag.on_unknown],
        )
        yield Line(text, tag.place, 1)


def _stage(number: int, rule: StageRule, words: Words) -> Text:
    name, phase = named(rule.title, rule.stage.value), PHASE_TEXTS[rule.phase]
    if rule.when is None:
        return say("{n}. {name}, to {phase}: everybody else.", "{n}. {name}，{phase}：其余所有客户。",
                   n=number, name=name, phase=phase)  # fmt: skip
    return say(
        "{n}. {name}, to {phase}: if {what}. {unknown}",
        "{n}. {name}，{phase}：若{what}。{unknown}",
        n=number,
        name=name,
        phase=phase,
        what=Speaker(words).condition(rule.when.node),
        unknown=UNKNOWN_TEXTS[rule.on_unknown],
    )


def _trigger(trigger: Trigger, words: Words) -> Text:
    head = say(
        "{name}, priority {priority}: if {what}. {unknown}",
        "{name}，优先级 {priority}：若{what}。{unknown}",
        name=named(trigger.title, trigger.name),
        priority=trigger.priority,
        what=Speaker(words).condition(trigger.when.node),
        unknown=UNKNOWN_TEXTS[trigger.on_unknown],
    )
    return join(Text(" ", ""), [head, _way(trigger), *_limits(trigger, words)])


def _way(trigger: Trigger) -> Text:
    """How it leaves: to whom, by which channel, with whose leave."""
    channel, template = trigger.channel, trigger.template
    if channel.to_owner:
        form = ("It is a task for the customer's owner ({channel}, template {template}).",
                "形成客户负责人的任务（{channel}，模板 {template}）。")  # fmt: skip
    else:
        form = ("It leaves by {channel} with template {template}.", "通过 {channel} 发送，模板 {template}。")
    told = say(*form, channel=channel.name, template=template)
    if channel.consent is None:
        return told
    return say(
        "{told} Only with the consent {consent}.", "{told}须有 {consent} 同意。", told=told, consent=channel.consent
    )


def _limits(trigger: Trigger, words: Words) -> Iterator[Text]:
    if trigger.due_days is not None:
        yield say("It must be done within {n}.", "须在 {n}内完成。", n=days(trigger.due_days))
    if trigger.cooldown_days:
        yield say("The same customer not again for {n}.", "同一客户 {n}内不再触发。", n=days(trigger.cooldown_days))
    if trigger.purpose == "service":
        yield Text("It is service, not marketing.", "属于服务，不计为营销。")
    if trigger.quiet_hours is not None:
        hours = _hours(trigger.quiet_hours)
        yield say("Nothing is sent between {hours}.", "{hours} 之间不发送。", hours=hours)
    if trigger.holdout is not None:
        yield say(
            "{n} % are left out by lot, to measure the effect.",
            "随机留出 {n} % 作对照组，以衡量效果。",
            n=trigger.holdout.percent,
        )
    if trigger.unit_cost:
        cost = spoken(trigger.unit_cost, Unit.MONEY, scale_of(Unit.MONEY, words.currency), words.currency)
        yield say("Each costs {cost}.", "每次成本 {cost}。", cost=cost)
    if trigger.per_day is not None:
        yield say("At most {n} a day.", "每天最多 {n} 次。", n=trigger.per_day)
    if trigger.channel.capacity_per_owner is not None:
        yield say(
            "At most {n} a day for each owner.", "每位负责人每天最多 {n} 次。", n=trigger.channel.capacity_per_owner
        )


def _hours(quiet: QuietHours) -> Text:
    start, end = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (quiet.start_minute, quiet.end_minute))
    return Text(f"{start} and {end}", f"{start} 至 {end}")
