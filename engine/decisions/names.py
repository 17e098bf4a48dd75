"""The names a decision itself gives to rules: tier, stage, phase, risk and market, as text columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.decisions.lifecycle import PHASES
from engine.decisions.model import RISKS, STAGES, Codes, Flags
from engine.expressions.columns import CAUSE_CODE, Column
from engine.rulebook.book import MarketBook
from engine.vocabulary import UNRATED, Market, Unit, UnknownCause

_MISSING = CAUSE_CODE[UnknownCause.MISSING]


def market_column(market: Market, length: int) -> Column:
    """The market's name for every customer."""
    return Column(np.zeros(length, np.int64), np.zeros(length, np.uint8), Unit.TEXT, (market.value,))


def tier_column(book: MarketBook, effective: Codes, unknown: Flags | None = None) -> Column:
    """The effective tier's key; UNRATED is a value. `unknown`: provisional tiers, as campaigns see them."""
    keys = [tier.key for tier in book.tiers]
    values = np.where(effective < 0, len(keys), effective).astype(np.int64)
    causes = np.zeros(len(values), np.uint8)
    if unknown is not None:
        values[unknown], causes[unknown] = 0, _MISSING
    return Column(values, causes, Unit.TEXT, (*keys, UNRATED))


def risk_column(risk: NDArray[np.int8]) -> Column:
    """The risk band; unknown where the metric is."""
    return _codes(risk, RISKS)


def stage_column(stages: Codes, unknown: Flags) -> Column:
    """The stage; unknown where a lifecycle line above it was unknown."""
    return _codes(np.where(unknown, -1, stages), STAGES)


def phase_column(phases: Codes, unknown: Flags) -> Column:
    """The phase; unknown as the stage is."""
    return _codes(np.where(unknown, -1, phases), PHASES)


def _codes(codes: NDArray[np.integer], texts: Sequence[str]) -> Column:
    unknown = codes < 0
    values = np.where(unknown, 0, codes).astype(np.int64)
    return Column(values, np.where(unknown, _MISSING, 0).astype(np.uint8), Unit.TEXT, tuple(str(t) for t in texts))
