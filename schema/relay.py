"""Relay: nodes with global ids, and keyset connections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, TypeVar

import strawberry
from sqlalchemy.orm import Session

from engine.store.reading import LARGEST_PAGE, USUAL_PAGE, Page, Slice
from schema.context import Info
from schema.describing import answered, described, told

NodeT = TypeVar("NodeT")

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"Rows after `after`, at most {LARGEST_PAGE}; without `first` and `last`: {USUAL_PAGE}."
    ),
]
After = Annotated[str | None, strawberry.argument(description="Cursor of the row before the page.")]
Last = Annotated[int | None, strawberry.argument(description=f"Rows before `before`, at most {LARGEST_PAGE}.")]
Before = Annotated[str | None, strawberry.argument(description="Cursor of the row after the page.")]


@strawberry.interface(description="Anything with a global id.")
class Node:
    """Anything with a global id."""

    id: strawberry.ID = told("Opaque, sortable by creation.")


@described
class PageInfo:
    """Bounds of a page."""

    has_next_page: bool = told("There are rows after this page.")
    has_previous_page: bool = told("There are rows before this page.")
    start_cursor: str | None = told("Cursor of the first row; null: the page is empty.")
    end_cursor: str | None = told("Cursor of the last row; null: the page is empty.")


@described
class Edge(Generic[NodeT]):
    """One row of a page."""

    cursor: str = told("Names this row, for `after` and `before`.")
    node: NodeT = told("The thing itself.")


async def _total(root: Paged, info: Info) -> int:
    """Rows of the whole list, exact."""
    return await root.count(info)


@described
class Connection(Generic[NodeT]):
    """A page."""

    edges: list[Edge[NodeT]] = told("Rows in list order.")
    page_info: PageInfo = told("Bounds of this page.")
    total_count: int = answered(_total)


@strawberry.type(name="Connection", description="A page.")
class UncountedConnection(Generic[NodeT]):
    """A page of a list that is not counted."""

    edges: list[Edge[NodeT]] = told("Rows in list order.")
    page_info: PageInfo = told("Bounds of this page.")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Source of `PageInfo`."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """Source of an edge."""

    cursor: str
    node: Any
    contribution: str | None = None


@dataclass(frozen=True, slots=True)
class Paged:
    """Source of a connection; `count` is asked only when `totalCount` is."""

    edges: list[Row]
    page_info: Bounds
    count: Callable[[Info], Awaitable[int]]


async def _uncounted(info: Info) -> int:
    raise AssertionError("this list has no totalCount")


def paged(page: Page[Any], count: Callable[[Info], Awaitable[int]] = _uncounted) -> Paged:
    """A connection of a page."""
    rows = [Row(cursor, node) for cursor, node in zip(page.cursors, page.rows, strict=True)]
    return Paged(rows, page_bounds(page), count)


def page_bounds(page: Page[Any]) -> Bounds:
    """Bounds of a page."""
    first, last = (page.cursors[0], page.cursors[-1]) if page.cursors else (None, None)
    return Bounds(page.has_next, page.has_previous, first, last)


EMPTY: Final[Page[Any]] = Page((), (), has_next=False, has_previous=False)


async def listed(
    info: Info, question: Callable[[Session], Page[Any]], count: Callable[[Session], int] | None = None
) -> Paged:
    """A connection of a root list."""
    page = await info.context.read(question)
    if count is None:
        return paged(page)

    async def counted(asking: Info) -> int:
        return await asking.context.read(count)

    return paged(page, counted)


async def listed_of(
    info: Info,
    owner: int,
    slice_: Slice,
    question: Callable[..., Any],
    count: Callable[..., Any] | None,
    *given: object,
) -> Paged:
    """A connection of one owner's list; the lists of all owners in the request are read in one statement."""
    page = await info.context.load(question, owner, *given, slice_) or EMPTY
    if count is None:
        return paged(page)

    async def counted(asking: Info) -> int:
        return await asking.context.load(count, owner, *given) or 0

    return paged(page, counted)
