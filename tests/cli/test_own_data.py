"""Own orders by an own mapping, from an empty database to explained decisions, as the README tells it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.clerk import Clerk
from tests.cli.conftest import ROOT, Shell

ORDERS = """\
order id,customer id,order date,status,amount,quantity
1001,C-01,2026-07-03,paid,120.00,2
1002,C-02,2026-08-19,shipped,300.00,5
1003,C-01,2026-09-10,paid,85.50,1
1004,C-03,2026-10-20,cancelled,99.90,1
1005,C-02,2026-10-28,paid,"1,250.00",9
1006,C-03,soon,paid,20.00,1
"""


@pytest.fixture
def clerk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clerk:
    return Clerk(monkeypatch, capsys)


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    shipped = (ROOT / "engine" / "intake" / "mappings" / "orders-en.yaml").read_text()
    changed = shipped.replace("currency: USD", "currency: CNY").replace("timezone: UTC", "timezone: Asia/Shanghai")
    assert changed.count("CNY") == 1
    file = tmp_path / "web-orders.yaml"
    file.write_text(changed.replace("source: shop", "source: web"))
    return file


def test_a_few_orders_are_imported_decided_and_explained(clerk: Clerk, empty: Shell, mapping: Path) -> None:
    (empty.folder / "orders.csv").write_text(ORDERS)
    clerk.run(empty, "rules", "publish", "--reason", "first rules")
    said, _ = clerk.run(empty, "import", str(mapping), "orders.csv")
    assert "6 rows read: 5 added, 0 repeated, 0 corrected, 1 quarantined, 0 left out." in said
    assert "0 added, 5 repeated" in clerk.run(empty, "import", str(mapping), "orders.csv")[0]
    assert "'soon'" in clerk.run(empty, "data", "quality")[0]
    assert "3 decided" in clerk.run(empty, "decide", "--as-of", "2026-10-29")[0]
    told, _ = clerk.run(empty, "explain", "web:C-02")
    assert "65 % known" in told
    assert "Provisional until the missing data are there." in told


STALE_EN = (
    "⚠ Orders are complete until 2026-10-28: metrics from them are unknown (stale). Import newer orders; "
    "if there are none, import the last file again with `--complete-until DATE`.\n"
)
STALE_ZH = (
    "⚠ 订单（orders）只完整到 2026-10-28：由其计算的指标均未知（过期）。请导入更新的订单；"
    "如果没有更新的，请用 `--complete-until 日期` 重新导入最近的文件。\n"
)
NEVER = "⚠ Contracts were never imported: metrics from them are unknown (stale). Import contracts.\n"


def test_a_source_too_old_is_told_beside_what_was_decided_without_it(clerk: Clerk, empty: Shell, mapping: Path) -> None:
    (empty.folder / "orders.csv").write_text(ORDERS)
    clerk.run(empty, "rules", "publish", "--reason", "first rules")
    clerk.run(empty, "import", str(mapping), "orders.csv")
    fresh, _ = clerk.run(empty, "decide", "--as-of", "2026-10-31")
    assert NEVER in fresh
    assert "Orders are complete" not in fresh
    told, _ = clerk.run(empty, "decide", "--as-of", "2026-11-01")
    assert NEVER + STALE_EN in told
    for words in (("explain", "web:C-02"), ("rules", "health", "--market", "b2c")):
        assert STALE_EN in clerk.run(empty, *words)[0]
        assert STALE_ZH in clerk.run(empty, *words, "--lang", "zh")[0]
        assert json.loads(clerk.run(empty, *words, "--json")[0])["stale_sources"] == ["contracts", "orders"]
    earlier, _ = clerk.run(empty, "explain", "web:C-02", "--as-of", "2026-10-31")
    assert "Orders are complete" not in earlier, "the run of that day knew fresh orders"
    again = json.loads(clerk.run(empty, "decide", "--as-of", "2026-11-02", "--json")[0])
    assert again["stale_sources"] == ["contracts", "orders"]


def test_a_preview_says_of_a_source_that_it_was_never_imported(clerk: Clerk, empty: Shell, mapping: Path) -> None:
    (empty.folder / "orders.csv").write_text(ORDERS)
    clerk.run(empty, "rules", "publish", "--reason", "first rules")
    clerk.run(empty, "import", str(mapping), "orders.csv")
    assert "contracts was never imported" in clerk.run(empty, "rules", "preview", "--as-of", "2026-10-29")[0]
    said, _ = clerk.run(empty, "rules", "preview", "--as-of", "2026-10-29", "--lang", "zh")
    assert "contracts 从未导入" in said
    assert "–，" not in said


def test_too_few_orders_for_models_are_told_so(clerk: Clerk, empty: Shell, mapping: Path) -> None:
    (empty.folder / "orders.csv").write_text(ORDERS)
    clerk.run(empty, "rules", "publish", "--reason", "first rules")
    clerk.run(empty, "import", str(mapping), "orders.csv")
    clerk.refused(empty, "model", "train", "--as-of", "2026-10-29", en="history is too short", zh="过短")
    clerk.refused(empty, "value", "fit", "--as-of", "2026-11-29", en="complete until 2026-10-28", zh="2026-10-28")
    said, _ = clerk.run(empty, "value", "fit", "--as-of", "2026-10-29", "--horizon", "30")
    assert "B2C" in said
    assert "B2B" not in said, "a market without customers has no values"


def test_publishing_names_the_tests_that_fail(clerk: Clerk, empty: Shell, rules: Path) -> None:
    file = rules / "b2b.yaml"
    file.write_text(file.read_text().replace("at_least: 70", "at_least: 72", 1))
    head = rules / "rulebook.yaml"
    head.write_text(head.read_text().replace("approvers: 1", "approvers: 0"))
    for locale, words in (("en", "Tests in the rule files fail"), ("zh", "测试未通过")):
        _, said = clerk.run(empty, "rules", "publish", str(rules), "--reason", "higher", "--lang", locale)
        assert words in said
        assert "key customers begin at 70 points" in said


LATE = """\
order id,customer id,order date,status,amount,quantity
1001,C-01,2026-07-03,paid,120.00,2
1007,C-01,2026-08-15,paid,900.00,3
"""


def test_a_late_order_is_corrected_data_and_changes_no_past_explanation(
    clerk: Clerk, empty: Shell, mapping: Path
) -> None:
    (empty.folder / "orders.csv").write_text(ORDERS)
    (empty.folder / "late.csv").write_text(LATE)
    clerk.run(empty, "rules", "publish", "--reason", "first rules")
    clerk.run(empty, "import", str(mapping), "orders.csv")
    clerk.run(empty, "decide", "--as-of", "2026-10-29")
    asked = ("explain", "web:C-01", "--as-of", "2026-10-29")
    before = clerk.run(empty, *asked)[0], json.loads(clerk.run(empty, *asked, "--json")[0])
    said, _ = clerk.run(empty, "import", str(mapping), "late.csv")
    assert "1 added, 1 repeated" in said
    assert "1 of them tell of the time before decisions that are stored" in said
    assert (clerk.run(empty, *asked)[0], json.loads(clerk.run(empty, *asked, "--json")[0])) == before
    clerk.run(empty, "decide", "--as-of", "2026-10-30")
    change = json.loads(clerk.run(empty, "explain", "web:C-01", "--json")[0])["change"]
    moved = {part["cause"]: part for part in change["parts"] if Decimal(part["delta"])}
    assert [one["key"] for one in moved["DATA_CORRECTION"]["records"]] == ["1007/1"]
    assert "BEHAVIOUR" not in moved
    again, _ = clerk.run(empty, "import", str(mapping), "late.csv", "--lang", "zh")
    assert "新增 0，重复 2" in again
    assert "已有决定之前" not in again, "nothing was stored"
    assert (clerk.run(empty, *asked)[0], json.loads(clerk.run(empty, *asked, "--json")[0])) == before


def test_an_older_file_leaves_the_source_as_complete_as_it_was(clerk: Clerk, empty: Shell, mapping: Path) -> None:
    (empty.folder / "orders.csv").write_text(ORDERS)
    (empty.folder / "late.csv").write_text(LATE)
    clerk.run(empty, "rules", "publish", "--reason", "first rules")
    fresh, _ = clerk.run(empty, "import", str(mapping), "orders.csv")
    assert "until" not in fresh
    older = ("import", str(mapping), "late.csv")
    said, _ = clerk.run(empty, *older)
    assert "This file reaches until 2026-08-15 only; orders stay complete until 2026-10-28." in said
    assert "此文件只到 2026-08-15；订单仍视为完整到 2026-10-28。" in clerk.run(empty, *older, "--lang", "zh")[0]
    assert "Orders are complete" not in clerk.run(empty, "decide", "--as-of", "2026-10-29")[0]
    clerk.run(empty, *older, "--complete-until", "2026-08-16")
    assert "⚠ Orders are complete until 2026-08-16" in clerk.run(empty, "decide", "--as-of", "2026-10-30")[0]
