"""Every rule of a market on a base, and which of them people set aside most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from engine.rulebook import MarketBook
from engine.trials.claims import Base
from engine.trials.health.conditions import campaigns_health, force_health, stages_health, tiers_health
from engine.trials.health.criteria import criteria_health
from engine.trials.health.model import RuleHealth
from engine.trials.health.scene import Scene
from engine.vocabulary import Text

OFTEN: Final = 0.1
"""From this share of a tier's or force rule's customers on, tiers set by hand are a finding …"""
SOME: Final = 3
"""… if there are at least so many."""


def rule_health(rules: MarketBook, base: Base) -> tuple[RuleHealth, ...]:
    """How every rule of a market does on a base, in the order of the files.

    Args:
        base: Facts and states; overrides in force are in the states.
    """
    scene = Scene(rules, base)
    tiers = [_set_aside(scene, one) for one in tiers_health(scene)]
    forces = [_set_aside(scene, one) for one in force_health(scene)]
    return (*criteria_health(scene), *tiers, *forces, *stages_health(scene), *campaigns_health(scene))


def shared_findings(rules: Sequence[RuleHealth], others: Sequence[RuleHealth]) -> tuple[RuleHealth, ...]:
    """Of stages, campaigns and tags, which all markets share, take back that nothing came of one here.

    Args:
        others: The same rules on another market's customers; what fires there is meant for them.
    """
    busy = {one.item for one in others if one.fired}
    return tuple(
        replace(one, finding=None) if not one.fired and one.item in busy and _is_shared(one) else one for one in rules
    )


def _is_shared(one: RuleHealth) -> bool:
    return one.item.split(".")[0] in ("lifecycle", "campaigns")


def dead_here(rules: Sequence[RuleHealth]) -> bool:
    """Whether some rule that all markets share has a finding and never fired: another market may know better."""
    return any(one.finding is not None and not one.fired and _is_shared(one) for one in rules)


def _set_aside(scene: Scene, one: RuleHealth) -> RuleHealth:
    """Add to a tier or force rule that people set it aside often, and for what."""
    parts = one.item.split(".")
    if len(parts) != 3 or one.overridden < SOME or one.overridden < OFTEN * one.fired:
        return one
    keys, outcomes = [tier.key for tier in scene.rules.tiers], scene.outcomes
    names = [force.name for force in scene.rules.force]
    mine = outcomes.tier == keys.index(parts[2]) if parts[1] == "tiers" else outcomes.forced == names.index(parts[2])
    codes = scene.base.states.override[np.flatnonzero(mine & scene.by_hand)].tolist()
    (usual, _), *_rest = Counter(keys[code] for code in codes).most_common(1) or [("", 0)]
    said = Text(
        f"{one.overridden} of its {one.fired} customers were set by hand to another tier, mostly {usual}.",
        f"其 {one.fired} 位客户中有 {one.overridden} 位被人工改为其他等级，多为 {usual}。",
    )
    before = one.finding
    joined = said if before is None else Text(f"{before.en} {said.en}", f"{before.zh}{said.zh}")
    return replace(one, finding=joined)
