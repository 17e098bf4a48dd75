"""The names a decision itself gives to rules: tier, stage, phase, risk and market, as text columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.decisions.lifecycle import PHASES
from engine.decisions.model import RISKS, STAGES, Codes, Flags
from engine.expressions.columns import CAUSE_CODE, Column
from engine.rulebook.book import MarketBook
from engine.vocabulary import UNRATED, Market, Unit, UnknownCause

_MISSING = np.uint8(CAUSE_CODE[UnknownCause.MISSING])
_RISK_TEXTS, _STAGE_TEXTS, _PHASE_TEXTS = (tuple(member.value for member in kind) for kind in (RISKS, STAGES, PHASES))


def market_column(market: Market, length: int) -> Column:
    """The market's name for every customer."""
    return Column(np.zeros(length, np.int64), np.zeros(length, np.uint8), Unit.TEXT, (market.value,))


def tier_column(book: MarketBook, effective: Codes, unknown: Flags | None = None) -> Column:
    """The effective tier's key; UNRATED is a value. `unknown`: provisional tiers, as campaigns see them."""
    keys = [tier.key for tier in book.tiers]
    values = effective.astype(np.int64)
    values[effective < 0] = len(keys)
    causes = np.zeros(len(values), np.uint8)
    if unknown is not None:
        values[unknown], causes[unknown] = 0, _MISSING
    return Column(values, causes, Unit.TEXT, (*keys, UNRATED))


def risk_column(risk: NDArray[np.int8]) -> Column:
    """The risk band; unknown where the metric is."""
    return _codes(risk, _RISK_TEXTS)


def stage_column(stages: Codes, unknown: Flags) -> Column:
    """The stage; unknown where a lifecycle line above it was unknown or read a provisional tier."""
    return _codes(np.where(unknown, -1, stages), _STAGE_TEXTS)


def phase_column(phases: Codes, unknown: Flags) -> Column:
    """The phase; unknown as the stage is."""
    return _codes(np.where(unknown, -1, phases), _PHASE_TEXTS)


def _codes(codes: NDArray[np.integer], texts: tuple[str, ...]) -> Column:
    unknown = codes < 0
    values = codes.astype(np.int64)
    values[unknown] = 0
    return Column(values, unknown * _MISSING, Unit.TEXT, texts)
