"""Some of the edits between two books without the others, and which edits need which."""

from __future__ import annotations

from importlib import import_module
from itertools import combinations
from pathlib import Path

import pytest

from engine.rulebook import Book, applied, check_book, diff_books, load_book, portions
from engine.rulebook.difference.effects import meaning
from engine.rulebook.difference.portions import can_be_felt
from tests.rulebook.test_difference import CHANGES, FILES

ROOT = Path(__file__).parents[2]
SHIPPED = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "rules").glob("*.yaml")}
BOOKS = ("rules", "docs/examples/online-retail", "docs/examples/maven", "tests/operations/book")
TOLD = ("metrics", "markets", "guardrails", "tests", "invariants", "currency", "timezone", "fresh_within_days")

NEW_METRIC = (
    "metrics.yaml",
    "metrics:\n",
    "metrics:\n  visits: {from: interactions, take: count(), type: count, empty: 0}\n",
)
NEW_CRITERION = (
    "b2c.yaml",
    "    - name: referral\n",
    "    - name: visits\n      metric: visits\n      weight: 5\n      bins: {edges: [1], points: [0, 100]}\n"
    "      reason: R_VISITS\n    - name: referral\n",
)
NEW_REASON = ("b2c.yaml", "reasons:\n", "reasons:\n  R_VISITS: {en: Never visits, zh: 从不来访}\n")
THRESHOLD = ("b2c.yaml", "at_least: 80", "at_least: 78")
B_ABOVE = ("b2c.yaml", "at_least: 70", "at_least: 79")
A_ABOVE = ("b2c.yaml", "at_least: 80", "at_least: 85")


def edited(*changes: tuple[str, str, str]) -> Book:
    files = dict(SHIPPED)
    for file, before, after in changes:
        assert before in files[file], before
        files[file] = files[file].replace(before, after, 1)
    return load_book(files)


def same(left: Book, right: Book) -> bool:
    return all(meaning(getattr(left, name)) == meaning(getattr(right, name)) for name in TOLD)


def parted(candidate: Book) -> list[tuple[str, ...]]:
    live = edited()
    return [tuple(edit.item for edit in one.edits) for one in portions(live, candidate, diff_books(live, candidate))]


@pytest.mark.parametrize("folder", BOOKS)
def test_no_edit_leaves_the_book_as_it_means(folder: str) -> None:
    book = load_book({path.name: path.read_text(encoding="utf-8") for path in (ROOT / folder).glob("*.yaml")})
    assert same(load_book(applied(book, book, ())), book)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[3] or "no difference")
def test_all_edits_lead_to_the_candidate_and_back(change: tuple[str, ...]) -> None:
    file, old, new = change[:3]
    live, candidate = load_book(FILES), load_book({**FILES, file: FILES[file].replace(old, new, 1)})
    assert same(load_book(applied(live, candidate, diff_books(live, candidate))), candidate)
    assert same(load_book(applied(candidate, live, diff_books(candidate, live))), live)


def test_markets_that_come_and_go_are_applied_as_well() -> None:
    both = load_book(SHIPPED)
    one = load_book({path: text for path, text in SHIPPED.items() if path != "b2b.yaml"})
    assert same(load_book(applied(both, one, diff_books(both, one))), one)
    assert same(load_book(applied(one, both, diff_books(one, both))), both)


def test_some_edits_apply_without_the_others_in_any_combination() -> None:
    changes = (THRESHOLD, ("b2c.yaml", "weight: 15", "weight: 25"), ("b2b.yaml", "at_least: 58", "at_least: 57"))
    live, candidate = edited(), edited(*changes)
    edits = diff_books(live, candidate)
    by_item = dict(zip((edit.item for edit in edits), edits, strict=True))
    items = ("b2c.tiers.A.at_least", "b2c.scorecard.criteria.payback.weight", "b2b.tiers.B.at_least")
    for size in range(4):
        for chosen in combinations(range(3), size):
            got = load_book(applied(live, candidate, [by_item[items[index]] for index in chosen]))
            assert same(got, edited(*(changes[index] for index in chosen)))


def test_order_and_what_is_added_stand_where_the_candidate_has_them() -> None:
    fraud = "  - name: fraud\n"
    early = ("b2c.yaml", fraud, "  - {name: tiny, when: revenue_12m < 1, tier: D, reason: F_FRAUD}\n" + fraud)
    live, candidate = edited(), edited(early)
    assert [force.name for force in candidate.markets["B2C"].force] == ["tiny", "fraud"]  # type: ignore[index]
    assert same(load_book(applied(live, candidate, diff_books(live, candidate))), candidate)
    swapped = "\n".join(reversed(SHIPPED["lifecycle.yaml"].split("\n  - stage: ")[1:3]))
    assert "CONVERTING" in swapped
    turned = _turned(load_book(SHIPPED))
    assert same(load_book(applied(live, turned, diff_books(live, turned))), turned)


def _turned(book: Book) -> Book:
    """The first two lines of the lifecycle change places."""
    files = {file.path: file.text for file in book.files}
    head, first, second, rest = files["lifecycle.yaml"].split("\n  - ", 3)
    files["lifecycle.yaml"] = "\n  - ".join((head, second, first, rest))
    turned = load_book(files)
    assert any(edit.item == "lifecycle.order" for edit in diff_books(book, turned))
    return turned


