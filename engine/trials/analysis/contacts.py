"""Campaigns that reach customers without a consent, and cooldowns that hold nothing back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from engine.campaigns import CAMPAIGN_DISPATCH
from engine.campaigns.model import Trigger
from engine.errors import Problem
from engine.trials.analysis.saying import warning
from engine.trials.analysis.study import Study, also
from engine.trials.analysis.triggers import holding, shown
from engine.trials.analysis.verdicts import Can, Verdict
from engine.vocabulary import Text


def campaigns_without_consent(studies: Sequence[Study]) -> Iterator[Problem]:
    """Marketing campaigns to customers through a channel that asks for no consent."""
    for position, trigger in _marketing(studies):
        if trigger.channel.consent is not None:
            continue
        sent = [_reached(study, position, trigger) for study in studies]
        facts = shown(studies, sent)
        if not facts:
            continue
        name = trigger.channel.name
        yield warning(
            "RULE_CONSENT",
            trigger.place,
            Text(
                f"The campaign `{trigger.name}` reaches customers who consented to nothing: its channel `{name}` asks "
                "for no consent. The customer shown gave none and is contacted.",
                f"活动 `{trigger.name}` 会触达未作任何同意的客户：渠道 `{name}` 不要求同意。所示客户未同意却会被触达。",
            ),
            Text(
                f"Write `consent: …` at the channel `{name}`, or `purpose: service` if this is no marketing.",
                f"请在渠道 `{name}` 写上 `consent: …`；若不是营销，请写 `purpose: service`。",
            ),
            (*facts, also("consents", "")),
        )


def _reached(study: Study, position: int, trigger: Trigger) -> Verdict:
    """A customer without any consent to whom the campaign goes out when it is decided."""
    held = holding(study, trigger)
    if held.can is not Can.HAPPEN:
        return held
    sent = study.alone(held.facts).outcomes.campaigns[0, position] == CAMPAIGN_DISPATCH
    if sent:
        return held
    rows = np.flatnonzero(study.pool.outcomes.campaigns[:, position] == CAMPAIGN_DISPATCH)
    if not len(rows):
        return Verdict(Can.OPEN, {})
    return Verdict(Can.HAPPEN, study.row(rows, held.facts))


def short_cooldowns(studies: Sequence[Study], run_days: int | None) -> Iterator[Problem]:
    """Marketing campaigns whose cooldown is over before the next run, so that every run contacts the customer again.

    Args:
        run_days: Days from one run to the next; None: not known, and nothing is said but that there is no cooldown.
    """
    for position, trigger in _marketing(studies):
        if trigger.cooldown_days > 0 and (run_days is None or trigger.cooldown_days > run_days):
            continue
        again = [_again(study, position, trigger, run_days or 1) for study in studies]
        facts = shown(studies, again)
        if not facts:
            continue
        yield warning(
            "RULE_COOLDOWN",
            trigger.place,
            _said(trigger, run_days),
            Text("Write a `cooldown` longer than the time between runs.", "请写上比运行间隔更长的 `cooldown`。"),
            facts,
        )


def _said(trigger: Trigger, run_days: int | None) -> Text:
    if run_days is None or not trigger.cooldown_days:
        return Text(
            f"The campaign `{trigger.name}` has no cooldown: the customer shown is contacted again at every run.",
            f"活动 `{trigger.name}` 没有冷却期：所示客户每次运行都会再被触达。",
        )
    return Text(
        f"The cooldown of `{trigger.name}` ({trigger.cooldown_days} days) is over before the next run ({run_days} days "
        "later): the customer shown, contacted at the last run, is contacted again.",
        f"`{trigger.name}` 的冷却期（{trigger.cooldown_days} 天）在下一次运行（{run_days} 天后）之前就已结束："
        "所示客户在上次运行时被触达，这次又会被触达。",
    )


def _again(study: Study, position: int, trigger: Trigger, run_days: int) -> Verdict:
    """A customer contacted at the last run who is contacted again; consents given, nothing else in the way."""
    held = holding(study, trigger)
    if held.can is not Can.HAPPEN:
        return held
    states = study.alone(held.facts).states
    last = states.last_contact.copy()
    last[0, position] = study.pool.moment.day - run_days
    full = np.ones_like(states.full)
    full[0, position] = False
    everything = np.full(1, np.iinfo(np.uint32).max, np.uint32)
    crowd = study.alone(held.facts, replace(states, last_contact=last, consents=everything, full=full))
    sent = crowd.outcomes.campaigns[0, position] == CAMPAIGN_DISPATCH
    return held if sent else Verdict(Can.OPEN, {})


def _marketing(studies: Sequence[Study]) -> Iterator[tuple[int, Trigger]]:
    triggers = studies[0].rules.campaigns.triggers if studies else ()
    return ((position, trigger) for position, trigger in enumerate(triggers) if trigger.marketing)
