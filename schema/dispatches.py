"""Dispatches: contacts made or suppressed."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from engine.errors import NotFoundError
from engine.store.reading import (
    DispatchFilter as KeptDispatches,
)
from engine.store.reading import (
    DispatchView,
    Kind,
    TaskView,
    count_dispatches,
    dispatches_page,
    slice_of,
    tasks_of_dispatches,
)
from engine.vocabulary import SuppressionCause, Text
from schema.campaigns import Campaign, CampaignSource, campaigns_of
from schema.context import Info, LocaleArgument
from schema.describing import answered, backed_by, described, given, given_or, identified, told
from schema.lists import DispatchState
from schema.lookups import customer_of, decision_of
from schema.pointers import CustomerLater, DecisionLater, TaskLater
from schema.relay import After, Before, Connection, First, Last, Node, Paged, listed


async def _campaign(root: DispatchView, info: Info) -> CampaignSource:
    """The campaign, as in the rule book that decided."""
    for campaign in campaigns_of(await info.context.book(root.revision)):
        if campaign.trigger.name == root.campaign:
            return campaign
    raise NotFoundError(
        Text(f"The rule book has no campaign {root.campaign}.", f"规则库中没有活动 {root.campaign}。"),
        Text(
            "Tell the operator: the stored dispatch does not fit its revision.",
            "请告知管理员：该触达与其规则版本不符。",
        ),
    )


async def _text(root: DispatchView, info: Info, locale: LocaleArgument = None) -> str:
    """What it is, one sentence."""
    language = info.context.in_locale(locale)
    title = (await _campaign(root, info)).trigger.title.within(language)
    if root.suppressed_by is None:
        return Text(f"{title}, by {root.channel}", f"{title}，渠道 {root.channel}").within(language)
    cause = _CAUSES[SuppressionCause(root.suppressed_by)]
    return Text(f"{title}: not contacted, {cause.en}", f"{title}：未触达，{cause.zh}").within(language)


_CAUSES = {
    SuppressionCause.CONSENT: Text("no consent for the channel", "没有该渠道的授权"),
    SuppressionCause.COOLDOWN: Text("contacted too recently", "距上次触达时间太近"),
    SuppressionCause.CAP: Text("enough contacts already", "触达次数已达上限"),
    SuppressionCause.QUIET_HOURS: Text("quiet hours", "免打扰时段"),
    SuppressionCause.HOLDOUT: Text("in the comparison group", "属于对照组"),
    SuppressionCause.CAPACITY: Text("capacity is used up", "名额已用完"),
    SuppressionCause.PRIORITY: Text("a more important campaign goes first", "有更高优先级的活动"),
    SuppressionCause.UNKNOWN_DATA: Text("something it needs to know is unknown", "所需数据未知"),
}


async def _task(root: DispatchView, info: Info) -> TaskView | None:
    """The owner task, if the channel is one."""
    return await info.context.load(tasks_of_dispatches, root.id)


@described
class Dispatch(Node):
    """One contact, made or suppressed; an alert is one to a person with a due time."""

    is_type_of = backed_by(DispatchView)

    id: strawberry.ID = identified(Kind.DISPATCH)
    customer: CustomerLater = answered(customer_of)
    decision: DecisionLater = answered(decision_of)
    campaign: Campaign = answered(_campaign)
    channel: str = told("The channel it leaves through.")
    state: DispatchState = told("What became of it.")
    suppressed_by: SuppressionCause | None = told("Iff SUPPRESSED.")
    text: str = answered(_text)
    not_before: datetime | None = told("Not before this instant (quiet hours); null: at once.")
    due_at: datetime | None = told("Iff it is an alert.")
    task: TaskLater | None = answered(_task)
    created_at: datetime = told("When it was decided.")
    sent_at: datetime | None = told("When it left; null: it has not.")


@given
class DispatchFilter:
    """`from`/`to` are about `createdAt`."""

    campaign: str | None = given_or(None, "Name of the campaign.")
    channel: str | None = given_or(None, "Name of the channel.")
    state: list[DispatchState] | None = given_or(None, "Any of these.")
    suppressed_by: list[SuppressionCause] | None = given_or(None, "Any of these.")
    from_: datetime | None = given_or(None, "At or after.", name="from")
    to: datetime | None = given_or(None, "Before.")


DispatchFilterArgument = Annotated[DispatchFilter | None, strawberry.argument(description="Which dispatches.")]


async def kept_dispatches(info: Info, filter_: DispatchFilter | None) -> KeptDispatches:
    """A filter as the store takes it."""
    if filter_ is None:
        return KeptDispatches()
    return KeptDispatches(
        campaign=filter_.campaign,
        channel=filter_.channel,
        states=None if filter_.state is None else tuple(filter_.state),
        suppressed_by=None if filter_.suppressed_by is None else tuple(filter_.suppressed_by),
        from_at=await info.context.instant_or_none(filter_.from_),
        to_at=await info.context.instant_or_none(filter_.to),
    )


async def _dispatches(
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    filter: DispatchFilterArgument = None,
) -> Paged:
    """Contacts made or suppressed, newest first."""
    kept = await kept_dispatches(info, filter)
    slice_ = slice_of(first, after, last, before)
    return await listed(
        info, partial(dispatches_page, filter_=kept, slice_=slice_), partial(count_dispatches, filter_=kept)
    )


@described
class DispatchQueries:
    """Questions about dispatches."""

    dispatches: Connection[Dispatch] | None = answered(_dispatches)
