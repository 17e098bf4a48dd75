"""Small books made at random, all their customers, and what is true of them by trying every one."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from engine.decisions import States, decide
from engine.errors import Place
from engine.expressions import Fact
from engine.expressions.columns import Column
from engine.expressions.tree import Bins
from engine.metrics import FromExpression
from engine.rulebook import Book, MarketBook, book_from_plain
from engine.trials.analysis.pool import Crowd, crowd_of
from engine.trials.analysis.steps import points_at
from engine.vocabulary import UnknownCause

Finding = tuple[str, Place]
MISSING = Fact(None, UnknownCause.MISSING)
BASE = ("a", "b", "c")
HIGHEST = {"a": 3, "b": 2, "c": 1}


def small_book(seed: int) -> Book:
    """A book over three metrics of a few values each; the same seed gives the same book."""
    draw = random.Random(seed)
    metrics: dict[str, object] = {
        name: {"type": "count", "low": 0, "high": HIGHEST[name]} for name in BASE[: draw.randint(1, 3)]
    }
    names = list(metrics)
    if draw.random() < 0.3:
        metrics["d"] = {"type": "count", "expr": f"{draw.choice(names)} {draw.choice('+-*')} {draw.choice(names)}"}
    keys = ["A", "B", "C", "D"][: draw.randint(2, 4)]
    plain: dict[str, object] = {
        "market": "B2B",
        "metrics": metrics,
        "scorecard": {
            "missing": {"default": draw.choice(("renormalise", "renormalise", "worst", "neutral")),
                        "min_known_weight": draw.choice((0, 50, 60))},
            "criteria": [_criterion(draw, index, list(metrics)) for index in range(draw.randint(1, 3))],
        },
        "tiers": _tiers(draw, keys, list(metrics)),
        "lifecycle": [*_lines(draw, list(metrics), keys), {"else": "ACTIVE", "phase": "RETAIN"}],
        "channels": {"mail": {"consent": "post"}},
        "triggers": [_trigger(draw, index, list(metrics), keys) for index in range(draw.randint(0, 3))],
    }  # fmt: skip
    if draw.random() < 0.5:
        plain["force"] = [
            {
                "name": f"f{index}",
                "when": _condition(draw, list(metrics)),
                "tier": draw.choice(keys),
                **_unknown(draw, 0.3),
            }
            for index in range(draw.randint(1, 3))
        ]
    stability: dict[str, object] = {}
    if draw.random() < 0.3:
        stability["exit_margin"] = draw.choice((5, 10, 25))
    if draw.random() > 0.8:
        stability["down"] = "one_step"
    if stability:
        plain["stability"] = stability
    return book_from_plain(plain)


def _criterion(draw: random.Random, index: int, names: list[str]) -> dict[str, object]:
    name = draw.choice(names)
    points = [draw.choice((0, 10, 25, 40, 50, 75, 100)) for _ in range(3)]
    given: dict[str, object] = {"name": f"p{index}", "metric": name, "weight": draw.choice((1, 2, 5, 10))}
    if draw.random() < 0.4:
        given["curve"] = [[0, points[0]], [draw.randint(1, 3), points[1]]]
    else:
        given["bins"] = {"edges": [1, 2], "points": points}
    if draw.random() < 0.3:
        given["missing"] = draw.choice(("neutral", "worst", "best"))
    return given


def _tiers(draw: random.Random, keys: list[str], names: list[str]) -> list[dict[str, object]]:
    steps = sorted(draw.sample((5, 20, 30, 45, 50, 60, 75, 90, 100), len(keys) - 1), reverse=True)
    tiers = []
    for key, least in zip(keys, steps, strict=False):
        tier: dict[str, object] = {"key": key, "at_least": least}
        gates = [
            {"name": f"g{index}", "when": _condition(draw, [*names, "score"]), **_unknown(draw, 0.2)}
            for index in range(draw.choice((0, 0, 1, 2, 3)))
        ]
        if gates:
            tier["gates"] = gates
        if draw.random() < 0.2:
            tier["or_when"] = {"when": _condition(draw, [*names, "score"]), **_unknown(draw, 0.2)}
        tiers.append(tier)
    return [*tiers, {"key": keys[-1]}]


def _unknown(draw: random.Random, share: float) -> dict[str, object]:
    return {"on_unknown": draw.choice(("pass", "fail"))} if draw.random() < share else {}


def _lines(draw: random.Random, names: list[str], keys: list[str]) -> Iterator[dict[str, object]]:
    stages = {"PROSPECT": "ACQUIRE", "LOST": "WIN_BACK", "LAPSED": "WIN_BACK"}
    for stage in draw.sample(sorted(stages), draw.randint(0, 3)):
        more = [f"tier == '{draw.choice(keys)}'"] if draw.random() < 0.2 else []
        yield {"stage": stage, "phase": stages[stage], "when": _condition(draw, names, more), **_unknown(draw, 0.2)}


def _trigger(draw: random.Random, index: int, names: list[str], keys: list[str]) -> dict[str, object]:
    more = [
        f"tier == '{draw.choice((*keys, 'UNRATED'))}'",
        f"stage == '{draw.choice(('PROSPECT', 'LOST', 'ACTIVE'))}'",
        "phase == 'WIN_BACK'",
    ]
    when = _condition(draw, names, draw.sample(more, draw.randint(0, 3)))
    given = {"name": f"t{index}", "when": when, "priority": 9 - index, "channel": "mail", "template": "x"}
    given["cooldown"] = draw.choice(("0d", "30d"))
    return {**given, **({"on_unknown": "pass"} if draw.random() < 0.2 else {})}


def _condition(draw: random.Random, names: list[str], more: list[str] | None = None) -> str:
    parts = [_atom(draw, names) for _ in range(draw.randint(1, 3))] + (more or [])
    parts = [f"not ({part})" if draw.random() < 0.15 else part for part in parts]
    draw.shuffle(parts)
    text = parts[0]
    for part in parts[1:]:
        text = f"({text}) {draw.choice(('and', 'and', 'or'))} {part}"
    return text


def _atom(draw: random.Random, names: list[str]) -> str:
    name = draw.choice(names)
    if name == "score":
        return f"score {draw.choice(('>=', '<', '==', '>', '<=', '!='))} {draw.choice((20, 50, 75, 100))}"
    kind = draw.random()
    if kind < 0.1:
        return f"{draw.choice(('known', 'missing'))}({name})"
    if kind < 0.2:
        return f"{name} in ({draw.randint(0, 3)}, {draw.randint(0, 3)})"
    others = [other for other in names if other not in (name, "score")]
    if kind < 0.35 and others:
        return f"{name} + {draw.choice(others)} {draw.choice(('>', '<='))} {draw.randint(0, 4)}"
    return f"{name} {draw.choice(('>=', '<', '==', '>', '<=', '!='))} {draw.randint(0, 3)}"


class Everybody:
    """All customers of a small book: every value and unknown of every metric; with every tier set by hand, too."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.rules: MarketBook = next(iter(book.markets.values()))
        self.names = [m.name for m in book.metrics.values() if not isinstance(m.origin, FromExpression)]
        values = [[MISSING, *(Fact(value) for value in range(HIGHEST[name] + 1))] for name in self.names]
        self.facts = list(itertools.product(*values))
        self.first = self._crowd(None)
        tiers = len(self.rules.tiers)
        self.all = [self.first, *(self._crowd(tier) for tier in range(tiers))]

    def _crowd(self, tier: int | None) -> Crowd:
        states = States.first(len(self.facts), len(self.rules.campaigns.triggers))
        if tier is not None:
            states = replace(states, override=np.full(len(self.facts), tier, np.int16))
        return crowd_of(self.book, self.rules, self.columns(), len(self.facts), states)

    def columns(self) -> dict[str, Column]:
        return {
            name: Column.of([facts[index] for facts in self.facts], self.book.metrics[name].unit)
            for index, name in enumerate(self.names)
        }

    def some(self, asked: Callable[[Crowd], np.ndarray]) -> bool:
        """Of some customer it is so, its tier by the rules or by hand."""
        return any(bool(asked(crowd).any()) for crowd in self.all)


