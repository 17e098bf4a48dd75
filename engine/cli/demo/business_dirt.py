"""What goes wrong in real systems, on purpose: duplicates, slips of the keyboard, late and corrected records."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from engine.cli.demo.business_calendar import DAY, END, stamp
from engine.cli.demo.business_chance import Chance
from engine.cli.demo.business_files import Row, Sheets

_WIDE: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_KINDS_OF_CHANCE = 9


def spoil(sheets: Sheets, seed: int, spared: Collection[str]) -> None:
    """Spoil about one row in sixty, none of the `spared` customers'.

    Late records and corrections are sound data that came in late; duplicates add nothing; the rest
    cannot be taken as it stands.
    """
    for place, name in enumerate(sheets.rows):
        chance = Chance(seed, _KINDS_OF_CHANCE, place)
        added: list[tuple[int, Row]] = []
        rows = sheets.rows[name]
        for index, (recorded, row) in enumerate(rows):
            if row.get("customer", row["key"]) in spared:
                continue
            if chance.happens(0.006 if name == "orders" else 0.002):
                rows[index] = recorded, _SLIPS[chance.whole(0, len(_SLIPS) - 1)](dict(row), chance)
            elif chance.happens(0.004):
                added.append((recorded, dict(row)))
            elif name == "orders":
                rows[index], more = _belated(recorded, row, chance)
                added.extend(more)
        sheets.rows[name] = [pair for pair in rows + added if pair[0] < END]


def _belated(recorded: int, row: Row, chance: Chance) -> tuple[tuple[int, Row], list[tuple[int, Row]]]:
    """An order that came in weeks late, or whose amount was corrected weeks later; mostly neither."""
    if chance.happens(0.02):
        recorded += chance.whole(10 * DAY, 45 * DAY)
        return (recorded, row | {"recorded_at": stamp(recorded)}), []
    if chance.happens(0.006):
        corrected = recorded + chance.whole(4 * DAY, 40 * DAY)
        whole, _, rest = row["net"].partition(".")
        net = f"{int(whole) * chance.whole(70, 95) // 100}.{rest}"
        return (recorded, row), [(corrected, row | {"net": net, "recorded_at": stamp(corrected)})]
    return (recorded, row), []


def _amount_column(row: Row) -> str:
    return next((name for name in ("net", "annual_value", "amount", "score_0_100", "cost") if name in row), "key")


def _no_customer(row: Row, chance: Chance) -> Row:
    return row | ({"customer": ""} if "customer" in row else {"key": ""})


def _unknown_customer(row: Row, chance: Chance) -> Row:
    return row | ({"customer": f"P-{chance.whole(90_000, 99_999)}"} if "customer" in row else {"market": "B2X"})


def _impossible_date(row: Row, chance: Chance) -> Row:
    column = "occurred_at" if "occurred_at" in row else "first_seen"
    return row | {column: chance.pick(("2026-02-30T10:15:00+08:00", "0000-00-00", "2062-05-11T09:00:00+08:00", "soon"))}


def _garbled_amount(row: Row, chance: Chance) -> Row:
    column = _amount_column(row)
    return row | {column: chance.pick(("12O.5O", "n/a", "1.2.3", "￥", row[column] + " kg"))}


def _negative_amount(row: Row, chance: Chance) -> Row:
    column = _amount_column(row)
    return row | {column: f"-{row[column]}"}


def _unknown_currency(row: Row, chance: Chance) -> Row:
    return row | ({"currency": chance.pick(("ZZZ", "元元", "C N Y"))} if "currency" in row else {"market": "B2X"})


def _wide_characters(row: Row, chance: Chance) -> Row:
    """As an input method leaves them: full-width letters and digits in the customer's key and the amount."""
    columns = [name for name in ("customer", "name", _amount_column(row)) if row.get(name)]
    return row | {column: row[column].translate(_WIDE) for column in columns}


def _wrong_word(row: Row, chance: Chance) -> Row:
    column = next((name for name in ("status", "state", "market", "type") if name in row), "key")
    return row | {column: chance.pick(("payed", "OK?", "已付款", "-"))}


_SLIPS: Final[tuple[Callable[[Row, Chance], Row], ...]] = (
    _no_customer,
    _unknown_customer,
    _impossible_date,
    _garbled_amount,
    _negative_amount,
    _unknown_currency,
    _wide_characters,
    _wide_characters,
    _wrong_word,
)
