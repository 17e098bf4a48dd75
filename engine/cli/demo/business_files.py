"""The CSV files of the demo business: what stands in them and how they are written."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.cli.demo.business_calendar import END, stamp
from engine.metrics.sources import SOURCES

SOURCE: Final = "demo"
"""The source system of every reference: `demo:B-0007`."""

CUSTOMER_HEADER: Final = ("key", "recorded_at", "market", "name", "owner", "parent", "employees", "industry",
                          "fraud_confirmed", "region", "acquisition_channel", "first_seen")  # fmt: skip
_COMMON: Final = ("customer", "key", "occurred_at", "recorded_at", "currency")
_NAMES: Final = tuple(name for name in SOURCES if name != "touches")

HEADERS: Final = {"customers": CUSTOMER_HEADER} | {
    name: _COMMON + tuple(key for key, column in SOURCES[name].fields.items() if column.column) for name in _NAMES
}
"""Columns by file name without its ending; records carry the field names of `engine.metrics.sources`."""

_LETTER: Final = {"orders": "O", "contracts": "K", "opportunities": "V", "interactions": "I", "tickets": "T",
                  "surveys": "S", "referrals": "R", "costs": "C", "consents": "E"}  # fmt: skip
_IN_MONEY: Final = ("orders", "contracts", "opportunities", "tickets", "costs")

Row = dict[str, str]


def money(fen: int) -> str:
    """Yuan with two digits, from fen.

    >>> money(123450), money(-5)
    ('1234.50', '-0.05')
    """
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:02d}"


@dataclass(slots=True)
class Sheets:
    """The rows of every file, in the order in which the firm's systems recorded them once sorted."""

    rows: dict[str, list[tuple[int, Row]]] = field(default_factory=lambda: {name: [] for name in HEADERS})
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def customer(self, key: str, recorded: int, values: Row) -> None:
        """Add a version of a customer's attributes, recorded at that minute."""
        self._put("customers", recorded, {"key": key, "recorded_at": stamp(recorded), **values})

    def record(self, sheet: str, customer: str, minute: int, values: Row, delay: int = 1) -> str:
        """Add a new record of a customer, recorded `delay` minutes after it happened; gives its key.

        What has not happened or not been recorded by the end of the demo is left out.
        """
        number = self._counts.get((sheet, customer), 0) + 1
        self._counts[sheet, customer] = number
        key = f"{_LETTER[sheet]}-{customer.replace('-', '')}-{number:03d}"
        if sheet == "orders":
            values = {"order_no": key} | values
        self.version(sheet, customer, key, minute, values, recorded=minute + delay)
        return key

    def version(self, sheet: str, customer: str, key: str, minute: int, values: Row, *, recorded: int) -> None:
        """Add a version of a record under its key, recorded at the minute `recorded`."""
        common = {"customer": customer, "key": key, "occurred_at": stamp(minute), "recorded_at": stamp(recorded)}
        if sheet in _IN_MONEY:
            common["currency"] = "CNY"
        if minute < END:
            self._put(sheet, recorded, common | values)

    def _put(self, sheet: str, recorded: int, row: Row) -> None:
        if recorded < END:
            self.rows[sheet].append((recorded, row))

    def write(self, folder: Path) -> None:
        """Write one UTF-8 file per kind, ordered by the time of recording, then by what was added first."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, header in HEADERS.items():
            ordered = sorted(self.rows[name], key=lambda row: row[0])
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                lines = csv.writer(file, lineterminator="\n")
                lines.writerow(header)
                lines.writerows([row.get(column, "") for column in header] for _, row in ordered)
