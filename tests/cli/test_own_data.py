"""Own orders by an own mapping, from an empty database to explained decisions, as the README tells it."""

from __future__ import annotations

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
    for locale, words in (("en", "Tests in the rule files fail"), ("zh", "测试未通过")):
        _, said = clerk.run(empty, "rules", "publish", str(rules), "--reason", "higher", "--lang", locale)
        assert words in said
        assert "key customers begin at 70 points" in said
