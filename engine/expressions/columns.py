"""Values of one customer (`Fact`) and of many (`Column`), with the cause of what is unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.vocabulary import Unit, UnknownCause

Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]

CAUSES: Final = (None, *UnknownCause)
"""Cause by its stored code; code 0 means known."""

CAUSE_CODE: Final = {cause: code for code, cause in enumerate(CAUSES)}


@dataclass(frozen=True, slots=True)
class Fact:
    """One customer's value of a metric.

    Attributes:
        value: Stored whole number; text itself for `TEXT`; None iff unknown. Booleans are 0 or 1,
            dates are days since 1970-01-01.
        cause: Why it is unknown; None iff known.
    """

    value: int | str | None
    cause: UnknownCause | None = None


_UNKNOWN: Final = tuple(Fact(None, cause) for cause in CAUSES)
"""Facts without a value, by the code of the cause."""

_TEXT: Final = Unit.TEXT  # looked up once: a member of an enumeration is slow to reach


@dataclass(frozen=True, slots=True)
class Column:
    """One metric of many customers.

    Attributes:
        values: (customers,) stored whole numbers; for `TEXT` an index into `texts`; 0 where unknown.
        causes: (customers,) index into `CAUSES`; 0 where known.
        unit: How to read the values.
        texts: The texts of a `TEXT` column.
    """

    values: Integers
    causes: Bytes
    unit: Unit
    texts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def fact(self, row: int) -> Fact:
        """One customer's value."""
        code = self.causes.item(row)
        if code:
            return _UNKNOWN[code]
        value = self.values.item(row)
        return Fact(self.texts[value] if self.unit is _TEXT else value)

    def take(self, rows: NDArray[np.intp] | slice) -> Column:
        """The same metric of some of the customers."""
        return Column(self.values[rows], self.causes[rows], self.unit, self.texts)

    def listed(self) -> list[Any]:
        """Every customer's value, see `Fact.value`; truths as truths."""
        if self.unit is Unit.TEXT:
            texts = [*self.texts, None]
            return [texts[code] for code in np.where(self.causes == 0, self.values, len(self.texts)).tolist()]
        values = (self.values != 0 if self.unit is Unit.BOOL else self.values).tolist()
        if not self.causes.any():
            return list(values)
        return [value if cause == 0 else None for value, cause in zip(values, self.causes.tolist(), strict=True)]

    def repeated(self, times: int) -> Column:
        """Each value so many times; for one customer tried in many ways."""
        return Column(self.values.repeat(times), self.causes.repeat(times), self.unit, self.texts)

    @staticmethod
    def of(facts: Sequence[Fact], unit: Unit) -> Column:
        """A column of single values."""
        texts = tuple(sorted({fact.value for fact in facts if isinstance(fact.value, str)}))
        code = {text: index for index, text in enumerate(texts)}
        values = [code[f.value] if isinstance(f.value, str) else (f.value or 0) for f in facts]
        causes = [CAUSE_CODE[fact.cause] for fact in facts]
        return Column(np.array(values, np.int64), np.array(causes, np.uint8), unit, texts)

    @staticmethod
    def unknown(length: int, unit: Unit, cause: UnknownCause) -> Column:
        """A column in which nothing is known."""
        return Column(np.zeros(length, np.int64), np.full(length, CAUSE_CODE[cause], np.uint8), unit)


Facts = Mapping[str, Fact]
"""One customer's metrics by name; a name that is not there is unknown (missing)."""

Columns = Mapping[str, Column]
"""Many customers' metrics by name, all of one length; a name that is not there is unknown (missing)."""


@dataclass(frozen=True, slots=True)
class ScoreColumn:
    """Scores with their bounds, (customers,) in 0.0001; `known` false: comparisons are unknown."""

    values: Integers
    low: Integers
    high: Integers
    known: NDArray[np.bool_]
