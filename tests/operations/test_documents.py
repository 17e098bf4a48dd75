"""The document of a decision: complete, exact, in both languages, and harmless whatever the data say."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from engine.operations.documents import MOST_RECORDS, documented, page_of
from engine.operations.explaining import explain_decision
from engine.operations.metric_values import metric_records
from engine.operations.overriding import OverrideInput, override_tier
from engine.operations.publishing import ANY_REVISION, publish
from engine.operations.recording import CustomerGiven, record_customer
from engine.store import Database
from engine.store.reading import Kind, global_id
from engine.vocabulary import Locale, Market, Unit
from tests.operations.approved import publish_approved
from tests.operations.reading_pages import Element, read_page
from tests.operations.shop import (
    add_customer,
    answer,
    day,
    decide_at,
    decision_of,
    model_digest,
    model_version,
    order,
    predict_by,
    record,
    rules,
)

REF = "shop:P-0050"
HOSTILE = "<script>alert(1)</script>\"'&"
PARTS = ("summary", "narration", "score", "criteria", "tiers", "holds", "risk", "change", "ways", "records",
         "objection", "proof")  # fmt: skip


def _page(database: Database, ref: str, locale: Locale = Locale.EN, contact: str = "", at: float | None = None) -> str:
    with database.read() as session:
        return page_of(documented(session, decision_of(database, ref, at), contact), locale)


def _read(database: Database, ref: str, locale: Locale = Locale.EN, contact: str = "") -> Element:
    return read_page(_page(database, ref, locale, contact))


@pytest.fixture
def bought(shop: Database) -> Database:
    """A person with nine orders and an answer, decided twice, with a worse answer in between."""
    add_customer(shop, REF, Market.B2C)
    orders = [order(REF, -2 - number, 100, number=number) for number in range(9)]
    record(shop, [*orders, answer(REF, -2, 50)], day(-1))
    version = model_version(shop, "first", -1)
    predict_by(shop, version, -0.5)
    decide_at(shop, 0)
    record(shop, [answer(REF, 1, 0, number=1)], day(2))
    decide_at(shop, 10)
    return shop


def test_contributions_in_the_page_sum_to_the_score(bought: Database) -> None:
    page = _read(bought, REF)
    with bought.read() as session:
        told = explain_decision(session, decision_of(bought, REF)).explained
    parts = [Decimal(one.text) for one in page.find(kind="part")]
    assert len(parts) == 3
    assert sum(parts) == told.score == Decimal(page.one(name="total").text)
    changes = page.one("table", kind="changes").one("tbody").find("tr")
    deltas = [Decimal(row.find("td")[0].text.replace("−", "-")) for row in changes]
    assert sum(deltas) == Decimal(page.one(name="difference").text.replace("−", "-")) != 0


def test_the_page_says_who_decided_what_and_when(bought: Database) -> None:
    page, number = _read(bought, REF), decision_of(bought, REF)
    with bought.read() as session:
        answer_ = explain_decision(session, number)
    head = page.one(name="summary").text
    run = global_id(Kind.RUN, answer_.run_id)
    told = answer_.explained
    who = (REF, "Customer 0050", "B2C (person)", "schedule", "crm-ops")
    what = ("A (Key) since 2026-03-01", "2026-03-11 00:00 +08:00", run)
    for said in (*who, *what, told.revision, answer_.engine_version, model_digest("first")):
        assert said in head
    proof = page.one(name="proof")
    assert proof.one(name="digest").text == answer_.digest
    assert f"touchstone replay {global_id(Kind.DECISION, number)}" in proof.text
    assert page.one(name="narration").find("li")[0].text == answer_.narration(Locale.EN)[0]


def test_every_part_is_there_in_both_languages(bought: Database) -> None:
    english, chinese = _read(bought, REF), _read(bought, REF, Locale.ZH)
    for page in (english, chinese):
        assert [one.attributes["id"] for one in page.find("section")] == list(PARTS)
        assert all(one.one("h2").text and len(one.text) > len(one.one("h2").text) for one in page.find("section"))
    assert not re.search(r"[\u4e00-\u9fff]", english.text)
    assert english.one("html").attributes["lang"] == "en"
    assert chinese.one("html").attributes["lang"] == "zh-CN"
    for one in chinese.find("h2") + chinese.find("th") + chinese.find("dt"):
        assert re.search(r"[\u4e00-\u9fff]", one.text) or one.text == "", one.text
    assert "客户类型" in chinese.text
    assert len(chinese.find()) == len(english.find()), "one language says less than the other"


def test_the_drawing_starts_every_bar_where_the_one_before_ended(bought: Database) -> None:
    drawing = _read(bought, REF).one("svg")
    filled = [one.attributes for one in drawing.find("rect") if one.attributes.get("fill") == "#555"]
    ends = [float(one["x"] or 0) + float(one["width"] or 0) for one in filled]
    assert len(filled) == 3
    assert [float(one["x"] or 0) for one in filled[1:]] == pytest.approx(ends[:-1], abs=0.02)
    (total,) = [one.attributes for one in drawing.find("rect") if one.attributes.get("fill") == "#000"]
    assert float(total["width"] or 0) == pytest.approx(ends[-1] - float(filled[0]["x"] or 0), abs=0.02)
    flags = [one.text for one in drawing.find("text", kind="flag")]
    assert sorted(flags) == ["A ≥ 70", "B ≥ 50", "C ≥ 25", "stays A ≥ 65"]
    assert drawing.attributes["role"] == "img"
    assert drawing.attributes["aria-labelledby"] == "chart-title chart-desc"
    spoken = drawing.one("desc").text
    assert "Spend adds" in spoken
    assert "tier A starts at 70" in spoken


def test_every_tier_has_its_reason_and_every_criterion_its_place(bought: Database) -> None:
    page = _read(bought, REF)
    rows = page.one("table", kind="tiers").one("tbody").find("tr")
    assert [row.one("th").find("strong")[0].text[0] for row in rows] == ["A", "B", "C", "D"]
    assert [row.text.count("kept for now") for row in rows] == [1, 0, 0, 0]
    assert not any("✓" in row.text for row in rows), "what is only kept was not reached"
    assert all(row.find("td")[2].text for row in rows)
    places = [one.text for one in page.one("table", kind="criteria").find("code", kind="place")]
    assert len(places) == 3
    assert all(re.fullmatch(r"b2c\.yaml:\d+:\d+", one) for one in places)


def test_the_newest_records_are_named_and_the_others_counted(bought: Database) -> None:
    rows = [row.text for row in _read(bought, REF).one("table", kind="records").one("tbody").find("tr")]
    orders = [row for row in rows if f"O-{REF}-" in row]
    assert len(orders) == MOST_RECORDS
    assert "2026-02-27" in orders[0], "the newest comes first"
    assert "100 CNY" in orders[0]
    assert f"and {9 - MOST_RECORDS} more" in rows
    assert any(f"S-{REF}-" in row for row in rows)
    assert any("Tickets: 0" in row and "no record" in row for row in rows)


def test_the_record_that_gave_an_extreme_comes_first(bought: Database) -> None:
    """The oldest of nine orders would be beyond the newest six."""
    took = ("take: count()\n    where: \"status in ('placed', 'paid', 'fulfilled')\"\n    type: count\n    empty: 0\n",
            "take: months_since(min(occurred_at))\n    type: months\n")  # fmt: skip
    files = rules(metrics=took)
    files["lifecycle.yaml"] = files["lifecycle.yaml"].replace("orders_ever == 0", "revenue == 0")
    files["b2c.yaml"] = files["b2c.yaml"].replace("tickets_90d >= 5", "tickets_90d >= 5 and orders_ever > 600")
    publish(bought, files, "crm-ops", "age instead of count", day(11), ANY_REVISION)
    decide_at(bought, 12)
    rows = [row.text for row in _read(bought, REF).one("table", kind="records").one("tbody").find("tr")]
    (first,) = [index for index, row in enumerate(rows) if row.startswith("Orders: ")]
    assert f"O-{REF}-8" in rows[first]
    assert f"O-{REF}-0" in rows[first + 1]


def test_what_a_record_brought_in_is_told_in_its_own_unit(bought: Database) -> None:
    number = decision_of(bought, REF)
    with bought.read() as session:
        customer = explain_decision(session, number).customer_id
        told = {name: metric_records(session, customer, name, day(10), day(10))[-1] for name in
                ("silence", "orders_ever", "revenue", "satisfaction")}  # fmt: skip
    assert (told["silence"].value, told["silence"].unit) == ("2026-02-27", Unit.DATE)
    assert (told["orders_ever"].value, told["orders_ever"].unit) == ("1", Unit.COUNT)
    assert (told["revenue"].value, told["revenue"].unit) == ("100.00", Unit.MONEY)
    assert (told["satisfaction"].value, told["satisfaction"].unit) == ("0.0000", Unit.POINTS)


def test_records_of_a_source_too_old_to_count_are_not_shown(bought: Database) -> None:
    decide_at(bought, 70)
    for locale, said in ((Locale.EN, "source too old to count"), (Locale.ZH, "来源过期，不予采用")):
        shown = _read(bought, REF, locale).one(name="records").text
        assert said in shown
        assert f"O-{REF}-" not in shown
        assert f"S-{REF}-" in shown, "answers are never too old by these rules"
    assert "source too old to count" not in _page(bought, REF, at=10)


def test_an_unknown_score_is_told_with_what_it_could_be(shop: Database) -> None:
    add_customer(shop, "shop:B-0050", Market.B2B, region="north")
    decide_at(shop, 100)
    page = _read(shop, "shop:B-0050")
    assert page.one(name="total").text == "unknown"
    assert "UNRATED (not rated yet)" in page.one("header").text
    assert "The score is unknown" in page.one(name="score").text
    assert "data too old" in page.one("table", kind="criteria").text
    assert "Too old to be believed" in page.one(name="narration").text
    assert "unknown" in page.one("svg").one("desc").text


def test_hostile_names_and_titles_stay_texts(shop: Database) -> None:
    hostile = rules(b2c=("title: {en: Spend, zh: 消费}", "title: {en: \"<script>x</script>\", zh: '<img src=x>'}"))
    hostile["b2c.yaml"] = hostile["b2c.yaml"].replace("{en: Little is spent,", '{en: "</style><script>",')
    publish(shop, hostile, "crm-ops", "hostile titles", day(0), ANY_REVISION)
    given = CustomerGiven(ref=REF, market=Market.B2C, name=HOSTILE, owner=None, fields=[])
    record_customer(shop, given, "crm-ops", day(0))
    record(shop, [order(REF, -1, 300), answer(REF, -2, 50)], day(0))
    decide_at(shop, 1)
    for locale in Locale:
        page = _page(shop, REF, locale, contact="<script>c</script>")
        read = read_page(page)
        assert read.find("script") == read.find("img") == []
        assert len(read.find("style")) == 1
        assert [one for one in read.all() if any(name.startswith("on") for name in one.attributes)] == []
        assert HOSTILE in read.one(name="summary").text
        assert "<script>c</script>" in read.one(name="objection").text
    assert "<script>x</script>" in _read(shop, REF).one("svg").one("desc").text
    assert "<img src=x>" in _read(shop, REF, Locale.ZH).one("table", kind="criteria").text


def test_the_page_loads_nothing_and_runs_nothing(bought: Database) -> None:
    page = _read(bought, REF)
    assert page.find("script") == []
    for one in page.all():
        for name in ("src", "href", "style", "action", "srcset", "xlink:href"):
            assert one.attributes.get(name) in (None, "data:,"), (one.tag, name)
    assert "url(" not in page.one("style").text
    assert "@import" not in page.one("style").text


def test_nobody_is_invented_to_object_to(bought: Database) -> None:
    for locale, said in ((Locale.EN, "must name one"), (Locale.ZH, "必须指定")):
        unset, named = (_read(bought, REF, locale, who).one(name="objection").text for who in ("", "crm@shop.example"))
        assert said in unset
        assert "TOUCHSTONE_OBJECTION_CONTACT" in unset
        assert "crm@shop.example" in named
        assert said not in named


def test_a_tier_set_by_hand_names_who_did_it_and_why(bought: Database) -> None:
    given = OverrideInput(REF, "C", "agreed with the customer", expires_at=day(60))
    override_tier(bought, given, "sales-lead", day(11))
    assert "sales-lead" not in _page(bought, REF), "made after this decision"
    decide_at(bought, 12)
    head = _read(bought, REF).one(name="summary").text
    assert "sales-lead: agreed with the customer" in head
    assert "C (Standard)" in head
    assert "by the rules: A (Key)" in head


def test_the_first_decision_has_nothing_before_it(bought: Database) -> None:
    page = read_page(_page(bought, REF, at=0))
    assert "This is the first decision." in page.one(name="change").text
    assert page.find("table", kind="changes") == []


def test_the_page_names_who_had_published_the_rules_when_it_was_decided(bought: Database) -> None:
    def named(at: float) -> list[str]:
        return re.findall(r"in force from [-0-9]+, published by [-\w]+", _page(bought, REF, at=at))

    before = named(0)
    assert before == ["in force from 2026-02-27, published by crm-ops"]
    publish(bought, rules(b2c=("at_least: 70", "at_least: 60")), "x", "generous", day(12), ANY_REVISION)
    decide_at(bought, 15)
    publish(bought, rules(), "somebody-else", "rolled back", day(20), ANY_REVISION)
    decide_at(bought, 21)
    assert named(0) == named(10) == before
    assert named(15) == ["in force from 2026-03-13, published by x"]
    assert named(21) == ["in force from 2026-03-21, published by somebody-else"]


def test_the_page_names_who_approved_the_rules(bought: Database) -> None:
    assert "approved by" not in _page(bought, REF)
    asks = rules(rulebook=("approvers: 0", "approvers: 1"))
    publish(bought, asks, "crm-ops", "four eyes from now on", day(12), ANY_REVISION)
    asks["b2c.yaml"] = asks["b2c.yaml"].replace("at_least: 70", "at_least: 60")
    publish_approved(bought, asks, "generous", day(13))
    decide_at(bought, 15)
    assert "approved by approver-0" in _page(bought, REF, at=15)
    assert "批准人 approver-0" in _page(bought, REF, at=15, locale=Locale.ZH)
