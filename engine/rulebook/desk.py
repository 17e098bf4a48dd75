"""What the readers of the parts of a book share: findings, currency, declared metrics and tier keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from engine.expressions import ExpressionProblems, check_expression, cost_of
from engine.expressions.language import MAX_LENGTH
from engine.expressions.tree import Declared, Expression
from engine.metrics.declaration import Metric
from engine.rulebook.blank import Blank, demand
from engine.rulebook.keys import Keys
from engine.rulebook.strict import Findings, Node, Scalar
from engine.rulebook.strict.limits import LIMITS
from engine.rulebook.values import Values
from engine.vocabulary import EXACT_LIMIT, POINTS_SCALE, UNRATED, Market, Phase, Risk, Stage, Text, Unit, scale_of

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_EPOCH: Final = date(1970, 1, 1)
_SCORE: Final = Declared(Unit.POINTS, POINTS_SCALE)

UNIT_TEXTS: Final[Mapping[Unit, Text]] = {
    Unit.MONEY: Text("money", "金额"),
    Unit.RATIO: Text("a ratio", "比率"),
    Unit.PROBABILITY: Text("a probability", "概率"),
    Unit.COUNT: Text("a count", "个数"),
    Unit.DAYS: Text("days", "天数"),
    Unit.MONTHS: Text("months", "月数"),
    Unit.POINTS: Text("points", "分数"),
    Unit.BOOL: Text("true or false", "真假"),
    Unit.TEXT: Text("a text", "文字"),
    Unit.DATE: Text("a date", "日期"),
}
"""Types in words."""


@dataclass(slots=True)
class Desk:
    """The state of one reading of a rule folder.

    Attributes:
        currency: Of the book; major units of it stand in rule files.
        metrics: Declared metrics without errors.
        scope: What metric names mean in expressions; metrics with errors are here too when their type is known.
        doubtful: Names that may be metrics but whose declaration could not be read; expressions that
            read them are not checked, so that one mistake is reported once.
        tiers: Tier keys of all markets; None when those of some market could not be read.
        campaigns, tags, consents: Names written in `campaigns.yaml`, of rules with errors too; None: unreadable.
        stages_unread: Some line of the lifecycle could not be read: nobody knows which stages the book gives.
        steps: Steps of the expressions read so far, for one customer.
    """

    findings: Findings = field(default_factory=Findings)
    currency: str = "CNY"
    metrics: dict[str, Metric] = field(default_factory=dict)
    scope: dict[str, Declared] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    metrics_unread: bool = False
    stages_unread: bool = False
    tiers: tuple[str, ...] | None = ()
    campaigns: tuple[str, ...] | None = ()
    tags: tuple[str, ...] | None = ()
    consents: tuple[str, ...] | None = ()
    steps: int = 0

    @property
    def values(self) -> Values:
        """Readers of single values."""
        return Values(self.findings)

    def keys(self, node: Node, owner: Text) -> Keys:
        """Typed access to a mapping."""
        return Keys(node, owner, self.findings)

    def scale(self, unit: Unit) -> int:
        """Stored units per written unit."""
        return scale_of(unit, self.currency)

    def title(self, node: Node) -> Text | None:
        """A text for people: `{en: …, zh: …}`; one language stands for both."""
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.text.strip():
            language = "en" if node.text.isascii() else "zh"
            self.findings.add("want_title", node.place, whole=f'{{{language}: "{node.text}"}}')
            return None
        keys = self.keys(node, Text("a title", "标题"))
        en, zh = keys.seek("en", self.values.text), keys.seek("zh", self.values.text)
        if keys.readable and not (keys.has("en") or keys.has("zh")):
            self.findings.add("missing_key", keys.place, owner=keys.owner, key="en")
        demand(node, minProperties=1)
        keys.done()
        return Text(en or zh or "", zh or "") if en or zh else None

    def stored(self, unit: Unit, texts: tuple[str, ...] = ()) -> Callable[[Node], int | str | None]:
        """A reader of values of a unit, in stored units; dates as days since 1970-01-01."""

        def read(node: Node) -> int | str | None:
            if unit is Unit.TEXT:
                return self.values.choice(texts)(node) if texts else self.values.text(node)
            if unit is Unit.BOOL:
                truth = self.values.truth(node)
                return None if truth is None else int(truth)
            if unit is Unit.DATE:
                day = self.values.date(node)
                return None if day is None else (day - _EPOCH).days
            return self.amount(unit)(node)

        return read

    def amount(self, unit: Unit) -> Callable[[Node], int | None]:
        """A reader of numbers of a unit, in stored units, exactly."""
        scale = self.scale(unit)
        most = 1 if unit is Unit.PROBABILITY else EXACT_LIMIT // scale
        least = 0 if unit is Unit.PROBABILITY else -most
        return lambda node: self.values.scaled(node, scale, least, most, UNIT_TEXTS[unit])

    def expression(self, scope: Mapping[str, Declared], expects: Unit | None) -> Callable[[Node], Expression | None]:
        """A reader of expressions over some names."""

        def read(node: Node) -> Expression | None:
            if isinstance(node, Blank):
                node.note({"type": ["string", "number", "boolean"], "maxLength": MAX_LENGTH})
            scalar = self.values.scalar(node, "want_expression")
            if scalar is None or self.steps > LIMITS.steps or self._skipped(scalar.text, scope):
                return None
            try:
                found = check_expression(
                    scalar.text, scope, expects, scalar.place, origin=scalar.origin, suggest=self.findings.suggesting
                )
            except ExpressionProblems as refused:
                self.findings.extend(refused.problems)
                return None
            return self._within_budget(found)

        return read

    def _within_budget(self, expression: Expression) -> Expression | None:
        """Count the steps of all expressions together; the one that is too many is reported, later ones pass unread."""
        self.steps += cost_of(expression.node)
        if self.steps <= LIMITS.steps:
            return expression
        self.findings.add("book_too_costly", expression.place, limit=LIMITS.steps)
        return None

    def condition(self, scope: Mapping[str, Declared]) -> Callable[[Node], Expression | None]:
        """A reader of conditions over some names."""
        return self.expression(scope, Unit.BOOL)

    def condition_within(self, scalar: Scalar, start: int, end: int) -> Expression | None:
        """A condition over metrics and the score that is a part of a written sentence; None after a report."""
        text, scope = scalar.text[start:end], self.gate_scope()
        if self._skipped(text, scope):
            return None
        try:
            return check_expression(
                text, scope, Unit.BOOL, scalar.origin(start), origin=lambda offset: scalar.origin(start + offset)
            )
        except ExpressionProblems as refused:
            self.findings.extend(refused.problems)
            return None

    def _skipped(self, text: str, scope: Mapping[str, Declared]) -> bool:
        """The expression reads a name whose own declaration is already reported as broken."""
        words = set(_IDENTIFIER.findall(text))
        return bool(words & self.doubtful) or (self.metrics_unread and not words <= set(scope))

    def gate_scope(self) -> dict[str, Declared]:
        """Names of gates and `or_when`: metrics and the score."""
        return {**self.scope, "score": _SCORE}

    def stage_scope(self) -> dict[str, Declared]:
        """Names of lifecycle lines: metrics, effective tier, risk band, market."""
        tiers = (*self.tiers, UNRATED) if self.tiers is not None else ()
        return {
            **self.scope,
            "tier": Declared(Unit.TEXT, 1, tiers),
            "risk": Declared(Unit.TEXT, 1, tuple(Risk)),
            "market": Declared(Unit.TEXT, 1, tuple(Market)),
        }

    def campaign_scope(self) -> dict[str, Declared]:
        """Names of tags and campaigns: those of the lifecycle, stage and phase."""
        return {
            **self.stage_scope(),
            "stage": Declared(Unit.TEXT, 1, tuple(Stage)),
            "phase": Declared(Unit.TEXT, 1, tuple(Phase)),
        }
