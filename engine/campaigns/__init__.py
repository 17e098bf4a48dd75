"""Campaigns: triggers, channels and the limits on contacting people."""

from engine.campaigns.capacity import allot_capacity
from engine.campaigns.consent import consent_names
from engine.campaigns.gating import Contacts, gate_dispatches, reached_capacity
from engine.campaigns.holdout import holdout_flags, in_holdout
from engine.campaigns.model import (
    CAMPAIGN_DISPATCH,
    CAMPAIGN_QUIET,
    SUPPRESSIONS,
    Campaigns,
    Cap,
    Channel,
    Holdout,
    QuietHours,
    Tag,
    Trigger,
)
from engine.campaigns.timing import due_at, not_before

__all__ = [
    "CAMPAIGN_DISPATCH",
    "CAMPAIGN_QUIET",
    "SUPPRESSIONS",
    "Campaigns",
    "Cap",
    "Channel",
    "Contacts",
    "Holdout",
    "QuietHours",
    "Tag",
    "Trigger",
    "allot_capacity",
    "consent_names",
    "due_at",
    "gate_dispatches",
    "holdout_flags",
    "in_holdout",
    "not_before",
    "reached_capacity",
]
