"""Checking the rows of a batch: typed, complete, with their keys, or with the reason why not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import closest
from engine.intake.batches import Batch, Quarantined, shortened
from engine.intake.cells import LIMIT_KEY, column_cells, key_cells, needed
from engine.intake.columns import Reading, Reasons, Typed, read_column, without
from engine.intake.currencies import CURRENCIES
from engine.intake.mapping import CUSTOMERS, Mapping
from engine.intake.refusals import refusal
from engine.intake.shapes import ColumnSpec, Condition
from engine.metrics.sources import SOURCES
from engine.vocabulary import EXACT_LIMIT, Market, Text, minor_exponent

if TYPE_CHECKING:
    import polars as pl

Mask = NDArray[np.bool_]
_DAY: Final = 86_400_000_000
_MARKETS: Final = tuple(market.value for market in Market)


@dataclass(slots=True)
class Sheet:
    """A batch while it is being checked.

    Attributes:
        typed: By name of the mapping's columns and fields.
        reasons: By column (empty name: the row), why a row does not fit; empty where it does.
        skipped: (rows,) left out on purpose.
        derived: Columns made here: `key`, `ref`, `recorded_at` …
    """

    mapping: Mapping
    file: str
    rows: pl.Series
    typed: dict[str, Typed]
    reasons: dict[str, Reasons]
    skipped: Mask
    derived: dict[str, pl.Series] = field(default_factory=dict)

    @property
    def faulty(self) -> Mask:
        """(rows,) rows with any reason against them."""
        faulty = np.zeros(len(self.rows), np.bool_)
        for reasons in self.reasons.values():
            faulty |= reasons != ""
        return faulty

    def object_to(self, column: str, mask: Mask, reason: str) -> None:
        """Note a reason against some rows that have none for that column yet."""
        reasons = self.reasons.setdefault(column, np.full(len(self.rows), "", np.object_))
        reasons[mask & (reasons == "")] = reason


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """What became of a batch.

    Attributes:
        typed: The sheet with every column read.
        taken: (rows,) rows that fit.
        quarantined: What did not.
        skipped: Rows left out on purpose, by reason.
        words: Unexpected words: (column, word) → (first row, rows, nearest expected word).
    """

    sheet: Sheet
    taken: Mask
    quarantined: list[Quarantined]
    skipped: Counter[str]
    words: dict[tuple[str, str], tuple[int, int, str | None]]


def check_rows(mapping: Mapping, batch: Batch, file: str) -> CheckedRows:
    """Read and check the rows of a batch.

    Raises:
        InputError: A needed column is not in the file.
    """
    cells = column_cells(mapping, batch, file)
    sheet = _read(mapping, batch, file, cells)
    skipped = _skip(sheet, cells)
    _apply_set_rules(sheet, cells)
    _require(sheet)
    _key(sheet)
    if mapping.entity != CUSTOMERS:
        _clock(sheet)
    taken = ~sheet.skipped & ~sheet.faulty
    quarantined = [*batch.rejected, *_quarantined(sheet)]
    return CheckedRows(sheet, taken, quarantined, skipped, _unexpected(sheet, taken))


def _read(mapping: Mapping, batch: Batch, file: str, cells: dict[str, pl.Series]) -> Sheet:
    length = batch.cells.height
    specs: dict[str, ColumnSpec] = {**mapping.columns, **mapping.fields}
    places = np.full(length, minor_exponent(mapping.currency), np.int64)
    typed: dict[str, Typed] = {}
    for name in sorted(cells, key=lambda name: name != "currency"):
        reading = Reading(mapping.type_of(name), mapping.timezone, places, _allowed(mapping, name))
        typed[name] = read_column(cells[name], specs[name], reading)
        if name == "currency":
            codes = typed[name].values.fill_null(mapping.currency).to_list()
            places = np.array([minor_exponent(code) for code in codes], np.int64)
    for name, spec in specs.items():
        if spec.product is not None:
            typed[name] = _product(typed[spec.product[0]], typed[spec.product[1]], mapping, spec, places)
    reasons = {name: column.reasons for name, column in typed.items() if (column.reasons != "").any()}
    return Sheet(mapping, file, batch.rows, typed, reasons, np.zeros(length, np.bool_))


def _allowed(mapping: Mapping, name: str) -> tuple[str, ...]:
    """The words a text column may hold."""
    if name in mapping.fields:
        return ()
    if name == "currency":
        return tuple(sorted(CURRENCIES))
    if mapping.entity == CUSTOMERS:
        return _MARKETS if name == "market" else ()
    spec = SOURCES[mapping.entity].fields.get(name)
    return spec.values if spec is not None else ()


def _product(left: Typed, right: Typed, mapping: Mapping, spec: ColumnSpec, places: NDArray[np.int64]) -> Typed:
    """A whole number times a number with six places, in minor units, half to even."""
    import polars as pl

    known = left.values.is_not_null() & right.values.is_not_null()
    a, b = left.values.fill_null(0).to_numpy(), right.values.fill_null(0).to_numpy()
    over = 10 ** (6 - places)
    beyond = np.abs(a.astype(np.float64) * b.astype(np.float64)) > 2.0**62
    floor, rest = np.divmod(np.where(beyond, 0, a * b), over)
    half = over - rest
    values = floor + ((rest > half) | ((rest == half) & (floor % 2 == 1)))
    beyond |= np.abs(values) > EXACT_LIMIT
    reasons = np.where(beyond, "out_of_range", "").astype(np.object_)
    series = pl.DataFrame({"v": values}).select(pl.when(known).then(pl.col("v"))).to_series()
    return Typed(without(series, reasons), reasons, series.cast(pl.String))


def _skip(sheet: Sheet, cells: dict[str, pl.Series]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for rule in sheet.mapping.skip:
        hit = _holds(rule.when, sheet, cells) & ~sheet.skipped
        sheet.skipped |= hit
        counted[rule.reason] += int(hit.sum())
    return counted


def _apply_set_rules(sheet: Sheet, cells: dict[str, pl.Series]) -> None:
    import polars as pl

    for rule in sheet.mapping.set:
        hit, old = _holds(rule.when, sheet, cells), sheet.typed[rule.field]
        value = pl.Series([rule.value], dtype=pl.String).new_from_index(0, len(hit))
        changed = value.zip_with(pl.Series(hit), old.values)
        sheet.typed[rule.field] = Typed(changed, np.where(hit, "", old.reasons), old.cells)
        if rule.field in sheet.reasons:
            sheet.reasons[rule.field] = sheet.typed[rule.field].reasons


def _holds(when: Condition, sheet: Sheet, cells: dict[str, pl.Series]) -> Mask:
    """Where a condition holds; a missing cell fulfils only `missing: true`."""
    texts = cells[when.column] if when.column in cells else sheet.typed[when.column].cells
    hit = np.ones(len(texts), np.bool_)
    if when.missing is not None:
        hit &= texts.is_null().to_numpy() == when.missing
    if when.starts_with:
        begins = np.zeros(len(texts), np.bool_)
        for start in when.starts_with:
            begins |= texts.str.starts_with(start).fill_null(False).to_numpy()
        hit &= begins
    if when.one_of:
        hit &= texts.is_in(when.one_of).fill_null(False).to_numpy()
    if when.below is not None:
        values = sheet.typed[when.column].values
        scale = {"number": 1e6, "money": 10.0 ** minor_exponent(sheet.mapping.currency)}
        unit = scale.get(sheet.mapping.type_of(when.column), 1.0)
        hit &= (values < when.below * unit).fill_null(False).to_numpy()
    return hit


def _require(sheet: Sheet) -> None:
    for name in needed(sheet.mapping):
        column = sheet.typed[name]
        empty = column.values.is_null().to_numpy() & (column.reasons == "")
        spec = sheet.mapping.columns.get(name)
        for factor in (spec.product or ()) if spec is not None else ():
            empty &= sheet.typed[factor].values.is_not_null().to_numpy()  # its own column says what is wrong
            sheet.object_to(factor, sheet.typed[factor].values.is_null().to_numpy(), "missing")
        sheet.object_to(name, empty, "missing")


def _key(sheet: Sheet) -> None:
    """`key` of the row in its source, and `ref` of its customer."""
    mapping = sheet.mapping
    keys = key_cells([sheet.typed[name].cells for name in mapping.key])
    sheet.derived["key"] = keys
    sheet.object_to(mapping.key[0], (keys.str.len_chars() > LIMIT_KEY).fill_null(False).to_numpy(), "bad_key")
    customer = keys if mapping.entity == CUSTOMERS else key_cells([sheet.typed["customer"].cells])
    source = mapping.customer.source or mapping.source
    sheet.derived["ref"] = source + ":" + customer
    if mapping.entity != CUSTOMERS:
        sheet.object_to("customer", (customer.str.len_chars() > LIMIT_KEY).fill_null(False).to_numpy(), "bad_key")


def _clock(sheet: Sheet) -> None:
    """`recorded_at` as observed, or assumed some days after the first of some fields that is there."""
    import polars as pl

    mapping, occurred = sheet.mapping, sheet.typed["occurred_at"].values
    if mapping.clock is None:
        recorded = sheet.typed["recorded_at"].values
        sheet.derived["assumed"] = pl.Series([False]).new_from_index(0, len(recorded))
    else:
        recorded = pl.Series([None], dtype=pl.Int64).new_from_index(0, len(occurred))
        for name in (*mapping.clock.after, "occurred_at"):
            values = sheet.typed[name].values
            recorded = recorded.fill_null(values * _DAY if mapping.type_of(name) == "date" else values)
        recorded = recorded + mapping.clock.lag_days * _DAY
        recorded = recorded.zip_with((recorded >= occurred).fill_null(True), occurred)
        sheet.derived["assumed"] = pl.Series([True]).new_from_index(0, len(recorded))
    sheet.derived["recorded_at"] = recorded
    before = (recorded < occurred - _DAY).fill_null(False).to_numpy()
    sheet.object_to("recorded_at", before, "recorded_before")


def _quarantined(sheet: Sheet) -> list[Quarantined]:
    """One item for every cell that does not fit, in the order of the rows."""
    found: list[Quarantined] = []
    specs = {**sheet.mapping.columns, **sheet.mapping.fields}
    numbers = sheet.rows.to_list() if sheet.reasons else []
    refs = sheet.derived["ref"]
    for name, reasons in sheet.reasons.items():
        cells = sheet.typed[name].cells if name in sheet.typed else None
        spec = specs.get(name)
        told = spec.formats if spec is not None else [], _allowed(sheet.mapping, name), name
        for place in np.flatnonzero((reasons != "") & ~sheet.skipped).tolist():
            reason = reasons[place]
            cell = None if cells is None else cells[place]
            value = None if cell is None else shortened(cell)
            place_of = (sheet.file, numbers[place], name or None)
            found.append(Quarantined(*place_of, reason, refusal(reason, cell, *told), value, ref=refs[place]))
    return sorted(found, key=lambda item: item.row)


def _unexpected(sheet: Sheet, taken: Mask) -> dict[tuple[str, str], tuple[int, int, str | None]]:
    """Words that are in no declared list, with the nearest one that is."""
    import polars as pl

    found: dict[tuple[str, str], tuple[int, int, str | None]] = {}
    for name, spec in (*sheet.mapping.columns.items(), *sheet.mapping.fields.items()):
        if not spec.known:
            continue
        frame = pl.DataFrame({"word": sheet.typed[name].cells, "row": sheet.rows, "taken": pl.Series(taken)})
        odd = frame.filter(pl.col("taken") & pl.col("word").is_not_null() & ~pl.col("word").is_in(spec.known))
        for word, row, rows in odd.group_by("word").agg(pl.col("row").min(), pl.len()).sort("row").rows():
            found[name, word] = (row, rows, closest(word, spec.known))
    return found


def word_message(column: str, word: str, rows: int, near: str | None) -> Text:
    """What to say about an unexpected word.

    >>> word_message("product", "GTXPro", 3, "GTX Pro").en
    "3 row(s) have 'GTXPro' in product, which is not in the declared list; did you mean 'GTX Pro'?"
    """
    shown = shortened(word)
    hint = (f"; did you mean {near!r}?", f"；是否应为 {near!r}？") if near else (".", "。")
    return Text(
        f"{rows} row(s) have {shown!r} in {column}, which is not in the declared list{hint[0]}",
        f"{rows} 行的 {column} 为 {shown!r}，不在声明的列表中{hint[1]}",
    )
