"""Well-typed expressions and columns by chance, from a seed, without looking at the evaluators."""

from __future__ import annotations

from datetime import date
from random import Random

import numpy as np

from engine.expressions import CAUSES, Column, Expression, ExpressionProblems, ScoreColumn, check_expression
from engine.vocabulary import Unit, scale_of
from tests.expressions.facts import DAY, EPOCH, PLACE, SCOPE, UNITS, VALUES

NUMBERS = (Unit.COUNT, Unit.MONEY, Unit.RATIO, Unit.DAYS, Unit.MONTHS, Unit.POINTS)
LITERALS = ("0", "1", "2", "3", "0.1", "0.3", "0.5", "1.5", "2.5", "10", "45", "100", "-1", "-0", "9007199254740992")
CITIES = ("上海", "x", "")


class Chance:
    """Writes expressions of a wanted unit."""

    def __init__(self, seed: int, *, with_score: bool) -> None:
        self._random = Random(seed)
        self._names = [name for name in UNITS if with_score or name != "score"]

    def expression(self) -> str:
        """An expression of any unit."""
        if self._random.random() < 0.5:
            return self.condition(4)
        return self.number(self._random.choice(NUMBERS), 4) if self._random.random() < 0.85 else self.text(2)

    def name(self, *units: Unit) -> str:
        return self._random.choice([name for name in self._names if UNITS[name] in units])

    def condition(self, depth: int) -> str:
        if depth <= 0:
            return self._random.choice(["ok", "good", "true", "false"])
        return self._random.choice(
            [
                self._comparison,
                self._comparison,
                self._chain,
                self._members,
                self._texts,
                self._dates,
                lambda d: f"({self.condition(d - 1)} and {self.condition(d - 1)})",
                lambda d: f"({self.condition(d - 1)} or {self.condition(d - 1)} or {self.condition(d - 2)})",
                lambda d: f"not {self.condition(d - 1)}",
                lambda d: f"{self._random.choice(['known', 'missing'])}({self._anything(d - 1)})",
                lambda d: f"({self.condition(d - 1)} if {self.condition(d - 1)} else {self.condition(d - 1)})",
                lambda d: f"coalesce({self.condition(d - 2)}, {self.condition(d - 2)})",
                lambda d: f"({self.condition(d - 2)} == {self._random.choice(['ok', 'good', 'true'])})",
            ]
        )(depth)

    def number(self, unit: Unit, depth: int) -> str:
        if depth <= 0 or self._random.random() < 0.15:
            return self._random.choice([self.name(unit), self.name(unit), self._literal()])
        return self._random.choice(
            [
                lambda: f"({self.number(unit, depth - 1)} {self._sign('+-')} {self.number(unit, depth - 1)})",
                lambda: f"({self.number(unit, depth - 1)} * {self._factor(depth - 1)})",
                lambda: self._quotient(unit, depth - 1),
                lambda: f"{self._sign(('min', 'max'))}({self.number(unit, depth - 1)}, {self.number(unit, depth - 1)})",
                lambda: f"clamp({self.number(unit, depth - 1)}, {self.name(unit)}, {self._literal()})",
                lambda: f"{self._sign(('abs', 'round', 'floor', 'ceil'))}({self.number(unit, depth - 1)})",
                lambda: f"-{self.name(unit)}",
                lambda: self._choice(unit, depth - 1),
                lambda: f"coalesce(({self.number(unit, depth - 1)} + 0), {self._literal()})",
                lambda: self._span(unit, depth - 1),
            ]
        )()

    def text(self, depth: int) -> str:
        if depth <= 0:
            return self._random.choice(["city", "town", "'上海'", "'x'"])
        return self._random.choice(
            [
                lambda: f"({self.text(depth - 1)} if {self.condition(depth - 1)} else {self.text(depth - 1)})",
                lambda: f"coalesce({self.text(depth - 1)}, {self.text(depth - 1)})",
                lambda: self.name(Unit.TEXT),
            ]
        )()

    def date(self, depth: int) -> str:
        if depth <= 0:
            return self._random.choice(["d", "e"])
        days = self.number(Unit.DAYS, depth - 1)
        return self._random.choice([f"(d + {days})", f"(e - {days})", "coalesce(d, e)", "d", "e"])

    def _choice(self, unit: Unit, depth: int) -> str:
        return f"({self.number(unit, depth)} if {self.condition(depth - 1)} else {self.number(unit, depth)})"

    def _literal(self) -> str:
        return self._random.choice(LITERALS)

    def _sign(self, signs: str | tuple[str, ...]) -> str:
        return self._random.choice(signs)

    def _factor(self, depth: int) -> str:
        return self._random.choice([self._literal(), self.number(Unit.RATIO, depth), "p"])

    def _quotient(self, unit: Unit, depth: int) -> str:
        if unit is Unit.RATIO:
            other = self._random.choice(NUMBERS)
            return f"({self.name(other)} / {self.number(other, depth)})".replace("/ -", "/ 1 * -")
        if unit is Unit.COUNT:
            return f"round({self.number(Unit.RATIO, depth)})"
        return f"({self.number(unit, depth)} / {self._factor(depth)})"

    def _span(self, unit: Unit, depth: int) -> str:
        if unit is Unit.DAYS:
            return self._random.choice([f"days_since({self.date(depth)})", "(d - e)"])
        if unit is Unit.MONTHS:
            return f"months_between({self.date(depth)}, {self.date(depth)})"
        return self.name(unit)

    def _comparison(self, depth: int) -> str:
        unit = self._random.choice(NUMBERS)
        sign = self._random.choice(["<", "<=", ">", ">=", "==", "!="])
        right = self._random.choice([self._literal(), self.number(unit, depth - 1)])
        left = f"{self.name(unit)} {sign} ({right} + 0)" if self._random.random() < 0.3 else None
        return f"({left or f'({self.number(unit, depth - 1)} * 1) {sign} {right}'})"

    def _chain(self, depth: int) -> str:
        unit = self._random.choice(NUMBERS)
        return f"({self._literal()} <= {self.name(unit)} < {self.number(unit, depth - 2)} * 1)"

    def _members(self, depth: int) -> str:
        unit = self._random.choice(NUMBERS)
        listed = ", ".join(self._random.sample(LITERALS, 3))
        operand = self._random.choice([self.name(unit), self.number(unit, depth - 1)])
        return f"({operand} {self._random.choice(['in', 'not in'])} ({listed}))"

    def _texts(self, depth: int) -> str:
        if self._random.random() < 0.5:
            return f"({self.text(1)} {self._random.choice(['==', '!='])} {self.text(0)})"
        listed = ", ".join(f"'{value}'" for value in self._random.sample(VALUES["tier"], 2))
        return f"(tier {self._random.choice(['in', 'not in'])} ({listed}))"

    def _dates(self, depth: int) -> str:
        return self._random.choice(
            [
                f"in_last({self.date(depth - 2)}, {self.number(Unit.DAYS, depth - 2)})",
                f"({self.date(depth - 2)} <= '2026-06-30')",
                f"between({self.date(0)}, '2026-01-31', {self.date(depth - 2)})",
            ]
        )

    def _anything(self, depth: int) -> str:
        return self._random.choice(
            [
                lambda: self.name(*UNITS.values()),
                lambda: self.number(self._random.choice(NUMBERS), depth),
                lambda: self.condition(depth - 1),
            ]
        )()


