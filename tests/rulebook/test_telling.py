"""Books said back in plain words: golden texts, a sentence for every rule, both markets side by side.

`python tests/rulebook/test_telling.py` prints the golden texts anew.
"""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Place
from engine.expressions import Fact, Tracer, check_expression
from engine.expressions.language import FUNCTIONS
from engine.expressions.tree import Comparison, Declared
from engine.rulebook import Book, load_book
from engine.rulebook.telling import SECTIONS, compare_markets, tell_book
from engine.rulebook.telling.conditions import _CALLED, _OF_MANY, Speaker
from engine.rulebook.telling.names import Words
from engine.vocabulary import Locale, Market, Text, Truth, Unit
from tests.expressions.facts import SCOPE as FACT_SCOPE

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "shipped": ROOT / "rules",
    "every_key": ROOT / "tests" / "cases" / "rules" / "every_key",
    "smallest": ROOT / "tests" / "cases" / "rules" / "smallest",
}
TOLD = ROOT / "tests" / "cases" / "told"


def book_in(folder: Path) -> Book:
    return load_book({path.name: path.read_bytes() for path in folder.glob("*.yaml")})


def told(book: Book, locale: Locale) -> str:
    """Without places, which every edit above a rule moves."""
    return "".join("  " * line.depth + line.text.within(locale) + "\n" for line in tell_book(book))


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize("name", FOLDERS)
def test_a_book_is_told_as_agreed(name: str, locale: Locale) -> None:
    golden = (TOLD / f"{name}.{locale}.txt").read_text(encoding="utf-8")
    assert told(book_in(FOLDERS[name]), locale) == golden


@pytest.mark.parametrize("name", FOLDERS)
def test_every_rule_is_told_at_its_place(name: str) -> None:
    book = book_in(FOLDERS[name])
    places = {line.place for line in tell_book(book) if line.place}
    lines = {file.path: file.text.splitlines() for file in book.files}
    for place in places:
        assert lines[place.file][place.line - 1][place.column - 1 :].strip()
    wanted = [metric.place for metric in book.metrics.values()]
    for rules in book.markets.values():
        wanted += [one.place for one in (*rules.scorecard.criteria, *rules.tiers, *rules.force, *rules.lifecycle)]
        wanted += [one.place for one in (*rules.campaigns.triggers, *rules.campaigns.tags)]
        wanted += [gate.place for tier in rules.tiers for gate in tier.gates]
        wanted += [tier.or_when.place for tier in rules.tiers if tier.or_when]
    wanted += [invariant.place for invariant in book.invariants]
    assert [place for place in wanted if place not in places] == []


@pytest.mark.parametrize("name", FOLDERS)
def test_chinese_is_chinese_and_both_are_sentences(name: str) -> None:
    for line in tell_book(book_in(FOLDERS[name])):
        assert any("\u4e00" <= character <= "\u9fff" for character in line.text.within(Locale.ZH))
        assert line.place is None or line.text.en.endswith((".", ":"))
        assert "{" not in line.text.en + line.text.zh
        assert "  " not in line.text.en + line.text.zh


