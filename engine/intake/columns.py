"""From text cells to stored values, column by column, with the rows that do not fit."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Named
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from engine.intake.instants import read_dates, read_instants
from engine.intake.numbers import read_numbers, scaled
from engine.intake.shapes import ColumnSpec, FieldType
from engine.vocabulary import POINTS_SCALE, SHARE_SCALE

if TYPE_CHECKING:
    import polars as pl

LIMIT_TEXT: Final = 500
_CONTROL: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_TRUTHS: Final = {
    **dict.fromkeys(("true", "1", "yes", "y", "是", "有"), 1),
    **dict.fromkeys(("false", "0", "no", "n", "否", "无"), 0),
}
_PLACES: Final = {"ratio": 6, "probability": 6, "number": 6, "points": 4, "count": 0, "days": 0, "months": 0}
assert 10 ** _PLACES["ratio"] == SHARE_SCALE and 10 ** _PLACES["points"] == POINTS_SCALE  # noqa: PT018

Reasons = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a column is to be read.

    Attributes:
        type: Its type.
        zone: Time zone of local times.
        places: (rows,) decimal places of money in each row's currency.
        allowed: The words a text may be; empty: any.
    """

    type: FieldType
    zone: str
    places: NDArray[np.int64]
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """A column that was read.

    Attributes:
        values: Stored numbers (`Int64`) or texts (`String`); null: empty or faulty.
        reasons: (rows,) why a cell does not fit; empty where it does.
        cells: The texts it was read from.
    """

    values: pl.Series
    reasons: Reasons
    cells: pl.Series = field(repr=False)


def read_column(cells: pl.Series, spec: ColumnSpec, reading: Reading) -> Typed:
    """Read one column.

    Args:
        cells: Texts, null where empty.
        spec: How they are written.
        reading: What they become.
    """
    wrong = np.full(len(cells), "", np.object_)
    wrong[cells.str.len_chars().fill_null(0).to_numpy() > LIMIT_TEXT] = "too_long"
    wrong[cells.str.contains(_CONTROL).fill_null(False).to_numpy()] = "control_character"
    sound = without(cells, wrong)
    values, reasons = _READERS[reading.type](with_words(sound, spec.values), spec, reading)
    reasons = np.where(wrong == "", reasons, wrong)
    return Typed(without(values, reasons), reasons, cells)


def without(values: pl.Series, reasons: Reasons) -> pl.Series:
    """The same values, null where there is a reason against them."""
    import polars as pl

    if not (reasons != "").any():
        return values
    return values.to_frame("v").select(pl.when(pl.Series(reasons == "")).then(pl.col("v"))).to_series()


def with_words(cells: pl.Series, words: Named[str, str]) -> pl.Series:
    """Replace the words of a file by what they stand for, in any case and width."""
    if not words:
        return cells
    folded = {_fold(word): meant for word, meant in words.items()}
    found = cells.drop_nulls().unique()
    table = {text: folded[_fold(text)] for text in found.to_list() if _fold(text) in folded}
    return cells.replace(list(table), list(table.values())) if table else cells


def _fold(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFKC", text).strip().casefold()


def _nothing_wrong(cells: pl.Series) -> Reasons:
    return np.full(len(cells), "", np.object_)


def _read_text(cells: pl.Series, spec: ColumnSpec, reading: Reading) -> tuple[pl.Series, Reasons]:
    reasons = _nothing_wrong(cells)
    if not reading.allowed:
        return cells, reasons
    words = with_words(cells, {word: word for word in reading.allowed})
    reasons[(words.is_not_null() & ~words.is_in(list(reading.allowed))).to_numpy()] = "not_allowed"
    return words, reasons


def _read_truth(cells: pl.Series, spec: ColumnSpec, reading: Reading) -> tuple[pl.Series, Reasons]:
    import polars as pl

    table = {text: _TRUTHS.get(_fold(text)) for text in cells.drop_nulls().unique().to_list()}
    values = cells.replace_strict(list(table), list(table.values()), default=None, return_dtype=pl.Int64)
    return values, _missed(cells, values, "not_a_truth")


def _read_date(cells: pl.Series, spec: ColumnSpec, reading: Reading) -> tuple[pl.Series, Reasons]:
    values = read_dates(cells, spec.formats, reading.zone)
    return values, _missed(cells, values, "not_a_date")


def _read_instant(cells: pl.Series, spec: ColumnSpec, reading: Reading) -> tuple[pl.Series, Reasons]:
    values = read_instants(cells, spec.formats, reading.zone)
    return values, _missed(cells, values, "not_a_date")


def _missed(cells: pl.Series, values: pl.Series, reason: str) -> Reasons:
    reasons = _nothing_wrong(cells)
    reasons[(cells.is_not_null() & values.is_null()).to_numpy()] = reason
    return reasons


def _read_number(cells: pl.Series, spec: ColumnSpec, reading: Reading) -> tuple[pl.Series, Reasons]:
    import polars as pl

    places = reading.places if reading.type == "money" else np.full(len(cells), _PLACES[reading.type], np.int64)
    numbers = read_numbers(cells, spec)
    values, reasons = scaled(numbers, places, spec.round)
    beyond = _beyond(values / 10.0**places, spec, reading)
    reasons[numbers.known & beyond & (reasons == "")] = "out_of_range"
    known = pl.Series(numbers.known)
    return pl.DataFrame({"v": values}).select(pl.when(known).then(pl.col("v"))).to_series(), reasons


def _beyond(values: NDArray[np.float64], spec: ColumnSpec, reading: Reading) -> NDArray[np.bool_]:
    beyond = np.zeros(len(values), np.bool_)
    if spec.above is not None:
        beyond |= ~(values > spec.above)
    if spec.at_least is not None:
        beyond |= values < spec.at_least
    if spec.at_most is not None:
        beyond |= values > spec.at_most
    if reading.type == "probability":
        beyond |= (values < 0) | (values > 1)
    if reading.type == "points":
        beyond |= (values < 0) | (values > 100)
    return beyond


_Reader = Callable[["pl.Series", ColumnSpec, Reading], "tuple[pl.Series, Reasons]"]
_READERS: Final[Named[str, _Reader]] = {
    "text": _read_text,
    "bool": _read_truth,
    "date": _read_date,
    "instant": _read_instant,
    **dict.fromkeys(("money", *_PLACES), _read_number),
}
