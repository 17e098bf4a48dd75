"""Numbers as files write them, exactly: a whole number and a power of ten, never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from engine.intake.shapes import ColumnSpec
from engine.vocabulary import EXACT_LIMIT

if TYPE_CHECKING:
    import polars as pl

_DIGITS: Final = 18
_NOISY: Final = 6
"""Decimals; a number of more of them and of more than 15 digits was a double once."""
_TEN: Final = 10 ** np.arange(19, dtype=np.int64)
_NOT_FINITE: Final = frozenset({"nan", "inf", "infinity", "#n/a", "#div/0!", "#num!", "#value!"})
_SCIENTIFIC: Final = re.compile(r"[+-]?\d{1,17}(\.\d{1,17})?[eE][+-]?\d{1,3}")

NUMBER, DATE = "not_a_number", "not_a_date"


@dataclass(frozen=True, slots=True)
class Notation:
    """How a column writes its numbers, as a pattern."""

    pattern: re.Pattern[str]
    units: dict[str, int]
    thousands: str
    decimal: str

    @staticmethod
    def of(spec: ColumnSpec) -> Notation:
        """The notation a column declares; groups of thousands must have three digits."""
        thousands = "".join(mark for mark in spec.thousands if mark != spec.decimal)
        if not thousands and spec.decimal == ",":
            thousands = "."
        signs = "|".join(re.escape(sign) for sign in sorted(spec.symbols, key=len, reverse=True)) or "(?!)"
        units = "|".join(re.escape(unit) for unit in sorted(spec.units, key=len, reverse=True)) or "(?!)"
        group = rf"\d{{1,3}}(?:[{re.escape(thousands)}]\d{{3}})+|" if thousands else ""
        pattern = (
            rf"(?P<sign>[+-]?)\s*(?:{signs})?\s*(?P<inner>[+-]?)"
            rf"(?P<whole>{group}\d+)?(?:{re.escape(spec.decimal)}(?P<part>\d*))?"
            rf"\s*(?P<unit>{units})?\s*(?:{signs})?"
        )
        return Notation(re.compile(pattern), spec.units, thousands, spec.decimal)

    def read(self, text: str) -> tuple[int, int] | str:
        """Whole number and power of ten of a text, or the reason why it is none.

        >>> Notation.of(ColumnSpec(constant="", units={"万": 4})).read("¥1,234.50万")
        (12345, 3)
        >>> Notation.of(ColumnSpec(constant="")).read("12O")
        'not_a_number'
        """
        if text.lower().lstrip("+-") in _NOT_FINITE:
            return "not_finite"
        found = self.pattern.fullmatch(text)
        if found is None:
            return _scientific(text)
        whole, part = found["whole"] or "", found["part"] or ""
        if not whole + part or (found["sign"] and found["inner"]):
            return NUMBER
        digits = whole.translate({ord(mark): None for mark in self.thousands})
        return _mantissa(digits, part, found["sign"] + found["inner"], self.units.get(found["unit"] or "", 0))


def _mantissa(whole: str, part: str, sign: str, power: int) -> tuple[int, int] | str:
    if len(part) > _NOISY and len(whole.lstrip("0")) + len(part) > 15:
        return _from_decimal(Decimal(f"{sign}{whole or '0'}.{part}"), power)
    part = part.rstrip("0")
    digits = (whole + part).lstrip("0") or "0"
    if len(digits) > _DIGITS:
        return "out_of_range"
    return (-int(digits) if sign == "-" else int(digits)), power - len(part)


def _scientific(text: str) -> tuple[int, int] | str:
    if _SCIENTIFIC.fullmatch(text) is None:
        return NUMBER
    try:
        return _from_decimal(Decimal(text), 0)
    except InvalidOperation:
        return NUMBER


def _from_decimal(number: Decimal, power: int) -> tuple[int, int] | str:
    """At most 15 digits: what a double holds beyond them is noise of its binary form."""
    sign, digits, exponent = number.as_tuple()
    kept = round(number, 15 - len(digits) - int(exponent)) if len(digits) > 15 else number
    sign, digits, exponent = kept.normalize().as_tuple()
    if len(digits) > _DIGITS or abs(int(exponent)) > 40:
        return "out_of_range"
    mantissa = int("".join(map(str, digits)))
    return (-mantissa if sign else mantissa), int(exponent) + power


@dataclass(frozen=True, slots=True)
class Numbers:
    """Exact numbers of a column.

    Attributes:
        mantissa, power: (rows,) value = mantissa × 10^power.
        reasons: (rows,) why a cell is no number; empty: it is one, or is empty.
        known: (rows,) there is a number.
    """

    mantissa: NDArray[np.int64]
    power: NDArray[np.int64]
    reasons: NDArray[np.object_]
    known: NDArray[np.bool_]


def read_numbers(cells: pl.Series, spec: ColumnSpec) -> Numbers:
    """Numbers of a column of texts, each distinct text read once."""
    import polars as pl

    notation = Notation.of(spec)
    texts = cells.drop_nulls().unique(maintain_order=True)
    plain = texts.str.normalize("NFKC").str.strip_chars()
    read = [notation.read(text) for text in plain.to_list()]
    pairs = [(0, 0) if isinstance(item, str) else item for item in read]
    table = pl.DataFrame(
        {
            "text": texts,
            "mantissa": pl.Series([pair[0] for pair in pairs], dtype=pl.Int64),
            "power": pl.Series([pair[1] for pair in pairs], dtype=pl.Int64),
            "reason": pl.Series([item if isinstance(item, str) else "" for item in read], dtype=pl.String),
        }
    )
    joined = pl.DataFrame({"text": cells}).join(table, on="text", how="left", maintain_order="left")
    reasons = joined["reason"].fill_null("").to_numpy().astype(np.object_)
    known = cells.is_not_null().to_numpy() & (reasons == "")
    mantissa, power = (joined[name].fill_null(0).to_numpy() for name in ("mantissa", "power"))
    return Numbers(mantissa, power, reasons, known)


def scaled(
    numbers: Numbers, exponent: NDArray[np.int64], round_: bool
) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Stored whole numbers of 10^-exponent, and the reasons of cells that do not fit.

    Args:
        exponent: (rows,) decimal places of the stored unit.
        round_: Take more decimals than that, half to even; else they are a reason.
    """
    shift = exponent + numbers.power
    up, down = np.clip(shift, 0, 18), np.clip(-shift, 0, 18)
    reasons = numbers.reasons.copy()
    size = np.abs(numbers.mantissa)
    beyond = (size > EXACT_LIMIT // _TEN[up]) & (shift >= 0) & (size > 0) | ((shift > 18) & (size > 0))
    floor, rest = np.divmod(numbers.mantissa, _TEN[down])
    half = _TEN[down] - rest
    values = floor + ((rest > half) | ((rest == half) & (floor % 2 == 1)) & (rest > 0))
    values = np.where(shift >= 0, numbers.mantissa * np.where(beyond, 0, _TEN[up]), values)
    values = np.where(shift < -18, 0, values)
    beyond |= np.abs(values) > EXACT_LIMIT
    if not round_:
        imprecise = numbers.known & (shift < 0) & ((rest != 0) | ((shift < -18) & (size > 0)))
        reasons[imprecise & (reasons == "")] = "too_precise"
    reasons[numbers.known & beyond & (reasons == "")] = "out_of_range"
    return np.where(reasons == "", values, 0), reasons