WORDS = Words(
    "CNY",
    {"spend": Text("“Spend”", "“消费额”"), "vip": Text("“VIP”", "“贵宾”")},
    {"tier": {"A": Text("A (Key)", "A（重点）")}},
)
SCOPE = {
    "spend": Declared(Unit.MONEY, 100),
    "vip": Declared(Unit.BOOL),
    "joined": Declared(Unit.DATE),
    "tier": Declared(Unit.TEXT, 1, ("A", "B")),
}
SAID = [
    ("spend >= 100", "“Spend” is at least 100 CNY", "“消费额”不低于 100 CNY"),
    ("100 < spend", "“Spend” is more than 100 CNY", "“消费额”大于 100 CNY"),
    ("10 <= spend < 20", "“Spend” is at least 10 CNY and is less than 20 CNY", "“消费额”不低于 10 CNY 且小于 20 CNY"),
    ("spend != 1 and not vip", "“Spend” is not 1 CNY and “VIP” does not hold", "“消费额”不为 1 CNY 且“贵宾”不成立"),
    ("vip or (spend > 1 and known(spend))", "“VIP” holds or (“Spend” is more than 1 CNY and “Spend” is known)",
     "“贵宾”成立或（“消费额”大于 1 CNY 且“消费额”已知）"),
    ("tier in ('A', 'B')", "tier is either A (Key) or “B”", "tier 为 A（重点）、“B”之一"),
    ("tier not in ('A', 'B')", "tier is none of A (Key) or “B”", "tier 不为 A（重点）、“B”中的任何一个"),
    ("tier == 'A'", "tier is A (Key)", "tier 为 A（重点）"),
    ("spend / 3 > spend - 1", "“Spend” divided by 3 is more than “Spend” minus 1", "“消费额”除以 3 大于“消费额”减 1"),
    ("spend > (5 if vip else 9)", "“Spend” is more than 5 CNY (where “VIP” holds) or 9 CNY (otherwise)",
     "“消费额”大于 5 CNY（“贵宾”成立时）或 9 CNY（其他情况）"),
    ("spend > 1 if vip else spend > 2",
     "where “VIP” holds, “Spend” is more than 1 CNY, and otherwise “Spend” is more than 2 CNY",
     "在“贵宾”成立时“消费额”大于 1 CNY，其他情况下“消费额”大于 2 CNY"),
    ("between(spend, 1, 2)", "“Spend” is at least 1 CNY and is at most 2 CNY",
     "“消费额”不低于 1 CNY 且不超过 2 CNY"),
    ("max(spend, 3) >= min(spend, 4)", "the greatest of “Spend” and 3 CNY is at least the least of “Spend” and 4 CNY",
     "“消费额”和 3 CNY 中的最大值不低于“消费额”和 4 CNY 中的最小值"),
    ("days_since(joined) > 30", "the days since joined is more than 30 days", "joined 至今的天数大于 30 天"),
    ("in_last(joined, 30)", "joined lies within the last 30 days", "joined 在最近 30 天内"),
    ("joined >= '2026-01-31'", "joined is at least 2026-01-31", "joined 不低于 2026-01-31"),
    ("missing(spend)", "“Spend” is unknown", "“消费额”未知"),
    ("not (vip and spend > 1)", "it is not so that (“VIP” holds and “Spend” is more than 1 CNY)",
     "并非（“贵宾”成立且“消费额”大于 1 CNY）"),
    ("not vip and spend > 1", "“VIP” does not hold and “Spend” is more than 1 CNY", "“贵宾”不成立且“消费额”大于 1 CNY"),
    ("not (spend > 1) and vip", "“Spend” is at most 1 CNY and “VIP” holds", "“消费额”不超过 1 CNY 且“贵宾”成立"),
    ("vip or not known(spend)", "“VIP” holds or (it is not so that “Spend” is known)",
     "“贵宾”成立或（并非“消费额”已知）"),
    ("not not vip", "“VIP” holds", "“贵宾”成立"),
    ("not (tier in ('A', 'B'))", "tier is none of A (Key) or “B”", "tier 不为 A（重点）、“B”中的任何一个"),
    ("100 == spend", "“Spend” is 100 CNY", "“消费额”为 100 CNY"),
    ("'A' != tier", "tier is not A (Key)", "tier 不为 A（重点）"),
    ("true", "always", "始终"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "en", "zh"), SAID)
def test_a_condition_is_said_in_words(text: str, en: str, zh: str) -> None:
    expression = check_expression(text, SCOPE, Unit.BOOL, Place("b2b.yaml", 1, 1))
    said = Speaker(WORDS).condition(expression.node)
    assert (said.en, said.zh) == (en, zh)


NUMBERS = (4, 5, 6)
"""Below, at and above the bound of every comparison below."""
COMPARED = st.builds("{} {} 5".format, st.sampled_from("nm"), st.sampled_from(list(Comparison)))
TURNED = st.builds("5 {} {}".format, st.sampled_from(list(Comparison)), st.sampled_from("nm"))
CONDITIONS = st.recursive(
    st.just("ok") | COMPARED | TURNED,
    lambda inner: (
        st.builds("not ({})".format, inner)
        | st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or"]), inner)
        | st.builds("(({}) if ({}) else ({}))".format, inner, inner, inner)
    ),
    max_leaves=4,
)


