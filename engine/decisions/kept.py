"""What a chunk keeps of decisions, and how its codes are read without the rule book.

Columns are the facts, states and outcomes as they are, and what follows from them by the rule book or the decision
before: `told.previous` and `told.phase`. The header has the names behind the codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from engine.decisions.lifecycle import phase_codes
from engine.decisions.model import NO_DAY, NONE, PENDING_NONE, Outcomes, States
from engine.decisions.stored import PHASE_NAMES, RISK_NAMES, STAGE_NAMES, pending_move
from engine.expressions.columns import CAUSE_CODE, Column, Columns
from engine.rulebook.book import MarketBook
from engine.vocabulary import Unit, UnknownCause

Arrays = dict[str, NDArray[Any]]

_UNITS = tuple(Unit)
_MISSING: Final = np.uint8(CAUSE_CODE[UnknownCause.MISSING])

_CODED: Final = {
    "computed": ("outcome.tier", "tiers"),
    "effective": ("outcome.effective", "tiers"),
    "forced": ("outcome.forced", "forces"),
    "previous": ("told.previous", "previous"),
    "stage": ("outcome.stage", STAGE_NAMES),
    "phase": ("told.phase", PHASE_NAMES),
    "risk": ("outcome.risk", RISK_NAMES),
}
"""By what is told: the column of codes (negative: none), and the names or the header's entry that has them."""

_NUMBERS: Final = {
    "since": ("outcome.since", Unit.DATE, NO_DAY),
    "effective_since": ("outcome.effective_since", Unit.DATE, NO_DAY),
    "score": ("outcome.score", Unit.POINTS, -1),
}
"""By what is told: the column, its unit, and what stands for none."""

_FACTS: Final = {"clv": Unit.MONEY, "churn": Unit.PROBABILITY}
"""Facts that work lists show; the header says which metric each is, if any."""

_TOGETHER: Final = 16
"""Tags numbered together."""

_PENDING: Final = tuple(f"outcome.pending{part}" for part in ("", "_to", "_since", "_last", "_dates"))

TOLD: Final = (
    "computed", "since", "provisional", "pending", "forced", "effective", "effective_since", "previous",
    "stage", "phase", "risk", "score", "clv", "churn", "tags",
)  # fmt: skip
"""What `told` can tell: where a customer stands after a decision, by the names of the standing's columns."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Decisions of one market by one book as a chunk keeps them; arrays over the same customers."""

    header: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]

    def told(self, name: str) -> Column:
        """One of `TOLD`; null is unknown (missing), a pending move is JSON, tags are separated by blanks."""
        return told(self.header, self.arrays, name)

    def rows(self, rows: slice) -> Arrays:
        """The arrays of some of the customers."""
        return {name: array[rows] for name, array in self.arrays.items()}


def kept(
    rules: MarketBook,
    columns: Columns,
    states: States,
    outcomes: Outcomes,
    *,
    previous: Column,
    shown: Mapping[str, str],
) -> Kept:
    """Decisions as a chunk keeps them.

    Args:
        previous: Keys of the effective tiers of the decisions before, by whatever revision.
        shown: Which metric is `clv` and which `churn`, if any.
    """
    arrays: Arrays = {}
    for name in sorted(columns):
        arrays[f"fact.{name}.value"], arrays[f"fact.{name}.cause"] = columns[name].values, columns[name].causes
    for prefix, record in (("state", states), ("outcome", outcomes)):
        for field in fields(record):
            arrays[f"{prefix}.{field.name}"] = getattr(record, field.name)
    arrays["told.previous"] = np.where(previous.causes == 0, previous.values, NONE).astype(np.int16)
    arrays["told.phase"] = phase_codes(rules, outcomes.stage, outcomes.stage_rule, outcomes.stage_held)
    header = {
        "facts": {name: [_UNITS.index(columns[name].unit), list(columns[name].texts)] for name in sorted(columns)},
        "tiers": [tier.key for tier in rules.tiers],
        "forces": [force.name for force in rules.force],
        "tags": [tag.name for tag in rules.campaigns.tags],
        "previous": list(previous.texts),
        "shown": dict(shown),
    }
    return Kept(header, arrays)


