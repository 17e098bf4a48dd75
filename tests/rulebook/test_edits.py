"""Edits made on purpose are found: exactly those, classed right; what is classed as harmless moves nobody."""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decisions import NO_DAY, NONE, Moment, States, decide
from engine.expressions.columns import Column
from engine.metrics import second_pass
from engine.rulebook import Book, Effect, check_book, diff_books, load_book
from engine.rulebook.difference.canonical import canonical, quoted
from engine.rulebook.strict import Findings, Node, Series, SourceText, Table, read_tree
from engine.trials.frames import moment_of
from engine.vocabulary import Unit

CASES = Path(__file__).parents[1] / "cases" / "rules"
ROOT = Path(__file__).parents[2]
CUSTOMERS = 1_000

Plain = Any
"""A tree as plain data: mappings, lists, and canonical texts of single values."""


def plain(node: Node) -> Plain:
    if isinstance(node, Table):
        return {key: plain(entry.value) for key, entry in node.entries.items()}
    return [plain(item) for item in node.items] if isinstance(node, Series) else canonical(node)


def text_of(tree: Plain) -> str:
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{quoted(key)}: {text_of(value)}" for key, value in tree.items()) + "}"
    return "[" + ", ".join(map(text_of, tree)) + "]" if isinstance(tree, list) else str(tree)


def trees_in(folder: Path) -> dict[str, Plain]:
    return {
        path.name: plain(read_tree(SourceText.of(path.name, path.read_text(encoding="utf-8")), Findings()))
        for path in folder.glob("*.yaml")
    }


def book_of(trees: dict[str, Plain]) -> Book | None:
    return check_book({name: text_of(tree) + "\n" for name, tree in trees.items()})[0]


EVERY_KEY = trees_in(CASES / "every_key")
SHIPPED = trees_in(ROOT / "rules")
BEFORE = load_book({name: text_of(tree) + "\n" for name, tree in EVERY_KEY.items()})

Steps = tuple[str | int, ...]
WHOLE = ("title", "curve", "bins")


def values_in(tree: Plain, steps: Steps = ()) -> Iterator[tuple[Steps, str]]:
    """Every single value of a file, with the way to it."""
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, part in parts:
        yield from values_in(part, (*steps, step))
    if isinstance(tree, str):
        yield steps, tree


def under(tree: Plain, steps: Steps) -> Plain:
    for step in steps:
        tree = tree[step]
    return tree


def address(file: str, tree: Plain, steps: Steps) -> str:
    """How the difference calls the place: by names of items, once for a file of one key, titles and curves whole."""
    name = file.removesuffix(".yaml")
    told, at, kept = [name], tree, list(steps)
    for index, step in enumerate(kept):
        at = at[step]
        if isinstance(step, int):
            identity = at and isinstance(at, dict) and next((at[key] for key in KEYS if key in at), None)
            if not identity:
                break
            told.append(identity.strip('"'))
        elif not (index == 0 and step == name):
            told.append(step)
        if step in WHOLE and not isinstance(kept[index - 1], str):
            break
        if step == "title":
            break
    return ".".join(told)


KEYS = ("name", "key", "tag", "stage", "else")
OTHER = {
    "renormalise": "worst", "worst": "best", "best": "neutral", "neutral": "best", "hold": "fail", "pass": "fail",
    "fail": "pass", "one_step": "immediate", "immediate": "one_step", "up": "down", "true": "false", "false": "true",
    "marketing": "service", "service": "marketing", "customer": "owner", "owner": "customer", "JPY": "KRW",
    "Europe/Berlin": "Asia/Shanghai",
}  # fmt: skip


def others(steps: Steps, value: str) -> list[str]:
    """Values that mean something else and may stand in the same place."""
    key, bare = str(steps[-1]), value.strip('"')
    if key in ("name", "key", "tag", "stage", "else", "market"):
        return []
    if value in OTHER:
        return [OTHER[value]]
    try:
        number = Decimal(value)
        tried = (number + 1, number - 1, number + Decimal("0.5"), number / 2)
        return [f"{other:f}" for other in tried if other != number]
    except ArithmeticError:
        pass
    if re.fullmatch(r"[0-9.]+[d%]", bare):
        return [f"{Decimal(bare[:-1]) + 1}{bare[-1]}"]
    if re.fullmatch(r"[0-9]{4}-06-30", value):
        return ["2031-06-30"]
    if key == "type" and value == "points":
        return ["ratio"]
    if key in ("when", "or_when", "where"):
        return [quoted(f"not ({bare})")]
    if key == "expr":
        return [quoted(f"({bare}) * 2")]
    if key in ("en", "zh", "salt", "owner"):
        return [quoted(f"{bare}x")]
    return [quoted("2026-12-02")] if value == "2026-12-01" else []


