"""Differences between books: what they are called, what they can do, where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.rulebook import Edit, diff_books, load_book

CASES = Path(__file__).parents[1] / "cases" / "rules"
FILES = {file.name: file.read_text(encoding="utf-8") for file in (CASES / "every_key").glob("*.yaml")}


def edits(file: str, old: str, new: str) -> tuple[Edit, ...]:
    assert old in FILES[file]
    changed = {**FILES, file: FILES[file].replace(old, new, 1)}
    return diff_books(load_book(FILES), load_book(changed))


CHANGES = [
    (
        "b2b.yaml",
        "weight: 3",
        "weight: 8",
        "b2b.scorecard.criteria.value.weight",
        "moving",
        "B2B · value: weight 3 → 8",
        "B2B · value：权重 3 → 8",
    ),
    (
        "b2b.yaml",
        "at_least: 70.25",
        "at_least: 72",
        "b2b.tiers.A.at_least",
        "moving",
        "B2B · tier A: starts at 70.25 → 72",
        "B2B · 等级 A：起点分 70.25 → 72",
    ),
    ("b2b.yaml", "at_least: 70.25", "at_least: 70.250", None, None, None, None),
    ("b2b.yaml", "  - name: value", "  # why\n    - name: value", None, None, None, None),
    ("b2b.yaml", "pipeline >= 1000000 and", "pipeline>=1000000   and", "b2b.tiers.A.or_when.when", "no_op", None, None),
    ("b2b.yaml", "or_when: stated > 50", 'or_when: "stated > 50"', None, None, None, None),
    (
        "b2b.yaml",
        "      missing: renormalise\n",
        "      missing: neutral\n",
        "b2b.scorecard.criteria.value.missing",
        "moving",
        "B2B · value: missing renormalise → neutral",
        None,
    ),
    (
        "b2b.yaml",
        "steel'\"}",
        "steel'\", on_unknown: hold}",
        "b2b.tiers.A.gates.steel.on_unknown",
        "no_op",
        "B2B · tier A · gate steel: if unknown added (hold)",
        "B2B · 等级 A · 门槛 steel：未知时 新增 (hold)",
    ),
    ("b2b.yaml", "zh: 重点客户", "zh: 战略客户", "b2b.tiers.A.title", "non_moving", None, None),
    (
        "b2b.yaml",
        "HIGH: 0.25",
        "HIGH: 0.3",
        "b2b.risk.bands.HIGH",
        "non_moving",
        "B2B · risk · bands: HIGH 0.25 → 0.3",
        None,
    ),
    (
        "b2b.yaml",
        "overdue > 180",
        "overdue > 90",
        "b2b.force.bad_debt.when",
        "moving",
        "B2B · force rule bad_debt: when overdue > 180 → overdue > 90",
        None,
    ),
    ("b2b.yaml", "[0, 0], [120000", "[10, 0], [120000", "b2b.scorecard.criteria.value.curve", "moving", None, None),
    ("b2c.yaml", "{key: C}", "{key: LAST}", "b2c.tiers.C", "breaking", None, None),
    ("metrics.yaml", "max_age: 31d", "max_age: 40d", "metrics.clv.max_age", "moving", None, None),
    ("metrics.yaml", "max_age: 8d", "max_age: 9d", "metrics.churn.max_age", "non_moving", None, None),
    (
        "metrics.yaml",
        "  cac: {value: cac, type: money}\n",
        "",
        "metrics.cac",
        "non_moving",
        "Metrics: cac removed ({value: cac, type: money})",
        "指标：cac 删除 ({value: cac, type: money})",
    ),
    (
        "metrics.yaml",
        "expr: revenue_90d / orders_ever",
        "expr: revenue_90d/orders_ever",
        "metrics.revenue_per_order.expr",
        "no_op",
        None,
        None,
    ),
    (
        "rulebook.yaml",
        "fresh_within: 3d",
        "fresh_within: 4d",
        "rulebook.sources.orders.fresh_within",
        "moving",
        None,
        None,
    ),
    (
        "rulebook.yaml",
        "currency: JPY",
        "currency: KRW",
        "rulebook.currency",
        "breaking",
        "Rule book: currency JPY → KRW",
        "规则总表：货币 JPY → KRW",
    ),
    ("rulebook.yaml", "review_by: 2027-06-30", "review_by: 2028-06-30", "rulebook.review_by", "non_moving", None, None),
    ("lifecycle.yaml", "orders_ever == 0", "orders_ever < 1", "lifecycle.PROSPECT.when", "non_moving", None, None),
    (
        "campaigns.yaml",
        "percent: 20",
        "percent: 25",
        "campaigns.triggers.win_back.holdout.percent",
        "non_moving",
        "Campaigns · win_back · holdout: percent 20 → 25",
        "活动 · win_back · 对照组：百分比 20 → 25",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "item", "effect", "en", "zh"), CHANGES)
def test_one_edit(
    file: str, old: str, new: str, item: str | None, effect: str | None, en: str | None, zh: str | None
) -> None:
    found = edits(file, old, new)
    if item is None:
        assert found == ()
        return
    edit = next(edit for edit in found if edit.item == item)
    assert len(found) == 1 or effect == "breaking"
    assert edit.effect == effect
    assert en in (None, edit.text.en)
    assert zh in (None, edit.text.zh)
    assert edit.before != edit.after
    if edit.place is not None:
        assert edit.place.file == file


def test_a_new_order_of_tiers_is_an_edit_and_of_keys_is_none() -> None:
    silver = FILES["b2c.yaml"].replace("  - {key: C}", "  - {key: SILVER, at_least: 20}\n  - {key: C}")
    swapped = silver.replace("GOLD, at_least: 50", "SILVER, at_least: 50").replace(
        "SILVER, at_least: 20", "GOLD, at_least: 20"
    )
    campaigns = FILES["campaigns.yaml"].replace("'GOLD'", "'SILVER', 'GOLD'")
    before = load_book({**FILES, "b2c.yaml": silver, "campaigns.yaml": campaigns})
    after = load_book({**FILES, "b2c.yaml": swapped, "campaigns.yaml": campaigns})
    found = {edit.item: (edit.effect, edit.before, edit.after) for edit in diff_books(before, after)}
    assert found["b2c.tiers.order"] == ("moving", "[GOLD, SILVER, C]", "[SILVER, GOLD, C]")
    turned = FILES["b2c.yaml"].replace("{key: GOLD, at_least: 50}", "{at_least: 50, key: GOLD}")
    assert diff_books(load_book(FILES), load_book({**FILES, "b2c.yaml": turned})) == ()


def test_everything_is_new_without_a_book_before() -> None:
    book = load_book(FILES)
    found = diff_books(None, book)
    assert {edit.item.split(".")[0] for edit in found} == {name.removesuffix(".yaml") for name in FILES}
    assert all(edit.before is None and edit.place is not None for edit in found)
    assert diff_books(book, book) == ()


def test_a_market_that_goes_is_told_key_by_key() -> None:
    less = {name: text for name, text in FILES.items() if name != "b2c.yaml"}
    less["campaigns.yaml"] = less["campaigns.yaml"].replace("('A', 'GOLD')", "('A', 'B')")
    found = {edit.item: edit for edit in diff_books(load_book(FILES), load_book(less))}
    assert found["b2c.tiers"].effect == "breaking"
    assert found["b2c.tiers"].place is None
    assert found["b2c.tiers"].after is None


def test_edits_come_by_place() -> None:
    changed = {
        **FILES,
        "b2b.yaml": FILES["b2b.yaml"].replace("weight: 1", "weight: 2").replace("grace: 28d", "grace: 35d"),
        "metrics.yaml": FILES["metrics.yaml"].replace("min_count: 3", "min_count: 4"),
    }
    found = diff_books(load_book(FILES), load_book(changed))
    assert [edit.item for edit in found] == [
        "metrics.usual_gap.min_count",
        "b2b.scorecard.criteria.payment.weight",
        "b2b.stability.grace",
    ]