def from_kept(
    header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> tuple[dict[str, Column], States, Outcomes]:
    """Facts, states and outcomes, exactly as they were kept."""
    columns = {name: stored_fact(header, arrays, name) for name in header["facts"]}
    states = States(**{field.name: arrays[f"state.{field.name}"] for field in fields(States)})
    outcomes = Outcomes(**{field.name: arrays[f"outcome.{field.name}"] for field in fields(Outcomes)})
    return columns, states, outcomes


def stored_fact(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], name: str) -> Column:
    """One of the facts."""
    unit, texts = header["facts"][name]
    return Column(arrays[f"fact.{name}.value"], arrays[f"fact.{name}.cause"], _UNITS[unit], tuple(texts))


def told(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], name: str) -> Column:
    """One of `TOLD`, see `Kept.told`."""
    if name in _CODED:
        column, names = _CODED[name]
        texts = header[names] if isinstance(names, str) else names
        return _texts(arrays[column], [text for text in texts if text is not None])
    if name in _NUMBERS:
        column, unit, none = _NUMBERS[name]
        return _numbers(arrays[column], unit, arrays[column] != none)
    if name in _FACTS:
        return _fact(header, arrays, name)
    if name == "provisional":
        flags = arrays["outcome.provisional"]
        return _numbers(flags, Unit.BOOL, np.ones(len(flags), np.bool_))
    return _tags(header["tags"], arrays["outcome.tags"]) if name == "tags" else _pending(header, arrays)


def _texts(codes: NDArray[Any], texts: Sequence[str]) -> Column:
    known = codes >= 0
    return Column(np.where(known, codes, 0).astype(np.int64), _causes(known), Unit.TEXT, tuple(texts))


def _numbers(values: NDArray[Any], unit: Unit, known: NDArray[np.bool_]) -> Column:
    return Column(np.where(known, values, 0).astype(np.int64), _causes(known), unit)


def _causes(known: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.where(known, np.uint8(0), _MISSING)


def _fact(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], name: str) -> Column:
    metric = header["shown"].get(name)
    if metric is None:
        return Column.unknown(len(arrays["outcome.tier"]), _FACTS[name], UnknownCause.MISSING)
    return _numbers(arrays[f"fact.{metric}.value"], _FACTS[name], arrays[f"fact.{metric}.cause"] == 0)


def _tags(names: Sequence[str], flags: NDArray[np.bool_]) -> Column:
    codes = np.zeros(len(flags), np.int64)
    for start in range(0, len(names), _TOGETHER):  # numbered anew in between, so that any number of tags fits
        some = flags[:, start : start + _TOGETHER]
        bits = some @ (1 << np.arange(some.shape[1]))
        codes = np.unique((codes << _TOGETHER) + bits, return_inverse=True)[1]
    first = np.unique(codes, return_index=True)[1]
    texts = tuple(" ".join(name for name, on in zip(names, row, strict=True) if on) for row in flags[first].tolist())
    return Column(codes.astype(np.int64), np.zeros(len(flags), np.uint8), Unit.TEXT, texts or ("",))


def _pending(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Column:
    """Few customers have a pending move, so these are taken one by one."""
    length, tiers = len(arrays["outcome.tier"]), [*header["tiers"], None]
    codes: dict[str, int] = {}
    values, known = np.zeros(length, np.int64), np.zeros(length, np.bool_)
    for row in np.flatnonzero(arrays["outcome.pending"] != PENDING_NONE).tolist():
        text = orjson.dumps(pending_move(tiers, [int(arrays[name][row]) for name in _PENDING])).decode()
        values[row], known[row] = codes.setdefault(text, len(codes)), True
    return Column(values, _causes(known), Unit.TEXT, tuple(codes))
