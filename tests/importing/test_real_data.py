"""Online Retail II and Maven CRM end to end, against counts made straight from the files."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import func, select

from engine.operations.importing import ImportReceipt, import_files
from engine.store import Database
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, IssueRow, RecordRow, WatermarkRow

NOW = datetime(2026, 11, 15, 2, 0, tzinfo=UTC)


def whole_file(shared: Path) -> Path:
    return shared / "data" / "online_retail_II" / "online_retail_II.parquet"


@pytest.fixture
def month(shared: Path, tmp_path: Path) -> Path:
    """December 2009 of Online Retail II as a CSV file: the same dirt, a twelfth of the lines."""
    file = tmp_path / "december.csv"
    pl.read_parquet(whole_file(shared)).filter(pl.col("InvoiceDate") < "2010-01-01").write_csv(file)
    return file


def expected(lines: pl.DataFrame) -> tuple[dict[str, int], dict[str, str]]:
    """Counts and markets by plain Polars, in floats and on its own terms."""
    named = lines.filter(pl.col("Customer ID").is_not_null())
    good = named.filter(pl.col("Price") > 0)
    distinct = good.unique(maintain_order=True)
    counts = {
        "rows": lines.height,
        "without_customer": lines.height - named.height,
        "quarantined": named.height - good.height,
        "linked": good.height - distinct.height,
        "added": distinct.height,
        "cancelled": good.filter(pl.col("Invoice").str.starts_with("C")).height,
        "customers": good["Customer ID"].n_unique(),
    }
    paid = distinct.filter(~pl.col("Invoice").str.starts_with("C"))
    buyers = paid.group_by("Customer ID").agg(
        units=pl.col("Quantity").median(),
        order=(pl.col("Quantity") * pl.col("Price")).sum() / pl.col("Invoice").n_unique(),
    )
    wholesale = buyers.filter((pl.col("units") >= 12) | (pl.col("order") >= 1000))["Customer ID"].to_list()
    markets = {f"retail:{number}": "B2C" for number in good["Customer ID"].unique().to_list()}
    return counts, markets | {f"retail:{number}": "B2B" for number in wholesale}


def seen(receipt: ImportReceipt) -> dict[str, int]:
    return {
        "rows": receipt.rows,
        "without_customer": receipt.skipped["without_customer"],
        "quarantined": receipt.quarantined,
        "linked": receipt.linked,
        "added": receipt.added,
        "cancelled": receipt.marked["status=cancelled"],
        "customers": receipt.customers_created,
    }


def markets(database: Database) -> dict[str, str]:
    customer = table_of(CustomerRow)
    with database.read() as session:
        return dict(session.execute(select(customer.c.ref, customer.c.market)).all())


def test_a_month_of_online_retail(sqlite_database: Database, month: Path) -> None:
    lines = pl.read_csv(month, schema_overrides={"Invoice": pl.String, "StockCode": pl.String})
    counts, wanted = expected(lines)
    receipt = import_files(sqlite_database, "online-retail", [month], "data-team", NOW)
    assert seen(receipt) == counts
    assert min(counts.values()) > 0
    assert markets(sqlite_database) == wanted
    again = import_files(sqlite_database, "online-retail", [month], "data-team", NOW)
    assert (again.added, again.corrected, again.linked) == (0, 0, counts["added"] + counts["linked"])
    assert markets(sqlite_database) == wanted
    with sqlite_database.read() as session:
        net = session.execute(select(func.sum(table_of(RecordRow).c.net))).scalar_one()
    named = lines.filter(pl.col("Customer ID").is_not_null() & (pl.col("Price") > 0)).unique()
    pence = (named["Quantity"] * (named["Price"] * 1000).round().cast(pl.Int64)).to_list()
    assert net == sum(round(amount / 10) for amount in pence)  # at most three decimals: halves are exact


def test_the_whole_of_online_retail(sqlite_database: Database, shared: Path) -> None:
    counts, wanted = expected(pl.read_parquet(whole_file(shared)))
    receipt = import_files(sqlite_database, "online-retail", [whole_file(shared)], "data-team", NOW)
    assert seen(receipt) == counts
    assert markets(sqlite_database) == wanted


def test_maven_crm(sqlite_database: Database, shared: Path) -> None:
    folder = shared / "data" / "maven_crm"
    accounts = import_files(sqlite_database, "maven-accounts", [folder / "accounts.csv"], "data-team", NOW)
    pipeline = import_files(sqlite_database, "maven-opportunities", [folder / "sales_pipeline.csv"], "data-team", NOW)
    with (folder / "accounts.csv").open(encoding="utf-8", newline="") as file:
        companies = list(csv.DictReader(file))
    with (folder / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        deals = list(csv.DictReader(file))
    taken = [deal for deal in deals if deal["account"] and deal["engage_date"]]
    assert accounts.added == len(companies)
    assert pipeline.rows == len(deals)
    assert pipeline.skipped == {"without_customer": sum(not deal["account"] for deal in deals)}
    assert pipeline.quarantined == sum(bool(deal["account"]) and not deal["engage_date"] for deal in deals)
    assert pipeline.added == len(taken)

    customer, record, issue = table_of(CustomerRow), table_of(RecordRow), table_of(IssueRow)
    with sqlite_database.read() as session:
        parents = dict(session.execute(select(customer.c.ref, customer.c.parent_ref)).all())
        stages = Counter(dict(session.execute(select(record.c.status, func.count()).group_by(record.c.status)).all()))
        won = session.execute(select(func.sum(record.c.net)).where(record.c.status == "won")).scalar_one()
        words = session.execute(
            select(issue.c.field, issue.c.value, issue.c.row, issue.c.message_en, issue.c.quarantined)
            .where(issue.c.check_name == "unknown_word").order_by(issue.c.field, issue.c.value)
        ).all()  # fmt: skip
        complete = session.execute(select(func.max(table_of(WatermarkRow).c.complete_until))).scalar_one()
    assert {ref.removeprefix("maven:"): (parent or "").removeprefix("maven:") for ref, parent in parents.items()} == {
        company["account"]: company["subsidiary_of"] for company in companies
    }
    states = {"Won": "won", "Lost": "lost"}
    assert stages == Counter(states.get(deal["deal_stage"], "open") for deal in taken)
    assert won == sum(int(deal["close_value"]) * 100 for deal in taken if deal["deal_stage"] == "Won")
    assert [(field, word) for field, word, *_ in words] == [
        ("country", "Philipines"), ("product", "GTXPro"), ("sector", "technolgy")
    ]  # fmt: skip
    dirty = sum(deal["product"] == "GTXPro" for deal in taken)
    first = next(n for n, deal in enumerate(deals, 2) if deal["product"] == "GTXPro" and deal in taken)
    assert words[1][2] == first
    assert words[1][3].startswith(f"{dirty} row(s)")
    assert "'GTX Pro'" in words[1][3]
    assert "'technology'" in words[2][3]
    assert not any(quarantined for *_, quarantined in words)
    assert complete.year == 2017