@dataclass(frozen=True)
class Made:
    """An edit made on purpose, with the book it leads to."""

    file: str
    steps: Steps
    other: str
    after: Book

    @property
    def item(self) -> str:
        return address(self.file, EVERY_KEY[self.file], self.steps)


@functools.cache
def edits_of(file: str) -> tuple[Made, ...]:
    """For every single value of a file that can be changed so that the book still loads: one such edit."""
    made = []
    for steps, value in values_in(EVERY_KEY[file]):
        for other in others(steps, value):
            after = book_of(with_edits((file, steps, other)))
            if after is not None:
                made.append(Made(file, steps, other, after))
                break
    return tuple(made)


def with_edits(*edits: tuple[str, Steps, str]) -> dict[str, Plain]:
    changed = deepcopy(EVERY_KEY)
    for file, steps, other in edits:
        under(changed[file], steps[:-1])[steps[-1]] = other
    return changed


def expected(file: str, item: str) -> set[Effect]:
    """What an edit can do, said independently of how the difference finds out."""
    steps = item.split(".")
    harmless = {Effect.NON_MOVING, Effect.NO_OP}
    if file in ("lifecycle.yaml", "campaigns.yaml") or {"title", "reason", "actionable"} & set(steps):
        return harmless
    if file == "rulebook.yaml":
        if steps[1] == "currency":
            return {Effect.BREAKING}
        return {Effect.MOVING} if steps[1] in ("timezone", "sources") else harmless
    if file == "metrics.yaml":
        if steps[-1] == "type":
            return {Effect.BREAKING}
        # every_key: criteria read clv, overdue and voice; gates, or_when and force read these besides
        return {Effect.MOVING} if steps[1] in DECIDING else harmless
    return harmless if steps[1] in ("risk", "reasons", "fixtures", "tests", "invariants") else {Effect.MOVING}


DECIDING = {"clv", "overdue", "voice", "all_running", "industry", "pipeline", "stated"}


@pytest.mark.parametrize(("file", "least"), [
    ("b2b.yaml", 50), ("b2c.yaml", 4), ("metrics.yaml", 20), ("rulebook.yaml", 10), ("lifecycle.yaml", 5),
    ("campaigns.yaml", 25),
])  # fmt: skip
def test_one_edit_is_found_and_classed(file: str, least: int) -> None:
    assert len(edits_of(file)) >= least
    for made in edits_of(file):
        found = diff_books(BEFORE, made.after)
        assert [one.item for one in found] == [made.item]
        assert found[0].effect in expected(file, made.item), made.item
        assert found[0].place is not None
        assert found[0].place.file == file
        assert any("\u4e00" <= character <= "\u9fff" for character in found[0].text.zh)
        assert found[0].text.en != found[0].text.zh
        back = diff_books(made.after, BEFORE)
        assert [(one.item, one.effect, one.before, one.after) for one in back] == [
            (made.item, found[0].effect, found[0].after, found[0].before)
        ]
        if found[0].effect in (Effect.NO_OP, Effect.NON_MOVING):
            assert moved(BEFORE, made.after) == 0, made.item


@settings(max_examples=15)
@given(st.data())
def test_several_edits_are_found_together(data: st.DataObject) -> None:
    files = data.draw(st.lists(st.sampled_from(sorted(EVERY_KEY)), min_size=2, max_size=4))
    drawn = {made.item: made for made in (data.draw(st.sampled_from(edits_of(file))) for file in files)}
    after = book_of(with_edits(*((made.file, made.steps, made.other) for made in drawn.values())))
    if after is not None:  # some only load one by one
        assert {edit.item for edit in diff_books(BEFORE, after)} == set(drawn)


