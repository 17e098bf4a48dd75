"""Imports end to end on both engines: every format, duplicates, corrections, quarantine, watermarks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.errors import InputError, NotFoundError
from engine.operations.importing import import_files
from engine.store import Database, read_watermarks, verify_ledger
from engine.store.rows import table_of
from engine.store.tables import (
    CustomerFieldRow,
    CustomerRow,
    IdentityRow,
    ImportRow,
    IssueRow,
    LedgerRow,
    RecordRow,
    WatermarkRow,
    to_microseconds,
)
from engine.vocabulary import Locale

NOW = datetime(2026, 11, 15, 2, 0, tzinfo=UTC)
HEADER = ["订单编号", "会员编号", "下单时间", "实付金额", "数量", "订单状态", "渠道"]
ROWS = [
    ["1001", "M-0001", "2026-11-01 10:00:00", "￥1,200.50", "3", "已支付", "门店"],
    ["1002", "M-0002", "2026-11-02 11:30:00", "1.5万", "1", "已完成", "小程序"],
    ["1003", "M-0001", "2026-11-03 09:00:00", "88", "", "已取消", "小程序"],
]


def written_csv(encoding: str, rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, *rows])
    return text.getvalue().encode(encoding)


def written_xlsx(rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    for order, customer, at, net, quantity, status, channel in rows:
        count = int(quantity) if quantity else None
        amount: object = float(net) if net.isdigit() else net
        book.active.append([int(order), customer, datetime.fromisoformat(at), amount, count, status, channel])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def written_parquet(rows: list[list[str]]) -> bytes:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(HEADER, pl.String), orient="row")
    out = io.BytesIO()
    frame.with_columns(pl.col("下单时间").str.to_datetime(), pl.col("订单编号").cast(pl.Int64)).write_parquet(out)
    return out.getvalue()


def written_jsonl(rows: list[list[str]]) -> bytes:
    lines = [json.dumps(dict(zip(HEADER, row, strict=True)), ensure_ascii=False) for row in rows]
    return "\n".join(lines).encode()


FORMATS: dict[str, Callable[[list[list[str]]], bytes]] = {
    "utf8.csv": lambda rows: written_csv("utf-8-sig", rows),
    "gbk.csv": lambda rows: written_csv("gbk", rows),
    "orders.xlsx": written_xlsx,
    "orders.parquet": written_parquet,
    "orders.jsonl": written_jsonl,
}


def put(folder: Path, name: str, rows: list[list[str]]) -> Path:
    file = folder / name
    file.write_bytes(FORMATS[name](rows))
    return file


def count(database: Database, row: Any, *where: Any) -> int:
    with database.read() as session:
        return int(session.execute(select(func.count()).select_from(table_of(row)).where(*where)).scalar_one())


def everything(session: Session) -> list[tuple[Any, ...]]:
    record, customer = table_of(RecordRow), table_of(CustomerRow)
    names = ("kind", "source", "key", "version", "occurred_at", "recorded_at", "currency", "net", "quantity", "status",
             "channel", "reference")  # fmt: skip
    query = select(customer.c.ref, *(record.c[name] for name in names)).join(
        customer, customer.c.id == record.c.customer_id
    )
    return [tuple(row) for row in session.execute(query.order_by(record.c.key, record.c.version))]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_records_and_the_same_file_twice_adds_nothing(
    database: Database, tmp_path: Path, name: str
) -> None:
    file = put(tmp_path, name, ROWS)
    receipt = import_files(database, "orders-zh", [file], "data-team", NOW)
    assert (receipt.rows, receipt.added, receipt.customers_created, receipt.quarantined) == (3, 3, 2, 0)
    with database.read() as session:
        stored = everything(session)
    at = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
    assert stored[0] == (
        "shop:M-0001", "ORDER", "shop", "1001/1", 1, at, at, "CNY", 120050, 3, "paid", "门店", "1001"
    )  # fmt: skip
    assert [row[8] for row in stored] == [120050, 1500000, 8800]
    assert [row[10] for row in stored] == ["paid", "fulfilled", "cancelled"]

    again = import_files(database, "orders-zh", [file], "data-team", NOW + timedelta(hours=1))
    assert (again.rows, again.added, again.linked, again.customers_created) == (3, 0, 3, 0)
    with database.read() as session:
        assert everything(session) == stored
        assert verify_ledger(session).ok
    assert count(database, CustomerRow) == 2


def test_other_formats_of_the_same_rows_are_linked(database: Database, tmp_path: Path) -> None:
    import_files(database, "orders-zh", [put(tmp_path, "gbk.csv", ROWS)], "data-team", NOW)
    others = [put(tmp_path, name, ROWS) for name in FORMATS if name != "gbk.csv"]
    receipt = import_files(database, "orders-zh", others, "data-team", NOW)
    assert (receipt.rows, receipt.added, receipt.linked) == (12, 0, 12)


def test_progress_ends_at_the_whole(sqlite_database: Database, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    file = put(tmp_path, "utf8.csv", ROWS)
    import_files(sqlite_database, "orders-zh", [file], "data-team", NOW, lambda done, total: told.append((done, total)))
    assert told[-1] == (file.stat().st_size, file.stat().st_size)


BAD = [
    ("no customer", 1, "", "customer", "missing"),
    ("an impossible date", 2, "2026-02-30 10:00:00", "occurred_at", "not_a_date"),
    ("a garbled amount", 3, "12O.5O", "net", "not_a_number"),
    ("an infinite amount", 3, "Infinity", "net", "not_finite"),
    ("an amount finer than a cent", 3, "0.005", "net", "too_precise"),
    ("a negative quantity", 4, "-1", "quantity", "out_of_range"),
    ("an unknown status", 5, "差不多", "status", "not_allowed"),
    ("a control character", 6, "a\x07b", "channel", "control_character"),
    ("an endless text", 6, "x" * 5000, "channel", "too_long"),
]


@pytest.mark.parametrize(("place", "value", "column", "reason"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_row_that_does_not_fit_goes_to_the_quarantine(
    sqlite_database: Database, tmp_path: Path, place: int, value: str, column: str, reason: str
) -> None:
    database = sqlite_database
    rows = [list(row) for row in ROWS]
    rows[1][place] = value
    file = put(tmp_path, "utf8.csv", rows)
    receipt = import_files(database, "orders-zh", [file], "data-team", NOW)
    assert (receipt.added, receipt.quarantined, receipt.reasons) == (2, 1, {reason: 1})
    with database.read() as session:
        (issue,) = session.execute(select(IssueRow)).scalars()
    assert (issue.file, issue.row, issue.field, issue.check_name) == ("utf8.csv", 3, column, reason)
    assert issue.quarantined
    assert issue.message_zh
    if value == "差不多":
        assert "none of placed, paid" in issue.message_en
        assert "under `values` of status" in issue.message_en
        assert "status 的 `values` 下" in issue.message_zh
    if "02-30" in value:
        assert (issue.message_en, issue.message_zh) == ("This day does not exist.", "没有这一天。")
    assert len(issue.value or "") <= 60
    import_files(database, "orders-zh", [file], "data-team", NOW)
    assert count(database, IssueRow) == 1
    for locale in Locale:
        assert any(reason in line for line in receipt.lines(locale))


def test_a_correction_is_a_new_version_and_the_old_file_does_not_take_it_back(
    database: Database, tmp_path: Path
) -> None:
    first = put(tmp_path, "utf8.csv", ROWS)
    import_files(database, "orders-zh", [first], "data-team", NOW)
    changed = [list(row) for row in ROWS]
    changed[0][3] = "999"
    second = put(tmp_path, "gbk.csv", changed)
    later = NOW + timedelta(days=1)
    receipt = import_files(database, "orders-zh", [second], "data-team", later)
    assert (receipt.added, receipt.linked, receipt.corrected) == (0, 2, 1)
    record = table_of(RecordRow)
    query = select(RecordRow).where(record.c.key == "1001/1").order_by(record.c.version)
    with database.read() as session:
        old, new = session.execute(query).scalars()
    assert (old.net, new.net, new.version, new.corrects_id) == (120050, 99900, 2, old.id)
    assert old.superseded_at == new.recorded_at == later
    assert (old.recorded_at_assumed, new.recorded_at_assumed) == (True, False)
    back = import_files(database, "orders-zh", [first], "data-team", later + timedelta(days=1))
    assert (back.added, back.linked, back.corrected) == (0, 3, 0)


DEMO_CUSTOMERS = (
    "key,recorded_at,market,name,owner,parent,employees,industry,"
    "fraud_confirmed,region,acquisition_channel,first_seen\n"
)
TWO_CUSTOMERS = (
    DEMO_CUSTOMERS
    + "B-0001,2026-01-01T10:00:00+08:00,B2B,Company 0001,east-sales-1,B-0002,50,food,false,east,,2020-01-01\n"
    + "B-0002,2026-01-01T10:00:00+08:00,B2B,Company 0002,east-sales-1,,900,food,false,east,,2020-01-01\n"
    + "B-0001,2026-06-01T10:00:00+08:00,B2B,Company 0001,east-sales-1,B-0002,50,food,true,east,,2020-01-01\n"
)
CONTRACTS = "customer,key,occurred_at,recorded_at,currency,annual_value,starts_on,ends_on,status,days_overdue\n"


def text(folder: Path, name: str, content: str) -> Path:
    (folder / name).write_text(content, "utf-8")
    return folder / name


def test_a_customer_list_keeps_versions_of_attributes(database: Database, tmp_path: Path) -> None:
    file = text(tmp_path, "customers.csv", TWO_CUSTOMERS)
    receipt = import_files(database, "demo-customers", [file], "data-team", NOW)
    assert (receipt.rows, receipt.added, receipt.corrected, receipt.customers_created) == (3, 2, 1, 2)
    customer, attribute = table_of(CustomerRow), table_of(CustomerFieldRow)
    with database.read() as session:
        company = session.execute(select(CustomerRow).where(customer.c.ref == "demo:B-0001")).scalar_one()
        fraud = select(CustomerFieldRow).where(
            attribute.c.customer_id == company.id, attribute.c.name == "fraud_confirmed"
        )
        before, after = session.execute(fraud.order_by(attribute.c.id)).scalars()
        salts = list(session.execute(select(customer.c.salt)).scalars())
    assert (company.name, company.owner, company.parent_ref) == ("Company 0001", "east-sales-1", "demo:B-0002")
    assert (before.number, after.number) == (0, 1)
    assert before.superseded_at == after.recorded_at == datetime(2026, 6, 1, 2, tzinfo=UTC)
    assert len(set(salts)) == 2
    assert {len(salt) for salt in salts} == {16}
    versions = count(database, CustomerFieldRow)
    again = import_files(database, "demo-customers", [file], "data-team", NOW)
    assert (again.added, again.corrected, again.linked) == (0, 0, 3)
    assert count(database, CustomerFieldRow) == versions


def test_an_edited_list_edits_customers(database: Database, tmp_path: Path) -> None:
    import_files(database, "demo-customers", [text(tmp_path, "a.csv", TWO_CUSTOMERS)], "data-team", NOW)
    line = "B-0002,2026-11-01T10:00:00+08:00,B2B,Company 0002,west-sales-2,,950,,,,,\n"
    receipt = import_files(
        database, "demo-customers", [text(tmp_path, "b.csv", DEMO_CUSTOMERS + line)], "data-team", NOW
    )
    assert (receipt.added, receipt.corrected) == (0, 1)
    with database.read() as session:
        company = session.execute(select(CustomerRow).where(table_of(CustomerRow).c.ref == "demo:B-0002")).scalar_one()
    assert (company.owner, company.version) == ("west-sales-2", 2)


def test_versions_of_a_record_follow_their_own_clock(database: Database, tmp_path: Path) -> None:
    import_files(database, "demo-customers", [text(tmp_path, "a.csv", TWO_CUSTOMERS)], "data-team", NOW)
    start = "B-0001,K-1,2026-01-05T09:00:00+08:00"
    lines = [
        f"{start},2026-01-05T10:00:00+08:00,CNY,50000,2026-01-10,2027-01-10,active,0\n",
        f"{start},2026-03-31T22:00:00+08:00,CNY,50000,2026-01-10,2027-01-10,active,12\n",
        f"{start},2026-01-05T10:00:00+08:00,CNY,50000,2026-01-10,2027-01-10,active,0\n",
        f"{start},2026-02-28T22:00:00+08:00,CNY,50000,2026-01-10,2027-01-10,active,3\n",
        "B-0009,K-2,2026-01-05T09:00:00+08:00,2026-01-05T10:00:00+08:00,CNY,1,2026-01-10,2027-01-10,active,0\n",
        "Ｂ－０００２,K-3,2026-01-05T09:00:00+08:00,2026-01-05T10:00:00+08:00,CNY,1,2026-01-10,2027-01-10,active,0\n",
        "B-0002,K-4,2062-01-05T09:00:00+08:00,2026-01-05T10:00:00+08:00,CNY,1,2026-01-10,2027-01-10,active,0\n",
        "B-0002,K-5,2026-01-05T09:00:00+08:00,2026-01-05T10:00:00+08:00,ZZZ,1,2026-01-10,2027-01-10,active,0\n",
    ]
    file = text(tmp_path, "contracts.csv", CONTRACTS + "".join(lines))
    receipt = import_files(database, "demo-contracts", [file], "data-team", NOW)
    assert (receipt.added, receipt.linked, receipt.corrected, receipt.quarantined) == (2, 1, 2, 3)
    assert receipt.reasons == {"not_allowed": 1, "recorded_before": 1, "unknown_customer": 1}
    record = table_of(RecordRow)
    query = select(RecordRow).where(record.c.key == "K-1").order_by(record.c.version)
    with database.read() as session:
        versions = list(session.execute(query).scalars())
    assert [version.days for version in versions] == [0, 3, 12]
    assert [version.superseded_at for version in versions] == [versions[1].recorded_at, versions[2].recorded_at, None]
    assert [version.corrects_id for version in versions] == [None, versions[0].id, versions[1].id]
    again = import_files(database, "demo-contracts", [file], "data-team", NOW)
    assert (again.added, again.linked, again.corrected, again.quarantined) == (0, 5, 0, 3)
    late = f"{start},2026-03-01T22:00:00+08:00,CNY,50000,2026-01-10,2027-01-10,active,99\n"
    contradicting = import_files(
        database, "demo-contracts", [text(tmp_path, "late.csv", CONTRACTS + late)], "data-team", NOW
    )
    assert contradicting.reasons == {"conflicting": 1}


def test_watermarks_say_how_far_a_source_was_complete_at_every_time(database: Database, tmp_path: Path) -> None:
    import_files(database, "demo-customers", [text(tmp_path, "a.csv", TWO_CUSTOMERS)], "data-team", NOW)
    line = "B-0001,K-1,2026-01-05T09:00:00+08:00,2026-01-05T10:00:00+08:00,CNY,1,2026-01-10,2027-01-10,active,0\n"
    file = text(tmp_path, "contracts.csv", CONTRACTS + line)
    import_files(database, "demo-contracts", [file], "data-team", NOW)
    recorded = datetime(2026, 1, 5, 2, tzinfo=UTC)
    with database.read() as session:
        then = read_watermarks(session, to_microseconds(recorded))
        now = read_watermarks(session, to_microseconds(NOW))
        before = read_watermarks(session, to_microseconds(recorded) - 1)
    assert then == {"contracts": to_microseconds(recorded)}
    assert now == {"contracts": to_microseconds(NOW)}
    assert before == {}
    said = count(database, WatermarkRow)
    import_files(database, "demo-contracts", [file], "data-team", NOW)
    assert count(database, WatermarkRow) == said
    until = NOW + timedelta(hours=3)
    import_files(database, "demo-contracts", [file], "data-team", until, complete_until=NOW)
    with database.read() as session:
        assert read_watermarks(session, to_microseconds(until)) == {"contracts": to_microseconds(NOW)}


def test_an_import_is_one_ledger_entry_without_personal_data(database: Database, tmp_path: Path) -> None:
    import_files(database, "orders-zh", [put(tmp_path, "utf8.csv", ROWS)], "data-team", NOW)
    with database.read() as session:
        (entry,) = session.execute(select(LedgerRow)).scalars()
    body = json.loads(entry.body)["body"]
    assert (entry.kind, entry.actor, entry.subject) == ("IMPORT", "data-team", "import:1")
    assert (body["rows"], body["added"], body["quarantined"]) == (3, 3, 0)
    assert len(body["files"][0]) == len("sha256:") + 64
    assert "M-0001" not in entry.body
    assert "utf8.csv" not in entry.body


def test_a_refused_file_stores_nothing(database: Database, tmp_path: Path) -> None:
    good = put(tmp_path, "utf8.csv", ROWS)
    bad = text(tmp_path, "bad.csv", "订单编号,会员编号,下单日,实付金额,订单状态\n1,2,3,4,5\n")
    with pytest.raises(InputError) as refused:
        import_files(database, "orders-zh", [good, bad], "data-team", NOW)
    assert "下单日" in refused.value.tell(Locale.ZH)
    with pytest.raises(NotFoundError):
        import_files(database, "orders-zh", [tmp_path / "nothing.csv"], "data-team", NOW)
    for row in (RecordRow, CustomerRow, IdentityRow, ImportRow, LedgerRow):
        assert count(database, row) == 0


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_without_rows_adds_nothing(sqlite_database: Database, tmp_path: Path, name: str) -> None:
    if name == "orders.jsonl":
        (tmp_path / name).write_text("\n\n", "utf-8")
    else:
        put(tmp_path, name, [])
    receipt = import_files(sqlite_database, "orders-zh", [tmp_path / name], "data-team", NOW)
    assert (receipt.rows, receipt.added, receipt.quarantined) == (0, 0, 0)


def test_a_file_of_nothing_but_dirt_is_all_quarantined(sqlite_database: Database, tmp_path: Path) -> None:
    rows = [[order, customer, "soon", net, "x", "?", "y"] for order, customer, _, net, *_ in ROWS]
    receipt = import_files(sqlite_database, "orders-zh", [put(tmp_path, "utf8.csv", rows)], "data-team", NOW)
    assert (receipt.added, receipt.quarantined, receipt.customers_created) == (0, 3, 0)
    assert receipt.reasons == {"not_a_date": 3, "not_a_number": 3, "not_allowed": 3}
    customers = text(tmp_path, "none.csv", DEMO_CUSTOMERS)
    assert import_files(sqlite_database, "demo-customers", [customers], "data-team", NOW).rows == 0
