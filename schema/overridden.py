"""What is set by hand most: by the rule whose tier was not taken, by reason, by move."""

from __future__ import annotations

from functools import partial

from engine.operations.overriding import Statistics, override_statistics
from engine.vocabulary import Market
from schema.context import Info
from schema.describing import answered, described, told
from schema.lists import OverrideState


@described
class OverriddenRule:
    """A rule whose tier people set aside."""

    rule: str = told("As in `Rulebook.health`: `b2b.tiers.A`, or `b2c.force.fraud` of a force rule.")
    overridden: int = told("How often a tier was set by hand where this rule had given the computed one.")
    customers: int = told("Customers whose computed tier comes from it now.")


@described
class OverrideReasonCount:
    """A reason for setting tiers by hand."""

    reason: str = told("Reason code.")
    count: int = told("How often.")


@described
class OverrideStateCount:
    """What has become of tiers set by hand."""

    state: OverrideState = told("Now.")
    count: int = told("How many.")


@described
class OverrideMove:
    """From which tier to which."""

    market: Market = told("Of the customers.")
    computed: str | None = told("Key of the tier computed when it was set; null: there was none.")
    tier: str = told("Key of the tier set by hand.")
    count: int = told("How often.")


@described
class OverrideStatistics:
    """How tiers are set by hand, most often first; whoever is erased is not counted."""

    rules: list[OverriddenRule] = told("By the rule that had given the computed tier.")
    reasons: list[OverrideReasonCount] = told("By reason code.")
    moves: list[OverrideMove] = told("By market, computed tier and tier set.")
    states: list[OverrideStateCount] = told("By what has become of them.")


async def _override_statistics(info: Info) -> Statistics:
    """Which rules are overridden most, for which reasons, and from which tier to which."""
    return await info.context.read(partial(override_statistics, now=info.context.services.now()))


@described
class OverriddenQueries:
    """Questions about what is set by hand most."""

    override_statistics: OverrideStatistics | None = answered(_override_statistics)