def shuffled(tree: Plain, chance: random.Random, key: str = "") -> Plain:
    """With the keys of every mapping in another order, but for risk bands, which rise, and fixtures, which build up."""
    if isinstance(tree, list):
        return [shuffled(item, chance) for item in tree]
    if not isinstance(tree, dict):
        return tree
    keys = list(tree) if key in ("bands", "fixtures") else chance.sample(list(tree), len(tree))
    return {name: shuffled(tree[name], chance, name) for name in keys}


def respelled(tree: Plain, chance: random.Random) -> Plain:
    """With numbers and texts written in another way."""
    if isinstance(tree, dict):
        return {key: respelled(value, chance) for key, value in tree.items()}
    if isinstance(tree, list):
        return [respelled(item, chance) for item in tree]
    kind = chance.randrange(3)
    if kind == 0 and tree.replace(".", "", 1).isdigit():
        return f"{tree}.0" if "." not in tree else f"{tree}0" if len(tree.partition(".")[2]) < 4 else tree
    is_text = not tree.startswith('"') and quoted(tree) == tree and tree not in ("true", "false", "null")
    return f"'{tree}'" if kind == 1 and is_text else tree


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("trees", [EVERY_KEY, SHIPPED], ids=["every_key", "shipped"])
def test_another_layout_is_no_edit(trees: dict[str, Plain], seed: int) -> None:
    chance = random.Random(seed)
    before = load_book({name: text_of(tree) + "\n" for name, tree in trees.items()})
    turned = {name: respelled(shuffled(tree, chance), chance) for name, tree in trees.items()}
    after = load_book({name: f"# another layout\n\n{text_of(tree)}  # end\n" for name, tree in turned.items()})
    assert before.revision != after.revision
    assert diff_books(before, after) == ()
    assert diff_books(before, before) == ()


GONE = [
    ("b2b.yaml", ("scorecard", "criteria", 1), "b2b.scorecard.criteria.payment", Effect.MOVING),
    ("b2b.yaml", ("tiers", 0, "gates", 1), "b2b.tiers.A.gates.steel", Effect.MOVING),
    ("b2b.yaml", ("tiers", 1, "or_when"), "b2b.tiers.B.or_when", Effect.MOVING),
    ("b2b.yaml", ("tiers", 1), "b2b.tiers.B", Effect.BREAKING),
    ("b2b.yaml", ("stability",), "b2b.stability", Effect.MOVING),
    ("b2b.yaml", ("force", 0), "b2b.force.bad_debt", Effect.MOVING),
    ("b2b.yaml", ("force", 0, "reason"), "b2b.force.bad_debt.reason", Effect.NON_MOVING),
    ("b2b.yaml", ("invariants",), "b2b.invariants", Effect.NON_MOVING),
    ("metrics.yaml", ("metrics", "cac"), "metrics.cac", Effect.NON_MOVING),
    ("metrics.yaml", ("metrics", "clv", "max_age"), "metrics.clv.max_age", Effect.MOVING),
    ("metrics.yaml", ("metrics", "revenue_90d", "actionable"), "metrics.revenue_90d.actionable", Effect.NON_MOVING),
    ("campaigns.yaml", ("cap",), "campaigns.cap", Effect.NON_MOVING),
    ("campaigns.yaml", ("triggers", 2), "campaigns.triggers.news", Effect.NON_MOVING),
    ("rulebook.yaml", ("sources",), "rulebook.sources", Effect.MOVING),
    ("rulebook.yaml", ("guardrails", "max_moved"), "rulebook.guardrails.max_moved", Effect.NON_MOVING),
]  # fmt: skip


@pytest.mark.parametrize(("file", "steps", "item", "effect"), GONE, ids=lambda value: str(value))
def test_what_goes_and_comes_is_found(file: str, steps: Steps, item: str, effect: Effect) -> None:
    trees = deepcopy(EVERY_KEY)
    del trees["b2b.yaml"]["tests"], trees["b2b.yaml"]["fixtures"], trees["b2b.yaml"]["invariants"][1:]
    full = load_book({name: text_of(tree) + "\n" for name, tree in trees.items()})
    del under(trees[file], steps[:-1])[steps[-1]]  # type: ignore[arg-type]
    less = load_book({name: text_of(tree) + "\n" for name, tree in trees.items()})
    (gone,) = diff_books(full, less)
    assert (gone.item, gone.effect, gone.after, gone.place) == (item, effect, None, None)
    assert "removed" in gone.text.en
    assert "删除" in gone.text.zh
    (come,) = diff_books(less, full)
    assert (come.item, come.before, come.after) == (item, None, gone.before)
    assert come.effect == (Effect.MOVING if effect is Effect.BREAKING else effect)
    assert "added" in come.text.en
    if effect is Effect.NON_MOVING:
        assert moved(full, less) == 0


