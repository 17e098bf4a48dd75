"""Changes of metrics that reach, or lose, a tier."""

from __future__ import annotations

from engine.vocabulary import Unit
from schema.describing import described, read, spoken, told
from schema.scalars import Value


@described
class MetricChange:
    """MONEY is in the rule book's currency."""

    metric: str = told("Name of the metric.")
    title: str = spoken("title", "Name for people.")
    from_: Value | None = read("before", "Null: unknown now.", name="from")
    to: Value = read("after", "What it would have to be.")
    unit: Unit = told("How to read the values.")


@described
class Way:
    """A set of changes of actionable metrics."""

    changes: list[MetricChange] = told("All of them together.")
    verified: bool = told("The engine decided again with these changes and gave that tier.")
    text: str = spoken("text", "The way in words.")