def truth_by_enumeration(book: Book) -> set[Finding]:
    """Code and place of every finding that is true of a small book."""
    everybody = Everybody(book)
    return {
        *_tiers_truth(everybody), *_conditions_truth(everybody), *_force_truth(everybody), *_lines_truth(everybody),
        *_triggers_truth(everybody), *_weights_truth(everybody), *_fragile_truth(everybody),
    }  # fmt: skip


def _tiers_truth(everybody: Everybody) -> Iterator[Finding]:
    reached = set(everybody.first.outcomes.effective.tolist())
    for index, tier in enumerate(everybody.rules.tiers):
        if index not in reached:
            yield "RULE_UNREACHABLE", tier.place


def _conditions_truth(everybody: Everybody) -> Iterator[Finding]:
    first = everybody.first
    for tier in everybody.rules.tiers:
        answers = [(gate, first.facts_answer(gate.when)) for gate in tier.gates]
        door = [(tier.or_when, first.facts_answer(tier.or_when.when))] if tier.or_when else []
        for gate, answer in (*answers, *door):
            yield from _constant(answer, gate.place)
        usable = [(gate, answer) for gate, answer in answers if (answer == 1).any()]
        pairs = [
            (one, two) for one, two in itertools.combinations(usable, 2) if not ((one[1] == 1) & (two[1] == 1)).any()
        ]
        for _, two in pairs:
            yield "RULE_NEVER", two[0].place
        if len(usable) > 2 and not pairs and not np.all([answer == 1 for _, answer in usable], axis=0).any():
            yield "RULE_NEVER", usable[-1][0].place
    for force in everybody.rules.force:
        yield from _constant(first.facts_answer(force.when), force.place)


