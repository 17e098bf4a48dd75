"""The campaigns' step of a decision: who is contacted, and what holds back whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.campaigns.consent import consent_names
from engine.campaigns.model import CAMPAIGN_DISPATCH, SUPPRESSIONS, Campaigns
from engine.vocabulary import SuppressionCause

_UNKNOWN = 2
_CODE = {cause: CAMPAIGN_DISPATCH + 1 + index for index, cause in enumerate(SUPPRESSIONS)}


@dataclass(frozen=True, slots=True)
class Contacts:
    """What is known about contacting (customers,) or (customers, triggers) before a decision.

    Attributes:
        consents: Bit i: the i-th of `consent_names(campaigns)` is granted.
        last_contact: (customers, triggers) local day of the trigger's last dispatch, or far in the past.
        contacts: Marketing contacts within the cap's window.
        holdout: (customers, triggers) the customer is in that trigger's holdout.
        full: (customers, triggers) that trigger's capacity is used up.
    """

    consents: NDArray[np.uint32]
    last_contact: NDArray[np.int32]
    contacts: NDArray[np.int16]
    holdout: NDArray[np.bool_]
    full: NDArray[np.bool_]


def gate_dispatches(campaigns: Campaigns, truths: NDArray[np.uint8], day: int, known: Contacts) -> NDArray[np.uint8]:
    """Decide for every customer and trigger: quiet, to be contacted, or suppressed and by what.

    Triggers are taken by falling priority. The first of these that applies suppresses: consent, cooldown,
    holdout, cap, priority (one marketing contact a decision), capacity. Quiet hours only delay a dispatch
    and are no matter of the decision.

    Args:
        campaigns: The triggers, by falling priority.
        truths: (customers, triggers) 0 false, 1 true, 2 unknown.
        day: Local day of the decision.
        known: Consents, contact history, holdouts and capacity.

    Returns:
        (customers, triggers) CAMPAIGN_QUIET, CAMPAIGN_DISPATCH or 2 + index in SUPPRESSIONS.
    """
    unknown = [
        CAMPAIGN_DISPATCH if trigger.on_unknown == "pass" else _CODE[SuppressionCause.UNKNOWN_DATA]
        for trigger in campaigns.triggers
    ]
    # false and true are stored as CAMPAIGN_QUIET and CAMPAIGN_DISPATCH are
    results = np.where(truths == _UNKNOWN, np.array(unknown, np.uint8), truths)
    taken = np.zeros(len(truths), np.bool_)
    wanted = results == CAMPAIGN_DISPATCH
    for index in np.flatnonzero(wanted.any(axis=0)).tolist():
        rows = np.flatnonzero(wanted[:, index])
        code = _obstacle(campaigns, index, rows, known, day=day, taken=taken)
        results[rows, index] = code
        if campaigns.triggers[index].marketing:
            taken[rows[code == CAMPAIGN_DISPATCH]] = True
    return results


def _obstacle(
    campaigns: Campaigns,
    index: int,
    rows: NDArray[np.intp],
    known: Contacts,
    *,
    day: int,
    taken: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """The code of the first obstacle of each of `rows`, or CAMPAIGN_DISPATCH; written last to first."""
    trigger = campaigns.triggers[index]
    code = np.full(len(rows), CAMPAIGN_DISPATCH, np.uint8)
    code[known.full[rows, index]] = _CODE[SuppressionCause.CAPACITY]
    if trigger.marketing:
        code[taken[rows]] = _CODE[SuppressionCause.PRIORITY]
        if campaigns.cap is not None:
            code[known.contacts[rows] >= campaigns.cap.maximum] = _CODE[SuppressionCause.CAP]
    code[known.holdout[rows, index]] = _CODE[SuppressionCause.HOLDOUT]
    code[known.last_contact[rows, index] > day - trigger.cooldown_days] = _CODE[SuppressionCause.COOLDOWN]
    if trigger.channel.consent is not None:
        bit = consent_names(campaigns).index(trigger.channel.consent)
        granted = (known.consents[rows] >> np.uint32(bit)) & np.uint32(1)
        code[granted == 0] = _CODE[SuppressionCause.CONSENT]
    return code


def reached_capacity(results: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Who is to be contacted as far as capacity is concerned, (customers, triggers): input of `allot_capacity`.

    A trigger put back by another one's priority counts too: it comes in when that one's capacity is used up.
    """
    wanted = (CAMPAIGN_DISPATCH, _CODE[SuppressionCause.PRIORITY], _CODE[SuppressionCause.CAPACITY])
    return np.isin(results, wanted)
