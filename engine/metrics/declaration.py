"""Metrics as a rule book declares them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import Place
from engine.expressions.tree import Expression
from engine.vocabulary import Text, Unit


@dataclass(frozen=True, slots=True)
class Window:
    """Whole local days before `as_of`: `as_of − offset − days ≤ occurred_at < as_of − offset`.

    Attributes:
        days: Length; None: since ever.
        offset: How many days before `as_of` the window ends.
    """

    days: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Take:
    """What to take of the selected records, e.g. `sum(net)` or `days_since(max(occurred_at))`.

    Attributes:
        function: Outermost function.
        field: Innermost field; None for `count()`.
        inner: The function between the two; None: there is none.
        text: As written.
    """

    function: str
    field: str | None
    inner: str | None
    text: str


@dataclass(frozen=True, slots=True)
class FromRecords:
    """A metric taken from records of one source.

    Attributes:
        source: `orders`, `contracts` …, a key of `engine.metrics.sources.SOURCES`.
        where: Condition on a record's fields; a record for which it is unknown is left out.
        min_count: Fewer selected records than this: unknown (missing).
        empty: Stored value when no record is selected; None: unknown (missing).
    """

    source: str
    take: Take
    where: Expression | None = None
    within: Window = Window()
    min_count: int = 0
    empty: int | None = None


@dataclass(frozen=True, slots=True)
class FromField:
    """An imported attribute of the customer; older than `max_age_days`: unknown (stale)."""

    field: str
    max_age_days: int | None = None
    empty: int | str | None = None


@dataclass(frozen=True, slots=True)
class FromValue:
    """A stored estimate of `engine.value`: `clv` over a horizon, `cac`, `margin`."""

    value: str
    horizon_days: int | None = None
    max_age_days: int | None = None


@dataclass(frozen=True, slots=True)
class FromModel:
    """A stored prediction of a model; older than `max_age_days`: unknown (stale)."""

    model: str
    max_age_days: int | None = None


@dataclass(frozen=True, slots=True)
class FromExpression:
    """Calculated from other metrics in the second pass."""

    expression: Expression


Origin = FromRecords | FromField | FromValue | FromModel | FromExpression


@dataclass(frozen=True, slots=True)
class Actionable:
    """A metric somebody can change: which way is better, and the smallest sensible change.

    Attributes:
        up: More is better.
        step: Stored units.
    """

    up: bool
    step: int


@dataclass(frozen=True, slots=True)
class Metric:
    """One declared metric.

    Attributes:
        scale: Stored units per unit of `unit`.
        origin: Where its values come from; None: declared by type only (values are given).
        low, high: Bounds in stored units; a value beyond is unknown (out of range).
        values: Declared texts of a `TEXT` metric.
    """

    name: str
    unit: Unit
    scale: int
    title: Text
    place: Place
    origin: Origin | None = None
    actionable: Actionable | None = None
    low: int | None = None
    high: int | None = None
    values: tuple[str, ...] = ()
