"""Scorecards and facts by chance, and an oracle in fractions that shares nothing with the engine."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from random import Random

import numpy as np

from engine.errors import Place
from engine.expressions import CAUSES, Bins, Column, Curve, Name
from engine.scoring import Criterion, MissingPolicy, Scorecard
from engine.vocabulary import Text, Unit

PLACE = Place("b2b.yaml", 5, 3)


def criterion(
    name: str, weight: int, node: Curve | Bins, missing: MissingPolicy = MissingPolicy.RENORMALISE
) -> Criterion:
    """A criterion without reason."""
    return Criterion(name, node.operand.name, weight, node, missing, None, Text(name), PLACE)


def chance_card(seed: int, largest_x: int = 10**9) -> Scorecard:
    """A scorecard of one to nine criteria; weights from 0, spans from 1 to `largest_x`."""
    random = Random(seed)
    heavy = random.random() < 0.1
    scale = 1 if heavy else random.choice([1, 3, 100, 1_000])
    names = random.sample(["pay", "value", "a", "b", "zeal", "voice", "churn", "risk", "tenure"], random.randint(1, 9))
    criteria = []
    for name in names:
        weight = random.randrange(0, 10**11) if heavy else random.choice([1, 1, 2, 5, 30, random.randrange(0, 101)])
        node = _curve(random, name, largest_x) if random.random() < 0.6 else _bins(random, name, largest_x)
        criteria.append(criterion(name, weight * scale, node, random.choice(list(MissingPolicy))))
    return Scorecard(tuple(criteria), random.choice([0, 50, 60, 60, 100]), PLACE)


def _points(random: Random) -> int:
    return random.choice([0, 1_000_000, 500_000, 1, 999_999, random.randint(0, 1_000_000)])


def _xs(random: Random, count: int, largest: int) -> tuple[int, ...]:
    reach = random.choice([30, 1_000, 10**6, largest])
    return tuple(sorted(random.sample(range(-reach, reach + 1), count)))


def _curve(random: Random, name: str, largest: int) -> Curve:
    count = random.randint(2, 6)
    xs = _xs(random, count, largest)
    return Curve(Name(name, Unit.COUNT), xs, tuple(_points(random) for _ in xs))


def _bins(random: Random, name: str, largest: int) -> Bins:
    edges = _xs(random, random.choice([1, 2, 3, 5, 30]) if random.random() < 0.9 else 1, max(largest, 100))
    return Bins(Name(name, Unit.COUNT), edges, tuple(_points(random) for _ in range(len(edges) + 1)))


def chance_columns(card: Scorecard, seed: int, length: int) -> dict[str, Column]:
    """Values at, beside and between the edges, far away, and unknown; now and then a metric is not there."""
    random = np.random.default_rng(seed)
    columns = {}
    for one in card.criteria:
        if random.random() < 0.05:
            continue
        edges = np.array(one.node.xs if isinstance(one.node, Curve) else one.node.edges, np.int64)
        near = random.choice(edges, length) + random.integers(-1, 2, length)
        between = random.integers(int(edges[0]) - 2, int(edges[-1]) + 3, length)
        far = random.choice(np.array([0, 2**53, -(2**53), 2**63 - 1, -(2**63)]), length)
        kind = random.random(length)
        values = np.where(kind < 0.4, near, np.where(kind < 0.9, between, far))
        share = random.choice([0.0, 0.1, 0.5])
        causes = np.where(random.random(length) < share, random.integers(1, len(CAUSES), length), 0).astype(np.uint8)
        columns[one.metric] = Column(np.where(causes != 0, 0, values), causes, Unit.COUNT)
    return columns


@dataclass(frozen=True)
class Wanted:
    """What a score must be: points and bounds in 0.0001, None: left out or unknown."""

    points: list[int | None]
    score: int | None
    low: int
    high: int
    known_weight: int
    contributions: dict[str, int]


def oracle(card: Scorecard, values: dict[str, int | None]) -> Wanted:
    """DESIGN's rule of scores in fractions: `round` of a Fraction is half to even."""
    points: list[int | None] = []
    known = 0
    for one in card.criteria:
        value = values[one.metric]
        if value is not None:
            known += one.weight
            points.append(_points_of(one, value))
        elif one.missing is MissingPolicy.RENORMALISE:
            points.append(None)
        else:
            ys = one.node.ys
            points.append({"neutral": 500_000, "worst": min(ys), "best": max(ys)}[one.missing.value])
    weights = [one.weight for one in card.criteria]
    total = sum(weights)
    kept = [(w, p) for w, p in zip(weights, points, strict=True) if p is not None]
    have = sum(w for w, _ in kept)
    low = round(Fraction(sum(w * p for w, p in kept), total)) if total else 0
    high = round(
        Fraction(sum(w * (1_000_000 if p is None else p) for w, p in zip(weights, points, strict=True)), total or 1)
    )
    enough = have > 0 and Fraction(known * 100, total) >= card.min_known_weight
    score = round(Fraction(sum(w * p for w, p in kept), have)) if enough else None
    return Wanted(points, score, low, high, known, _apportioned(card, points, have, score))


def _points_of(one: Criterion, value: int) -> int:
    node = one.node
    if isinstance(node, Bins):
        return node.ys[len([edge for edge in node.edges if edge <= value])]
    if value <= node.xs[0]:
        return node.ys[0]
    for (x0, y0), (x1, y1) in zip(
        zip(node.xs, node.ys, strict=True), zip(node.xs[1:], node.ys[1:], strict=True), strict=False
    ):
        if value <= x1:
            return round(y0 + Fraction((y1 - y0) * (value - x0), x1 - x0))
    return node.ys[-1]


def _apportioned(card: Scorecard, points: list[int | None], have: int, score: int | None) -> dict[str, int]:
    if score is None:
        return {}
    exact = {
        one.name: Fraction(one.weight * p, have) for one, p in zip(card.criteria, points, strict=True) if p is not None
    }
    parts = {name: int(share) for name, share in exact.items()}
    for name in sorted(exact, key=lambda name: (parts[name] - exact[name], name))[: score - sum(parts.values())]:
        parts[name] += 1
    return parts