def chance_expression(seed: int, *, with_score: bool) -> Expression:
    """A checked expression by chance: the first of this seed's that is well-typed."""
    for attempt in range(100):
        text = Chance(seed * 100 + attempt, with_score=with_score).expression()
        try:
            return check_expression(text, SCOPE, None, PLACE)
        except ExpressionProblems:
            continue
    raise AssertionError("a hundred texts and none of them well-typed")


def random_columns(seed: int, length: int, unknown: float = 0.15) -> dict[str, Column]:
    """Values at and beside the edges, zeros, extremes and plain ones, some of them unknown."""
    random = np.random.default_rng(seed)
    columns = {}
    for name, unit in UNITS.items():
        if name == "score":
            continue
        causes = np.where(random.random(length) < unknown, random.integers(1, len(CAUSES), length), 0).astype(np.uint8)
        texts = VALUES.get(name, CITIES) if unit is Unit.TEXT else ()
        values = _values(random, unit, length, len(texts))
        values[causes != 0] = 0
        columns[name] = Column(values, causes, unit, tuple(texts))
    return columns


def _values(random: np.random.Generator, unit: Unit, length: int, texts: int) -> np.ndarray:
    if unit is Unit.TEXT:
        return random.integers(0, texts, length)
    if unit is Unit.BOOL:
        return random.integers(0, 2, length)
    if unit is Unit.DATE:
        edges = np.array([DAY, DAY - 1, DAY - 30, date(2024, 2, 29).toordinal() - EPOCH, -719_162, 2_932_896])
        return np.where(
            random.random(length) < 0.4, random.choice(edges, length), random.integers(19_000, 21_500, length)
        )
    scale = scale_of(unit, "CNY")
    edges = np.array([float(literal) for literal in LITERALS[:12]]) * scale
    near = random.choice(edges, length).astype(np.int64) + random.integers(-1, 2, length)
    extremes = random.choice(np.array([0, 2**53, -(2**53), 2**53 + 1, 2**62, -(2**63), 2**63 - 1, 1, -1]), length)
    plain = random.integers(-5 * scale, 200 * scale, length)
    kind = random.random(length)
    return np.where(kind < 0.35, near, np.where(kind < 0.45, extremes, plain))


def random_scores(seed: int, length: int) -> ScoreColumn:
    """Exact scores, scores between bounds, unknown ones; many at the literals."""
    random = np.random.default_rng(seed)
    edges = np.array([0, 1, 450_000, 100_000, 1_000_000, 999_999, 25_000])
    low = np.where(random.random(length) < 0.5, random.choice(edges, length), random.integers(0, 1_000_001, length))
    width = np.where(random.random(length) < 0.4, 0, random.choice(np.array([1, 2, 10_000, 500_000]), length))
    high = np.minimum(low + width, 1_000_000)
    known = random.random(length) < 0.8
    return ScoreColumn(np.where(known, (low + high) // 2, -1), low, high, known)