def _constant(answer: np.ndarray, place: Place) -> Iterator[Finding]:
    if not (answer == 1).any():
        yield "RULE_NEVER", place
    elif not (answer == 0).any():
        yield "RULE_ALWAYS", place


def _force_truth(everybody: Everybody) -> Iterator[Finding]:
    decided = set(everybody.first.outcomes.forced.tolist())
    for index, force in enumerate(everybody.rules.force):
        if index and index not in decided and (everybody.first.facts_answer(force.when) == 1).any():
            yield "RULE_SHADOWED", force.place


def _lines_truth(everybody: Everybody) -> Iterator[Finding]:
    for index, line in enumerate(everybody.rules.lifecycle):
        if line.when is None:
            continue
        when = line.when
        if not everybody.some(lambda crowd, when=when: crowd.line_answer(when) == 1):
            yield "RULE_NEVER", line.place
            continue
        if not everybody.some(lambda crowd, when=when: crowd.line_answer(when) == 0):
            yield "RULE_ALWAYS", line.place
        if not everybody.some(lambda crowd, index=index: crowd.outcomes.stage_rule == index):
            yield "RULE_SHADOWED", line.place


def _triggers_truth(everybody: Everybody) -> Iterator[Finding]:
    triggers = everybody.rules.campaigns.triggers
    for index, trigger in enumerate(triggers):
        holds = lambda crowd, when=trigger.when: crowd.campaign_answer(when) == 1  # noqa: E731
        if not holds(everybody.first).any():
            yield "RULE_NEVER", trigger.place
        elif not everybody.some(lambda crowd, when=trigger.when: crowd.campaign_answer(when) == 0):
            yield "RULE_ALWAYS", trigger.place
        if index and everybody.some(holds) and not everybody.some(lambda crowd, index=index: _wins(crowd, index)):
            yield "RULE_SHADOWED", trigger.place
        if trigger.cooldown_days == 0 and everybody.some(holds):
            yield "RULE_COOLDOWN", trigger.place


def _wins(crowd: Crowd, index: int) -> np.ndarray:
    triggers = crowd.rules.campaigns.triggers
    won = crowd.campaign_answer(triggers[index].when) == 1
    for above in triggers[:index]:
        answer = crowd.campaign_answer(above.when)
        won &= (answer == 0) | ((answer == 2) & (above.on_unknown != "pass"))
    return won


def _weights_truth(everybody: Everybody) -> Iterator[Finding]:
    """A criterion replaced by ones that give each of its points to whoever has its metric: to customers without a
    stored tier, and to customers who hold one."""
    rules, first = everybody.rules, everybody.first
    states = [first.states, *(_holding(first, tier) for tier in range(len(rules.tiers)))]
    for index, criterion in enumerate(rules.scorecard.criteria):
        column = first.columns[criterion.metric]
        known = column.causes == 0
        points = sorted({points_at(criterion.node, int(value)) for value in column.values[known]})
        moved = False
        for state in states:
            tiers = [_tiers_of(everybody, index, given, state) for given in points]
            moved = moved or any(bool((known & (tiers[0] != other)).any()) for other in tiers[1:])
        if not moved:
            yield "RULE_UNUSED", criterion.place


def _tiers_of(everybody: Everybody, index: int, given: int, states: States) -> np.ndarray:
    """Everybody's tiers if one criterion gave the same points to all."""
    rules, first = everybody.rules, everybody.first
    criteria = list(rules.scorecard.criteria)
    criteria[index] = replace(criteria[index], node=Bins(criteria[index].node.operand, (0,), (given, given)))
    changed = replace(rules, scorecard=replace(rules.scorecard, criteria=tuple(criteria)))
    return decide(changed, first.columns, states, first.moment).effective


def _holding(first: Crowd, tier: int) -> States:
    """Everybody holds one tier since long ago."""
    held, since = (
        np.full(len(first), one, kind) for one, kind in ((tier, np.int16), (first.moment.day - 999, np.int32))
    )
    return replace(first.states, tier=held, since=since, effective=held, effective_since=since)


def _fragile_truth(everybody: Everybody) -> Iterator[Finding]:
    """Every metric, whether the rules say what its absence means or not."""
    first, rules = everybody.first, everybody.rules
    before = first.outcomes.computed
    states = replace(first.states, tier=before, since=np.full(len(before), first.moment.day - 1_000, np.int32),
                     forced=first.outcomes.forced, effective=before)  # fmt: skip
    final = (before >= 0) & ~first.outcomes.provisional
    for name in everybody.names:
        columns = everybody.columns()
        columns[name] = Column.of([MISSING] * len(before), everybody.book.metrics[name].unit)
        after = crowd_of(everybody.book, rules, columns, len(before), states).outcomes.computed
        known = first.columns[name].causes == 0
        if (final & known & (np.abs(after.astype(int) - before) >= 2)).any():
            yield "RULE_FRAGILE", everybody.book.metrics[name].place
