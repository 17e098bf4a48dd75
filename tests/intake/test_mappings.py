"""Mapping files: shipped ones are right, wrong ones are refused with the way to the mistake."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import InputError, NotFoundError
from engine.intake import read_mapping
from engine.metrics import SOURCES
from engine.operations.importing import list_mappings, load_mapping
from engine.vocabulary import Locale

GOOD = """
mapping: 1
name: mine
title: {en: Mine}
entity: orders
source: shop
columns:
  number: {from: [no], type: text}
  customer: {from: [who]}
  occurred_at: {from: [when]}
  net: {from: [net]}
  status: {constant: paid}
key: [number]
clock: {after: [occurred_at]}
"""

WRONG = [
    ("a duplicate key", lambda text: text + "name: again\n", "twice"),
    ("an unknown key", lambda text: text + "nmae: x\n", "nmae"),
    ("a key of another part", lambda text: text + "market: B2C\n", "`market` is a key of another part of a mapping"),
    ("an anchor", lambda text: text.replace("{from: [no]", "&a {from: [no]"), "anchor"),
    ("a tag", lambda text: text.replace("name: mine", "name: !!str mine"), "tag"),
    ("deep nesting", lambda text: text + "x: " + "[" * 5000 + "]" * 5000, "nested"),
    ("broken YAML", lambda text: text + "x: [", "YAML"),
    ("no mapping at all", lambda text: "- 1", "keys"),
    ("an unknown entity", lambda text: text.replace("entity: orders", "entity: oders"), "did you mean 'orders'"),
    ("a missing column", lambda text: text.replace("  net: {from: [net]}\n", ""), "'net'"),
    ("a column without type", lambda text: text.replace(", type: text", ""), "number"),
    ("a derived column", lambda text: text.replace("  net:", "  margin: {from: [m]}\n  net:"), "derived"),
    ("no clock", lambda text: text.replace("clock: {after: [occurred_at]}", ""), "clock"),
    ("a key of nothing", lambda text: text.replace("key: [number]", "key: [nothing]"), "nothing"),
    ("two origins", lambda text: text.replace("{constant: paid}", "{constant: paid, from: [s]}"), "exactly one"),
    ("customers without market", lambda text: text + "customer: {create: true}\n", "market"),
    ("another version", lambda text: text.replace("mapping: 1", "mapping: 2"), "mapping"),
    ("no time zone", lambda text: text + "timezone: Mars/Base\n", "time zone"),
    ("a path as time zone", lambda text: text + "timezone: ../../etc/passwd\n", "time zone"),
    ("a completeness that says nothing", lambda text: text + "complete_until: soon\n", "max(occurred_at)"),
    ("an endless bound", lambda text: text.replace("{from: [net]}", "{from: [net], above: inf}"), "above"),
    ("a product of texts", lambda text: text.replace("{from: [net]}", "{product: [number, number]}"), "product"),
]


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_wrong_mapping_is_refused(change: Callable[[str], str], said: str) -> None:
    assert read_mapping(GOOD).name == "mine"
    with pytest.raises(InputError) as refused:
        read_mapping(change(GOOD), "mine.yaml")
    assert said in refused.value.tell(Locale.EN)
    told = refused.value.tell(Locale.ZH)
    assert re.search("[\u4e00-\u9fff]", told.removeprefix("映射文件 mine.yaml 有误"))
    assert not re.search("[a-z]{3,} [a-z]{2,} [a-z]{2,}", told), "no English sentence is left"


def test_a_sentence_about_a_mapping_names_the_line() -> None:
    with pytest.raises(InputError, match=r"line 11: `columns.net.type` cannot be 'mony'; possible: 'money'"):
        read_mapping(GOOD.replace("{from: [net]}", "{from: [net], type: mony}"), "mine.yaml")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InputError):
        read_mapping(b"\xff\xfe\x00", "x.yaml")


def test_every_shipped_mapping_is_right_and_named_for_its_file() -> None:
    shipped = {mapping.name: mapping for mapping in list_mappings()}
    expected = {"orders-en", "orders-zh", "customers-en", "customers-zh", "online-retail", "maven-accounts"}
    assert expected <= set(shipped)
    for name, mapping in shipped.items():
        assert load_mapping(name).name == name
        assert mapping.title.en
        assert mapping.title.zh
    brought = {mapping.entity for name, mapping in shipped.items() if name.startswith("demo-")}
    assert brought == {"customers", *SOURCES} - {"touches"}


def test_a_market_rule_that_is_no_condition_is_refused(tmp_path: Path) -> None:
    rule = "customer: {create: true, market: {default: B2C, metrics: {}, company_when: lines > 3}}\n"
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD + rule, "utf-8")
    with pytest.raises(InputError) as refused:
        load_mapping(file)
    assert "lines" in refused.value.tell(Locale.EN)


def test_a_name_that_is_nearly_shipped_is_suggested() -> None:
    with pytest.raises(NotFoundError) as refused:
        load_mapping("order-zh")
    assert "orders-zh" in refused.value.tell(Locale.EN)
