"""Tiers, gates, force rules, stages, campaigns and tags on a base: those that never or always hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.errors import Place
from engine.rulebook import Gate, Tier
from engine.trials.health.model import RuleHealth
from engine.trials.health.scene import Scene, Truths
from engine.vocabulary import Text

Flags = NDArray[np.bool_]

UNKNOWN_TO_ALL = Text("It is unknown for everybody.", "对所有客户都未知。")
NEVER = Text("It never holds.", "从不成立。")
ALWAYS = Text("It holds for everybody.", "对所有客户都成立。")


def tiers_health(scene: Scene) -> Iterator[RuleHealth]:
    """Every tier with its gates and its `or_when`."""
    for index, tier in enumerate(scene.rules.tiers):
        item = f"{scene.rules.market.lower()}.tiers.{tier.key}"
        held = scene.outcomes.tier == index
        finding = None if held.any() or not scene.customers else Text("Nobody has this tier.", "没有客户属于该等级。")
        yield _row(scene, item, tier.title, tier.place, fired=held, unknown=np.zeros_like(held), finding=finding)
        door = scene.scored(tier.or_when.when) if tier.or_when is not None else None
        reach = _reaches(scene, tier, door)
        through = np.ones(scene.customers, np.bool_)
        for gate in tier.gates:
            truths = scene.scored(gate.when)
            through &= truths.holds
            yield _gate(scene, f"{item}.gates.{gate.name}", gate, truths, reach=reach, tier=tier)
        if tier.or_when is not None and door is not None:
            alone = door.holds & through & ~_by_score(scene, tier)
            yield _door(scene, f"{item}.or_when", tier.or_when, door, alone)


def force_health(scene: Scene) -> Iterator[RuleHealth]:
    """Every force rule; the first that holds decides."""
    free = np.ones(scene.customers, np.bool_)
    for force in scene.rules.force:
        truths = scene.scored(force.when)
        fired = truths.holds & free
        finding = _usual(scene, truths) or _shadowed(truths, fired)
        free &= ~truths.holds
        item = f"{scene.rules.market.lower()}.force.{force.name}"
        yield _row(scene, item, force.title, force.place, fired=fired, unknown=truths.unknown, finding=finding)


def stages_health(scene: Scene) -> Iterator[RuleHealth]:
    """Every line of the lifecycle; fired: it gave the stage."""
    seen: dict[str, int] = {}
    outcomes = scene.outcomes
    for index, line in enumerate(scene.rules.lifecycle):
        seen[line.stage] = number = seen.get(line.stage, 0) + 1
        item = f"lifecycle.{line.stage}" + (f"#{number}" if number > 1 else "")
        fired = (outcomes.stage_rule == index) & ~outcomes.stage_held
        if line.when is None:
            none = Text("Nobody is left for it.", "没有客户落到此行。")
            finding = none if scene.customers and not fired.any() else None
            yield _row(scene, item, line.title, line.place, fired=fired, unknown=np.zeros_like(fired), finding=finding)
            continue
        truths = scene.staged(line.when)
        finding = _usual(scene, truths) or _shadowed(truths, fired)
        yield _row(scene, item, line.title, line.place, fired=fired, unknown=truths.unknown, finding=finding)


def campaigns_health(scene: Scene) -> Iterator[RuleHealth]:
    """Every trigger and tag."""
    campaigns = scene.rules.campaigns
    for kind, rules in (("triggers", campaigns.triggers), ("tags", campaigns.tags)):
        for rule in rules:
            truths = scene.staged(rule.when)
            finding = _usual(scene, truths)
            item = f"campaigns.{kind}.{rule.name}"
            yield _row(scene, item, rule.title, rule.place, fired=truths.holds, unknown=truths.unknown, finding=finding)


def _gate(scene: Scene, item: str, gate: Gate, truths: Truths, *, reach: Flags, tier: Tier) -> RuleHealth:
    finding = _usual(scene, truths)
    if finding is None and reach.any() and not (reach & ~truths.holds).any():
        finding = Text(
            f"It stops nobody: all {int(reach.sum())} who reach {tier.key} by score or or_when pass it.",
            f"没有拦住任何人：凭分数或 or_when 达到 {tier.key} 的 {int(reach.sum())} 位客户都通过。",
        )
    return _row(scene, item, gate.title, gate.place, fired=truths.holds, unknown=truths.unknown, finding=finding)


def _door(scene: Scene, item: str, gate: Gate, truths: Truths, alone: Flags) -> RuleHealth:
    finding = _usual(scene, truths)
    if finding is None and scene.customers and not alone.any():
        finding = Text(
            "Nobody comes in by it alone: whoever it holds for reaches the score anyway or fails a gate.",
            "没有客户仅凭它进入该等级：符合者本就达到分数，或未通过门槛。",
        )
    return _row(scene, item, gate.title, gate.place, fired=truths.holds, unknown=truths.unknown, finding=finding)


def _by_score(scene: Scene, tier: Tier) -> Flags:
    found = scene.outcomes
    return np.asarray((found.score >= 0) & (found.low >= (tier.at_least or 0)), np.bool_)


def _reaches(scene: Scene, tier: Tier, door: Truths | None) -> Flags:
    by_score = _by_score(scene, tier)
    return by_score if door is None else by_score | door.holds


def _usual(scene: Scene, truths: Truths) -> Text | None:
    if not scene.customers:
        return None
    if truths.unknown.all():
        return UNKNOWN_TO_ALL
    if truths.holds.all():
        return ALWAYS
    if truths.holds.any():
        return _mostly_unknown(scene, truths)
    unknown = int(truths.unknown.sum())
    if not unknown:
        return NEVER
    return Text(f"It holds for nobody; for {unknown} it is unknown.", f"对任何客户都不成立，其中 {unknown} 位未知。")


def _mostly_unknown(scene: Scene, truths: Truths) -> Text | None:
    share = float(truths.unknown.sum() / scene.customers)
    if share <= 0.5:
        return None
    return Text(f"It is unknown for {100 * share:.0f} % of the customers.", f"对 {100 * share:.0f}% 的客户未知。")


def _shadowed(truths: Truths, fired: Flags) -> Text | None:
    held = int(truths.holds.sum())
    if not held or fired.any():
        return None
    return Text(
        f"It holds for {held}, but a line above it always comes first.", f"对 {held} 位成立，但总被上面的规则抢先。"
    )


def _row(
    scene: Scene, item: str, title: Text, place: Place, *, fired: Flags, unknown: Flags, finding: Text | None
) -> RuleHealth:
    overridden = int((fired & scene.by_hand).sum())
    return RuleHealth(item, title, place, scene.customers, int(fired.sum()), int(unknown.sum()), overridden, finding)
