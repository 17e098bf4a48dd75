"""Rule books at one revision."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated

import strawberry

from engine.errors import InputError
from engine.operations.publishing import live_book
from engine.rulebook import Book, Edit, diff_books
from engine.rulebook.editing import schema_text
from engine.rulebook.telling import tell_book
from engine.store.reading import (
    Page,
    RuleChangeView,
    changes_of_revisions,
    revisions_page,
    rulebook_id,
    slice_of,
    stored_revisions,
)
from engine.vocabulary import Market, Text
from schema.backtests import Backtest, backtest_of
from schema.basics import Place, Tier, Titled
from schema.campaigns import Campaign, CampaignSource, campaigns_of
from schema.context import Info, LocaleArgument
from schema.deadlines import in_thread
from schema.describing import answered, backed_by, described, spoken, told
from schema.lists import EditEffect
from schema.pointers import PreviewLater, RuleChangeLater
from schema.previewing import PreviewSource, preview_of
from schema.relay import After, Before, First, Last, Node, Paged, UncountedConnection, paged
from schema.rule_health import RuleHealth, health_of, suggested_threshold
from schema.rule_problems import ProblemSource, RuleProblem, problems_of
from schema.rule_tests import ReportSource, TestReport, tests_of
from schema.scalars import Hash


@described
class RuleFile:
    """One file of a rule book."""

    path: str = told("Relative to the rule folder.")
    text: str = told("Its whole text.")
    hash: Hash = told("Of its bytes.")


@described
class RuleEdit:
    """One semantic edit."""

    item: str = told("Address of what was edited, e.g. `b2c.tiers.A.at_least`.")
    effect: EditEffect = told("What it can do.")
    before: str | None = told("Canonical YAML; null: added.")
    after: str | None = told("Canonical YAML; null: removed.")
    text: str = spoken("text", "The edit in words.")
    place: Place | None = told("In the newer revision; null: removed.")


@dataclass(frozen=True, slots=True)
class BookSource:
    """Source of `Rulebook`: the book itself, in a class of ours."""

    book: Book

    def __getattr__(self, name: str) -> object:
        return getattr(self.book, name)


def _id(root: BookSource) -> strawberry.ID:
    """Opaque; made from the content hash."""
    return strawberry.ID(rulebook_id(root.book.revision))


def _tiers(
    root: BookSource, market: Annotated[Market, strawberry.argument(description="Whose tiers.")]
) -> list[Titled]:
    """Best first, without UNRATED."""
    rules = root.book.markets.get(market)
    return [Titled(tier.key, tier.title) for tier in rules.tiers] if rules is not None else []


def _files(
    root: BookSource,
    path: Annotated[str | None, strawberry.argument(description="Path in the book; null: all.")] = None,
) -> list[object]:
    """One file by path, or all: the text a `Place` points into."""
    return [file for file in root.book.files if path is None or file.path == path]


def _campaigns(root: BookSource) -> list[CampaignSource]:
    """By falling priority."""
    return campaigns_of(root.book)


async def _in_words(root: BookSource, info: Info, locale: LocaleArgument = None) -> list[str]:
    """The whole book said back in plain words, a rule or heading each, rules with their place at the end."""
    spoken_in = info.context.in_locale(locale)
    lines = await in_thread(partial(tell_book, root.book))
    return [line.within(spoken_in) for line in lines]


async def _json_schema(root: BookSource) -> str:
    """JSON Schema for editors, specialised to this book: any of its files is valid; each stands in `definitions`."""
    return await in_thread(partial(schema_text, root.book))


async def _change(root: BookSource, info: Info) -> RuleChangeView | None:
    """The change that brought it; null: a draft."""
    return await info.context.load(changes_of_revisions, root.book.revision)


async def _diff(
    root: BookSource,
    info: Info,
    base: Annotated[Hash | None, strawberry.argument(description="Null: the live revision.")] = None,
) -> tuple[Edit, ...]:
    """Semantic edits that lead from `base` (null: the live revision) to this one, by place."""
    before = await info.context.live_book() if base is None else await info.context.book(base)
    return await in_thread(partial(diff_books, before, root.book))


async def _tests(root: BookSource) -> ReportSource:
    """Its inline tests and invariants, tried now."""
    return await tests_of(root.book)


async def _preview(
    root: BookSource,
    info: Info,
    as_of: Annotated[
        datetime | None,
        strawberry.argument(
            description="Null: now, or, where some data are older than the rules allow, the last day they were fresh."
        ),
    ] = None,
) -> PreviewSource | None:
    """Against the live revision over the whole base as of `asOf`; live against itself is empty. Null: none is live."""
    return await preview_of(info, root.book, as_of)


async def _found(root: BookSource, info: Info) -> list[ProblemSource]:
    """Warnings of the static analysis, by place."""
    return await problems_of(info, root.book)


@described
class Rulebook(Node):
    """A rule book at one revision. The costly fields (tests, preview, backtest, health) are null beside fault DEADLINE.

    A checked draft has its id too, but `node` finds it only once it is stored.
    """

    is_type_of = backed_by(BookSource)

    id: strawberry.ID = answered(_id)
    revision: Hash = told("Its content hash.")
    name: str = told("As in the rule book.")
    title: str = spoken("title", "Name for people.")
    currency: str = told("ISO 4217; money in rule files is in it.")
    timezone: str = told("IANA zone whose calendar days count.")
    review_by: date | None = told("Until when it should be looked at again; null: not stated.")
    tiers: list[Tier] = answered(_tiers)
    files: list[RuleFile] = answered(_files)
    campaigns: list[Campaign] = answered(_campaigns)
    change: RuleChangeLater | None = answered(_change)
    diff: list[RuleEdit] = answered(_diff)
    in_words: list[str] = answered(_in_words)
    json_schema: str = answered(_json_schema)
    tests: TestReport | None = answered(_tests)
    backtest: list[Backtest] | None = answered(backtest_of)
    health: list[RuleHealth] | None = answered(health_of)
    suggest_threshold: Decimal | None = answered(suggested_threshold)
    preview: PreviewLater | None = answered(_preview)
    findings: list[RuleProblem] = answered(_found)


async def book_source(info: Info, revision: str) -> BookSource:
    """A stored rule book."""
    return BookSource(await info.context.book(revision))


async def stored_book(info: Info, revision: str) -> BookSource | None:
    """A rule book by revision; None: none is stored."""
    if await info.context.load(stored_revisions, revision) is None:
        return None
    return await book_source(info, revision)


async def _rulebook(
    info: Info,
    as_of: Annotated[datetime | None, strawberry.argument(description="Null: now.")] = None,
    revision: Annotated[Hash | None, strawberry.argument(description="Its content hash.")] = None,
) -> BookSource | None:
    """The book in force at `asOf`, or one revision (not both). Null: none published then, or no such revision."""
    if as_of is not None and revision is not None:
        raise InputError(
            Text("Both an instant and a revision were given.", "同时给了时间和版本。"),
            Text("Give `asOf` or `revision`.", "请只给 `asOf` 或 `revision`。"),
        )
    if revision is not None:
        return await stored_book(info, revision)
    instant = await info.context.instant_or_none(as_of)
    book = await info.context.read(partial(live_book, as_of=instant))
    return None if book is None else BookSource(book)


async def _revisions(
    info: Info, *, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Paged:
    """Every revision that was ever proposed or published."""
    page = await info.context.read(partial(revisions_page, slice_=slice_of(first, after, last, before)))
    books = await asyncio.gather(*(book_source(info, view.hash) for view in page.rows))
    return paged(Page(tuple(books), page.cursors, page.has_next, page.has_previous))


@described
class RulebookQueries:
    """Questions about rule books."""

    rulebook: Rulebook | None = answered(_rulebook)
    revisions: UncountedConnection[Rulebook] | None = answered(_revisions)