def test_names_that_are_words_of_the_format_are_names() -> None:
    trees = deepcopy(EVERY_KEY)
    for criterion, name in zip(trees["b2b.yaml"]["scorecard"]["criteria"], ("title", "weight"), strict=True):
        criterion["name"] = name
    before = load_book({name: text_of(tree) + "\n" for name, tree in trees.items()})
    for criterion in trees["b2b.yaml"]["scorecard"]["criteria"]:
        criterion["weight"] = "7"
    found = diff_books(before, load_book({name: text_of(tree) + "\n" for name, tree in trees.items()}))
    assert [(edit.item, edit.effect, edit.text.en) for edit in found] == [
        ("b2b.scorecard.criteria.title.weight", Effect.MOVING, "B2B · title: weight 3 → 7"),
        ("b2b.scorecard.criteria.weight.weight", Effect.MOVING, "B2B · weight: weight 1 → 7"),
    ]


def moved(before: Book, after: Book) -> int:
    """How many made-up customers have another tier under the second book."""
    chance = np.random.default_rng(20_260_101)
    pool = [float(value) for tree in EVERY_KEY.values() for _, value in values_in(tree) if is_number(value)]
    moment = moment_of(date(2026, 12, 1), before.timezone)
    found = 0
    for market in set(before.markets) & set(after.markets):
        columns = {
            metric.name: made_up(metric, pool, chance)
            for metric in before.metrics.values()
            if not hasattr(metric.origin, "expression") and metric.name in after.metrics
        }
        rated = np.where(chance.random(CUSTOMERS) < 0.6, chance.integers(0, 2, CUSTOMERS), NONE).astype(np.int16)
        since = np.where(rated >= 0, moment.day - chance.integers(1, 400, CUSTOMERS), NO_DAY).astype(np.int32)
        one, other = (tiers(book, market, columns, rated, since, moment) for book in (before, after))
        assert len(set(one)) > 1
        found += int((one != other).sum())
    return found


def tiers(book: Book, market: Any, columns: dict[str, Column], rated: Any, since: Any, moment: Moment) -> Any:
    rules = book.markets[market]
    calculated = second_pass(
        [one for one in book.metrics.values() if one.name not in columns], columns, CUSTOMERS, moment.day
    )
    states = States.first(CUSTOMERS, len(rules.campaigns.triggers))
    states = replace(states, tier=rated, since=since, effective=rated, effective_since=since)
    return decide(rules, {**columns, **calculated}, states, moment).effective


def made_up(metric: Any, pool: list[float], chance: np.random.Generator) -> Column:
    known = np.zeros(CUSTOMERS, np.uint8)
    if metric.unit is Unit.TEXT:
        texts = metric.values or ("a", "b")
        return Column(chance.integers(0, len(texts), CUSTOMERS), known, metric.unit, texts)
    most = 1 if metric.unit in (Unit.BOOL, Unit.PROBABILITY) else 100 if metric.unit is Unit.POINTS else 10**8
    drawn = chance.choice(pool, CUSTOMERS) * chance.choice([0.9, 1.0, 1.1], CUSTOMERS)
    drawn = np.where(chance.random(CUSTOMERS) < 0.5, drawn, np.exp(chance.random(CUSTOMERS) * np.log(1e6)) % (most + 1))
    return Column(np.clip(np.round(drawn * metric.scale), 0, most * metric.scale).astype(np.int64), known, metric.unit)


def is_number(value: str) -> bool:
    return value.replace(".", "", 1).isdigit()


def test_the_made_up_customers_notice_an_edit_that_moves() -> None:
    for file, steps, other in [
        ("b2b.yaml", ("tiers", 0, "at_least"), "60"),
        ("b2b.yaml", ("scorecard", "criteria", 1, "weight"), "9"),
        ("b2b.yaml", ("force", 0, "when"), quoted("overdue > 2")),
        ("b2c.yaml", ("scorecard", "criteria", 0, "curve", 0, 1), "40"),
    ]:
        after = book_of(with_edits((file, steps, other)))
        assert after is not None
        assert moved(BEFORE, after) > 0, steps
