"""What a stored estimate or prediction was made from."""

from __future__ import annotations

from datetime import datetime

from engine.operations.provenance import FamilyEffect as EffectSource
from engine.operations.provenance import Parameter
from engine.operations.provenance import Provenance as Made
from schema.describing import answered, described, spoken, told
from schema.scalars import Hash, Value


@described
class FitParameter:
    """A number of a fit or model."""

    name: str = told("As the formula calls it.")
    value: Value = told("With every digit of the double; money in minor units.")


@described
class FamilyEffect:
    """What a family of features adds to the log-odds of churn."""

    family: str = told("Features that say nearly the same are summed.")
    features: list[str] = told("Those in it, see `inputs`.")
    effect: Value = told("In log-odds; above 0: more likely to leave.")


def _parameters(root: Made) -> list[Parameter]:
    """Everything the formula reads beside `Metric.inputs`."""
    return list(root.parameters)


def _contributions(root: Made) -> list[EffectSource]:
    """Of a model of trees, largest effect first; with the parameter base_log_odds they sum to its log-odds."""
    return list(root.contributions)


@described
class Provenance:
    """How a stored estimate or prediction was made: with `Metric.inputs` it can be computed again by hand."""

    method: str = told("As stored with it.")
    formula: str = spoken("formula", "The method in words, with its sources.")
    as_of: datetime = told("The instant it is for.")
    recorded_at: datetime = told("When it was stored; what became known later did not count.")
    digest: Hash | None = told("Of the fit or model; null: it has none, or was made before fits were stored.")
    fitted_at: datetime | None = told("The instant the fit looks from.")
    fitted_on: int | None = told("How many customers (of a churn model: rows) it was fitted on.")
    parameters: list[FitParameter] = answered(_parameters)
    contributions: list[FamilyEffect] = answered(_contributions)
    stored: Value | None = told("The number as stored; null: unknown.")
    again: Value | None = told("What comes out now of the records as known then; null: unknown, or no fit is there.")
    identical: bool = told("Whether the two are the same.")