def test_edits_that_stand_alone_are_portions_of_their_own() -> None:
    candidate = edited(THRESHOLD, ("b2b.yaml", "at_least: 58", "at_least: 57"))
    assert parted(candidate) == [("b2b.tiers.B.at_least",), ("b2c.tiers.A.at_least",)]


def test_a_criterion_brings_its_new_metric_and_reason_and_no_more() -> None:
    candidate = edited(NEW_METRIC, NEW_CRITERION, NEW_REASON, THRESHOLD)
    assert parted(candidate) == [
        ("b2c.scorecard.criteria.visits", "b2c.reasons.R_VISITS", "metrics.visits"),
        ("b2c.tiers.A.at_least",),
    ]


def test_a_force_rule_into_a_new_tier_needs_the_tier() -> None:
    tier = ("b2c.yaml", "  - key: D\n", "  - {key: P, at_least: 5, title: {en: Poor, zh: 极低}}\n  - key: D\n")
    force = ("b2c.yaml", "when: fraud_confirmed\n    tier: D", "when: fraud_confirmed\n    tier: P")
    live, candidate = edited(), edited(tier, force)
    (portion,) = portions(live, candidate, diff_books(live, candidate))
    assert [edit.item for edit in portion.edits] == ["b2c.force.fraud.tier", "b2c.tiers.P"]
    assert portion.book is candidate


def test_every_portion_is_a_book_and_every_edit_is_in_one() -> None:
    live, candidate = edited(), edited(NEW_METRIC, NEW_CRITERION, NEW_REASON, A_ABOVE, B_ABOVE)
    edits = diff_books(live, candidate)
    found = portions(live, candidate, edits)
    assert sorted(edit.item for one in found for edit in one.edits) == sorted(edit.item for edit in edits)
    for one in found:
        book, problems = check_book(applied(live, candidate, one.edits))
        assert (book is None) == bool([p for p in problems if p.severity == "error"])
        assert one.book is None or same(book or live, one.book)


def test_titles_tests_and_owners_are_not_linked_at_all() -> None:
    candidate = edited(("b2c.yaml", "title: {en: Fraud, zh: 欺诈}", "title: {en: Cheating, zh: 欺诈}"),
                       ("rulebook.yaml", "owner: crm-ops", "owner: crm-team"))  # fmt: skip
    live = edited()
    assert [one.book for one in portions(live, candidate, diff_books(live, candidate))] == [None, None]


@pytest.mark.parametrize("name", ["reason", "title", "actionable"])
def test_a_criterion_may_be_named_like_a_key_that_only_tells(name: str) -> None:
    visits = NEW_CRITERION[2].replace("- name: visits\n      metric: visits", f"- name: {name}\n      metric: clv_12m")
    visits = visits.replace("bins: {edges: [1], points: [0, 100]}\n      reason: R_VISITS",
                            "bins: {edges: [100], points: [0, 100]}")  # fmt: skip
    live, candidate = edited(), edited(("b2c.yaml", "    - name: referral\n", visits))
    (portion,) = portions(live, candidate, diff_books(live, candidate))
    assert [(edit.item, edit.effect.value) for edit in portion.edits] == [(f"b2c.scorecard.criteria.{name}", "moving")]
    assert portion.book is candidate


def test_an_edit_of_a_reason_alone_cannot_be_felt() -> None:
    live, candidate = edited(), edited(("b2c.yaml", "reason: F_FRAUD\n", "reason: R_VALUE\n"))
    found = diff_books(live, candidate)
    assert [edit.item for edit in found] == ["b2c.force.fraud.reason"]
    assert not can_be_felt(found[0])


def test_portions_that_make_no_book_together_are_joined_by_what_mends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two edits each need a third; the two together make a book only with a fourth."""
    changes = (THRESHOLD, ("b2c.yaml", "weight: 15", "weight: 25"), ("b2c.yaml", "at_least: 70", "at_least: 71"),
               ("b2b.yaml", "at_least: 58", "at_least: 57"), ("b2b.yaml", "at_least: 70", "at_least: 69"))  # fmt: skip
    live, candidate = edited(), edited(*changes)
    items = [edit.item for edit in diff_books(live, candidate)]
    first, second, shared, fourth = "b2c.tiers.A", "b2c.scorecard.criteria.payback", "b2c.tiers.B", "b2b.tiers.B"

    def some_only(files: dict[str, str]) -> tuple[Book | None, object]:
        book, problems = check_book(files)
        assert book is not None
        there = {".".join(edit.item.split(".")[:-1]) for edit in diff_books(live, book)}
        lonely = bool(there & {first, second}) and shared not in there
        return (None if lonely or ({first, second} <= there and fourth not in there) else book), problems

    monkeypatch.setattr(import_module("engine.rulebook.difference.portions"), "check_book", some_only)
    found = portions(live, candidate, diff_books(live, candidate))
    assert all(one.book is not None for one in found)
    assert sorted(edit.item for one in found for edit in one.edits) == sorted(items)
    assert any({first, second, shared, fourth} <= {".".join(edit.item.split(".")[:-1]) for edit in one.edits}
               for one in found)  # fmt: skip
