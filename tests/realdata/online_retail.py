"""Online Retail II counted straight from the file, by plain Polars and on its own terms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

AS_OF = "2010-09-01"
_KEY = ("Invoice", "StockCode", "Quantity", "Price", "InvoiceDate")


@dataclass(frozen=True)
class Counted:
    """What the file holds.

    Attributes:
        lines: Distinct lines with a customer and a price, with `day`, `paid` and `pence`.
        counts: Rows by what should become of them.
    """

    lines: pl.DataFrame
    counts: dict[str, int]

    def before(self, day: str) -> pl.DataFrame:
        """Lines invoiced before a day."""
        return self.lines.filter(pl.col("day") < pl.lit(day).str.to_date())

    def within(self, days: int) -> pl.DataFrame:
        """Lines of so many days before the day of the decision."""
        start = pl.lit(AS_OF).str.to_date() - pl.duration(days=days)
        return self.before(AS_OF).filter(pl.col("day") >= start)


def count(file: Path) -> Counted:
    """Read and count the file."""
    whole = pl.read_parquet(file)
    named = whole.filter(pl.col("Customer ID").is_not_null())
    priced = named.filter(pl.col("Price") > 0)
    distinct = priced.unique(subset=[*_KEY, "Customer ID", "Country"], maintain_order=True)
    assert distinct.height == distinct.unique(subset=_KEY).height  # a key never means two things
    thousandths = (pl.col("Price") * 1000).round().cast(pl.Int64)
    lines = distinct.with_columns(
        ref=pl.format("retail:{}", pl.col("Customer ID")),
        day=pl.col("InvoiceDate").str.slice(0, 10).str.to_date(),
        paid=~pl.col("Invoice").str.starts_with("C"),
        pence=_half_even(pl.col("Quantity") * thousandths),
    )
    counts = {
        "rows": whole.height,
        "without_customer": whole.height - named.height,
        "quarantined": named.height - priced.height,
        "linked": priced.height - distinct.height,
        "added": distinct.height,
        "status=cancelled": priced.filter(pl.col("Invoice").str.starts_with("C")).height,
        "customers_created": distinct["Customer ID"].n_unique(),
    }
    return Counted(lines, counts)


def _half_even(tenths: pl.Expr) -> pl.Expr:
    """Tenths of a penny to pennies in whole numbers, half to even."""
    floor, rest = tenths // 10, tenths % 10
    return floor + ((rest > 5) | ((rest == 5) & (floor % 2 == 1))).cast(pl.Int64)


def markets(counted: Counted) -> dict[str, str]:
    """Wholesalers: a median of twelve units a line, or a thousand pounds an order."""
    paid = counted.lines.filter("paid")
    buyers = paid.group_by("ref").agg(
        units=pl.col("Quantity").median(), order=pl.col("pence").sum() / pl.col("Invoice").n_unique()
    )
    wholesale = buyers.filter((pl.col("units") >= 12) | (pl.col("order") >= 100_000))["ref"].to_list()
    return dict.fromkeys(counted.lines["ref"].unique().to_list(), "B2C") | dict.fromkeys(wholesale, "B2B")
