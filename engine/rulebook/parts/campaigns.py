"""`campaigns.yaml`: channels, triggers, tags, and the limits on contacting people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.campaigns.model import Campaigns, Cap, Channel, Holdout, QuietHours, Tag, Trigger
from engine.rulebook.desk import Desk
from engine.rulebook.keys import Keys
from engine.rulebook.names import Names
from engine.rulebook.strict import Node
from engine.vocabulary import Text, Unit

FILE: Final = "campaigns.yaml"
OWNER_TASK: Final = "owner_task"
"""The channel that reaches the owner unless it says otherwise."""

_ON_UNKNOWN: Final = ("fail", "pass")
_PURPOSES: Final = ("marketing", "service")
_LIMIT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Defaults:
    """What a trigger that says nothing gets."""

    cooldown_days: int = 0
    quiet_hours: QuietHours | None = None
    holdout: Holdout | None = None


@dataclass(slots=True)
class _Shared:
    """What triggers refer to."""

    channels: Mapping[str, Channel]
    channel_names: Names
    defaults: _Defaults
    names: Names = field(init=False)


def read_campaigns(node: Node, desk: Desk) -> Campaigns:
    """Read channels, triggers and tags; triggers come by falling priority, then name."""
    keys = desk.keys(node, Text("the campaigns file", "活动文件"))
    names = Names(Text("channel", "渠道"), desk.findings)
    written = keys.node("channels")
    channels = _channels(written, names, desk) if written is not None else {}
    defaults = keys.node("defaults")
    cap = keys.seek("cap", lambda node: _cap(node, desk))
    shared = _Shared(channels, names, _defaults(defaults, desk) if defaults is not None else _Defaults())
    shared.names = Names(Text("campaign", "活动"), desk.findings)
    triggers = keys.want("triggers", lambda node: _triggers(node, shared, desk), ())
    labels = Names(Text("tag", "标签"), desk.findings)
    tags = keys.want("tags", lambda node: _tags(node, labels, desk), ())
    keys.done()
    if keys.readable:
        desk.campaigns, desk.tags = shared.names.given, labels.given
        desk.consents = tuple(sorted({channel.consent for channel in channels.values() if channel.consent}))
    else:
        desk.campaigns = desk.tags = desk.consents = None
    ordered = tuple(sorted(triggers, key=lambda trigger: (-trigger.priority, trigger.name)))
    return Campaigns(ordered, tags, cap)


def _channels(node: Node, names: Names, desk: Desk) -> dict[str, Channel]:
    owner = Text("a channel", "渠道")
    channels: dict[str, Channel] = {}
    for entry in desk.values.entries(node, Text("the channels", "渠道清单")).values():
        name = names.new(entry.key)
        keys = desk.keys(entry.value, owner)
        consent = keys.seek("consent", desk.values.open_name(Text("consent purpose", "同意用途")))
        reaches = keys.want(
            "to", desk.values.choice(("customer", "owner")), "owner" if name == OWNER_TASK else "customer"
        )
        per_owner = keys.seek("per_owner", desk.values.whole(1, _LIMIT))
        keys.done()
        if name is not None:
            channels[name] = Channel(name, consent, reaches == "owner", per_owner, entry.key.place)
    return channels


def _defaults(node: Node, desk: Desk) -> _Defaults:
    keys = desk.keys(node, Text("the defaults", "默认值"))
    defaults = _Defaults(
        keys.want("cooldown", desk.values.days, 0),
        keys.seek("quiet_hours", lambda node: _quiet_hours(node, desk)),
        keys.seek("holdout", lambda node: _holdout(node, desk)),
    )
    keys.done()
    return defaults


def _quiet_hours(node: Node, desk: Desk) -> QuietHours | None:
    hours = desk.values.hours(node)
    return QuietHours(*hours) if hours else None


def _holdout(node: Node, desk: Desk) -> Holdout | None:
    keys = desk.keys(node, Text("a holdout", "对照组"))
    percent = keys.need("percent", desk.values.whole(0, 100))
    salt = keys.need("salt", desk.values.text)
    keys.done()
    return Holdout(percent, salt) if percent is not None and salt is not None else None


def _cap(node: Node, desk: Desk) -> Cap | None:
    keys = desk.keys(node, Text("the cap", "触达上限"))
    most = keys.need("max", desk.values.whole(0, 1_000))
    per = keys.need("per", desk.values.days)
    keys.done()
    return Cap(most, per) if most is not None and per is not None else None


def _triggers(node: Node, shared: _Shared, desk: Desk) -> tuple[Trigger, ...]:
    found = [_trigger(item, shared, desk) for item in desk.values.items(node, "triggers")]
    return tuple(trigger for trigger in found if trigger)


def _trigger(node: Node, shared: _Shared, desk: Desk) -> Trigger | None:
    values = desk.values
    keys = desk.keys(node, Text("a trigger", "触发规则"))
    name = keys.need("name", shared.names.new)
    when = keys.need("when", desk.condition(desk.campaign_scope()))
    on_unknown = keys.want("on_unknown", values.choice(_ON_UNKNOWN), "fail")
    priority = keys.need("priority", values.whole(0, 1_000))
    channel_name = keys.need("channel", shared.channel_names.known)
    template = keys.need("template", values.open_name(Text("template", "模板")))
    purpose = keys.want("purpose", values.choice(_PURPOSES), "marketing")
    unit_cost = keys.want("unit_cost", desk.amount(Unit.MONEY), 0)
    cooldown = keys.want("cooldown", values.days, shared.defaults.cooldown_days)
    quiet = keys.seek("quiet_hours", lambda node: _quiet_hours(node, desk)) or shared.defaults.quiet_hours
    holdout = keys.seek("holdout", lambda node: _holdout(node, desk))
    per_day = keys.seek("per_day", values.whole(1, _LIMIT))
    due = keys.seek("due", values.days)
    title = keys.seek("title", desk.title)
    _no_consent(keys, desk)
    keys.done()
    channel = shared.channels.get(channel_name or "")
    if name is None or when is None or priority is None or channel is None or template is None:
        return None
    marketing = purpose == "marketing" and not channel.to_owner
    return Trigger(
        name, when, on_unknown, priority, channel, template, purpose, marketing, unit_cost, cooldown,
        None if channel.to_owner else quiet,
        holdout or (shared.defaults.holdout if marketing else None),
        per_day, due, title or Text(name), keys.place,
    )  # fmt: skip


def _no_consent(keys: Keys, desk: Desk) -> None:
    """Consent written at a trigger belongs to its channel."""
    if keys.has("consent"):
        keys.node("consent")
        desk.findings.add("consent_place", keys.key_place("consent"))


def _tags(node: Node, names: Names, desk: Desk) -> tuple[Tag, ...]:
    found = []
    for item in desk.values.items(node, "tags"):
        keys = desk.keys(item, Text("a tag", "标签"))
        name = keys.need("tag", names.new)
        when = keys.need("when", desk.condition(desk.campaign_scope()))
        on_unknown = keys.want("on_unknown", desk.values.choice(_ON_UNKNOWN), "fail")
        title = keys.seek("title", desk.title)
        keys.done()
        if name and when:
            found.append(Tag(name, when, on_unknown, title or Text(name), keys.place))
    return tuple(found)
