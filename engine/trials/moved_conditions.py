"""Small changes within conditions and campaigns: numbers of expressions, cooldowns and the cap moved by a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from engine.campaigns.model import Campaigns
from engine.expressions.tree import Expression
from engine.metrics import FromExpression
from engine.rulebook.addresses import Addresses
from engine.rulebook.book import Book
from engine.trials.mutants import MarketMutants, Mutant
from engine.trials.steps import moved
from engine.vocabulary import Text

Address = tuple[str | int, ...]
T = TypeVar("T")


def moved_in_market(made: MarketMutants) -> Iterator[Mutant]:
    """Numbers in gates, `or_when` and force rules of one market."""
    rules = made.rules
    for index, tier in enumerate(rules.tiers):
        for number, gate in enumerate(tier.gates):
            what = Text(f"tier {tier.key}, gate {gate.name}", f"等级 {tier.key}，门槛 {gate.name}")
            for text, other in _expressions(what, gate.when):
                changed = replace(tier, gates=_put(tier.gates, number, replace(gate, when=other)))
                found = replace(rules, tiers=_put(rules.tiers, index, changed))
                yield made.mutant(("tiers", tier.key, "gates", number, "when"), text, found)
        if tier.or_when is not None:
            what = Text(f"tier {tier.key}, or_when", f"等级 {tier.key}，or_when")
            for text, other in _expressions(what, tier.or_when.when):
                changed = replace(tier, or_when=replace(tier.or_when, when=other))
                found = replace(rules, tiers=_put(rules.tiers, index, changed))
                yield made.mutant(("tiers", tier.key, "or_when", "when"), text, found)
    for index, rule in enumerate(rules.force):
        for text, other in _expressions(Text(f"force rule {rule.name}", f"强制规则 {rule.name}"), rule.when):
            found = replace(rules, force=_put(rules.force, index, replace(rule, when=other)))
            yield made.mutant(("force", rule.name, "when"), text, found)


def moved_in_shared(book: Book, at: Addresses) -> Iterator[Mutant]:
    """Numbers in what both markets share: the lifecycle, campaigns, tags and calculated metrics."""
    first = next(iter(book.markets.values()))

    for index, line in enumerate(first.lifecycle):
        for text, other in _expressions(Text(f"stage {line.stage}", f"阶段 {line.stage}"), line.when):
            lines = _put(first.lifecycle, index, replace(line, when=other))
            markets = {market: replace(rules, lifecycle=lines) for market, rules in book.markets.items()}
            yield Mutant(at.place("lifecycle", "lifecycle", index, "when"), text, markets)
    for address, text, campaigns in _campaigns(first.campaigns, at):
        markets = {market: replace(rules, campaigns=campaigns) for market, rules in book.markets.items()}
        yield Mutant(at.place("campaigns", *address), text, markets)
    for metric in book.metrics.values():
        if not isinstance(metric.origin, FromExpression):
            continue
        for text, other in _expressions(Text(f"metric {metric.name}", f"指标 {metric.name}"), metric.origin.expression):
            changed = replace(metric, origin=replace(metric.origin, expression=other))
            metrics = {**book.metrics, metric.name: changed}
            yield Mutant(at.place("metrics", "metrics", metric.name, "expr"), text, book.markets, metrics)


def _campaigns(campaigns: Campaigns, at: Addresses) -> Iterator[tuple[Address, Text, Campaigns]]:
    for index, trigger in enumerate(campaigns.triggers):
        for text, other in _expressions(Text(f"campaign {trigger.name}", f"活动 {trigger.name}"), trigger.when):
            triggers = _put(campaigns.triggers, index, replace(trigger, when=other))
            yield ("triggers", trigger.name, "when"), text, replace(campaigns, triggers=triggers)
    for index, tag in enumerate(campaigns.tags):
        for text, other in _expressions(Text(f"tag {tag.name}", f"标签 {tag.name}"), tag.when):
            tags = _put(campaigns.tags, index, replace(tag, when=other))
            yield ("tags", tag.name, "when"), text, replace(campaigns, tags=tags)
    yield from _cooldowns(campaigns, at)
    if campaigns.cap is not None:
        most = campaigns.cap.maximum
        for other_most in (most + 1, most - 1):
            if other_most < 0:
                continue
            text = Text(f"cap: at most {most} → {other_most}", f"触达上限：{most} → {other_most}")
            yield ("cap", "max"), text, replace(campaigns, cap=replace(campaigns.cap, maximum=other_most))


def _cooldowns(campaigns: Campaigns, at: Addresses) -> Iterator[tuple[Address, Text, Campaigns]]:
    """A cooldown that a trigger writes is its own; the default is one number, for all that write none."""

    triggers = campaigns.triggers
    own = [one.name for one in triggers if at.written("campaigns", "triggers", one.name, "cooldown")]
    shared = [one.name for one in triggers if one.name not in own]
    groups: list[tuple[Address, Text, Sequence[str]]] = [
        (("defaults", "cooldown"), Text("campaigns, default", "活动默认值"), shared)
    ]
    for name in own:
        groups.append((("triggers", name, "cooldown"), Text(f"campaign {name}", f"活动 {name}"), (name,)))
    for address, what, names in groups:
        days = next((one.cooldown_days for one in triggers if one.name in names), 0)
        for other in (days + 1, days - 1) if days else ():
            text = Text(f"{what.en}: cooldown {days}d → {other}d", f"{what.zh}：冷却期 {days}d → {other}d")
            moved_ones = tuple(replace(one, cooldown_days=other) if one.name in names else one for one in triggers)
            yield address, text, replace(campaigns, triggers=moved_ones)


def _expressions(what: Text, expression: Expression | None) -> Iterator[tuple[Text, Expression]]:
    """An expression with each of its numbers moved, and the change in words."""
    if expression is None:
        return
    for before, after, node in moved(expression.node):
        said = f"`{before}` → `{after}`"
        yield Text(f"{what.en}: {said}", f"{what.zh}：{said}"), replace(expression, node=node)


def _put(items: tuple[T, ...], index: int, item: T) -> tuple[T, ...]:
    return (*items[:index], item, *items[index + 1 :])
