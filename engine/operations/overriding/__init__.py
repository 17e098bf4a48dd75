"""Tiers set by hand: a reason, an actor and an expiry, a second person where the book asks for one; the computed tier
stays beside."""

from engine.operations.overriding.approving import approve_override, end_override
from engine.operations.overriding.asking import why_text
from engine.operations.overriding.expiring import expire_overrides, expire_passed
from engine.operations.overriding.setting import OverrideInput, override_tier, overrides_of
from engine.operations.overriding.states import Standing, standing_of
from engine.operations.overriding.telling import (
    Listed,
    Statistics,
    listed_overrides,
    override_statistics,
    override_told,
    why_pending,
    whys_pending,
)

__all__ = [
    "Listed",
    "OverrideInput",
    "Standing",
    "Statistics",
    "approve_override",
    "end_override",
    "expire_overrides",
    "expire_passed",
    "listed_overrides",
    "override_statistics",
    "override_tier",
    "override_told",
    "overrides_of",
    "standing_of",
    "why_pending",
    "why_text",
    "whys_pending",
]