def said_and_meant(text: str) -> tuple[tuple[str, str], list[Truth]]:
    """A condition in words, and whether it holds for every combination of two numbers and a truth."""
    expression = check_expression(text, FACT_SCOPE, Unit.BOOL, Place("b2b.yaml", 1, 1))
    said = Speaker(Words("CNY", {})).condition(expression.node)
    facts = ({"n": Fact(n), "m": Fact(m), "ok": Fact(ok)} for n, m, ok in product(NUMBERS, NUMBERS, (0, 1)))
    return (said.en, said.zh), [Tracer(found).truth(expression) for found in facts]


def lookalikes(text: str) -> set[str]:
    """Conditions that bad words would not tell from this one: brackets elsewhere, and/or and not moved."""
    return {
        f"not ({text}) and ok", f"not (({text}) and ok)", f"not ({text}) or ok", f"not (({text}) or ok)",
        f"ok and not ({text})", f"not (ok and ({text}))", f"not ({text})", f"not not ({text})",
        f"({text}) and ok or n > 5", f"({text}) and (ok or n > 5)", f"n > 5 or ok and ({text})",
        f"(n > 5 or ok) and ({text})", f"not (not ({text}) and ok)", f"not not ({text}) and ok",
    }  # fmt: skip


@given(st.lists(CONDITIONS, min_size=2, max_size=6))
@settings(deadline=None)
def test_conditions_that_differ_in_what_they_mean_differ_in_words(conditions: list[str]) -> None:
    meant: dict[str, tuple[str, list[Truth]]] = {}
    for text in {*conditions, *lookalikes(conditions[0])}:
        said, truths = said_and_meant(text)
        for words in said:
            other, earlier = meant.setdefault(words, (text, truths))
            assert truths == earlier, f"{text!r} and {other!r} are both said as {words!r}"


def test_every_function_of_the_language_can_be_said() -> None:
    assert set(FUNCTIONS) - {"between"} == {*_CALLED, *_OF_MANY}  # `between` is read as two comparisons


def test_both_markets_stand_side_by_side() -> None:
    book = book_in(FOLDERS["shipped"])
    rows = {(row.section, row.item): row for row in compare_markets(book, Market.B2B, Market.B2C)}
    assert {section for section, _ in rows} == set(SECTIONS)
    value = rows["weights", "lifetime_value"]
    assert value.left is not None
    assert value.right is not None
    assert (value.left.value, value.right.value, value.same) == ("25", "10", False)
    potential = rows["weights", "potential"]
    assert potential.left is not None
    assert potential.right is None
    points = rows["points", "satisfaction"]
    assert points.same
    assert points.left is not None
    assert points.left.value.startswith("{metric: satisfaction, ")
    starts = rows["starts", "A"]
    assert (starts.left and starts.left.value, starts.right and starts.right.value) == ("70", "80")
    turned = {(row.section, row.item): row for row in compare_markets(book, Market.B2C, Market.B2B)}
    assert turned.keys() == rows.keys()
    assert all((row.left, row.right) == (turned[key].right, turned[key].left) for key, row in rows.items())
    assert all(row.same for row in compare_markets(book, Market.B2B, Market.B2B))


def test_points_are_compared_by_their_numbers_and_not_by_how_they_are_said() -> None:
    """Two metrics of one title are two metrics, though one sentence tells both."""
    files = {path.name: path.read_text(encoding="utf-8") for path in FOLDERS["shipped"].glob("*.yaml")}
    metric = files["metrics.yaml"]
    start = metric.index("  satisfaction:")
    end = start + re.search(r"\n  \w", metric[start:]).start() + 1  # type: ignore[union-attr]
    files["metrics.yaml"] = metric[:end] + metric[start:end].replace("  satisfaction:", "  pleased:", 1) + metric[end:]
    files["b2b.yaml"] = files["b2b.yaml"].replace("metric: satisfaction", "metric: pleased")
    rows = {(row.section, row.item): row for row in compare_markets(load_book(files), Market.B2B, Market.B2C)}
    row = rows["points", "satisfaction"]
    assert row.left is not None
    assert row.right is not None
    assert row.left.text == row.right.text
    assert not row.same


if __name__ == "__main__":
    for name, folder in FOLDERS.items():
        for locale in Locale:
            (TOLD / f"{name}.{locale}.txt").write_text(told(book_in(folder), locale), encoding="utf-8")
