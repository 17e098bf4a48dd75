"""Keyset pages: a cursor names a row by its sort key and id, so that rows that come or go move no other page."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from engine.errors import InputError
from engine.store.tables import Instant, from_microseconds, to_microseconds
from engine.vocabulary import Text

LARGEST_PAGE: Final = 100
USUAL_PAGE: Final = 20

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a list: `size` rows after a cursor, or before it when `backward`; hashable."""

    size: int = USUAL_PAGE
    cursor: str | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[V]):
    """Rows in list order, each with its cursor."""

    rows: tuple[V, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class Sort:
    """One column of a sort key; unknown (null) values come last in both directions."""

    column: ColumnElement[Any]
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Listing(Generic[V]):
    """A list to take pages of.

    Attributes:
        query: Selects the columns `view` takes, in its order, with all conditions but the cursor's.
        sorts: The sort key; its last column is unique.
    """

    query: Select[Any]
    sorts: Sequence[Sort]
    view: Callable[..., V]


def slice_of(first: int | None, after: str | None, last: int | None, before: str | None) -> Slice:
    """The slice that Relay's four arguments ask for.

    Raises:
        InputError: A size beyond 0 to 100, or both directions at once.
    """
    if (first is not None or after is not None) and (last is not None or before is not None):
        raise InputError(
            Text("Both directions were given.", "同时给了两个方向。"),
            Text(
                "Use `first` with `after`, or `last` with `before`.", "请用 `first` 与 `after`，或 `last` 与 `before`。"
            ),
        )
    size = first if first is not None else last
    if size is not None and not 0 <= size <= LARGEST_PAGE:
        raise InputError(
            Text(
                f"A page has 0 to {LARGEST_PAGE} rows, not {size}.", f"一页为 0 到 {LARGEST_PAGE} 行，不能是 {size}。"
            ),
            Text("Follow `pageInfo.endCursor` for more.", "请用 `pageInfo.endCursor` 继续翻页。"),
        )
    backward = last is not None or before is not None
    return Slice(USUAL_PAGE if size is None else size, before if backward else after, backward)


def write_cursor(key: Sequence[object]) -> str:
    """An opaque cursor of a sort key."""
    parts = [to_microseconds(part) if isinstance(part, datetime) else part for part in key]
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=True)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, sorts: Sequence[Sort]) -> list[Any]:
    """The sort key a cursor names.

    Raises:
        InputError: BAD_CURSOR, it is not a cursor of this list.
    """
    return [_part(part, sort) for part, sort in zip(cursor_parts(text, len(sorts)), sorts, strict=True)]


def cursor_parts(text: str, width: int) -> list[Any]:
    """What a cursor was written from, of any kind.

    Raises:
        InputError: BAD_CURSOR, it is none, or of another width.
    """
    try:
        parts = json.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise bad_cursor() from None
    if not isinstance(parts, list) or len(parts) != width:
        raise bad_cursor()
    return parts


def _part(part: object, sort: Sort) -> object:
    if part is None and sort.nullable:
        return None
    if isinstance(sort.column.type, Instant) and type(part) is int:
        try:
            return from_microseconds(part)
        except OverflowError:
            raise bad_cursor() from None
    expected = sort.column.type.python_type
    if type(part) is not expected or (isinstance(part, int) and abs(part) >= 2**63):
        raise bad_cursor()
    return part


def bad_cursor() -> InputError:
    """The fault of a cursor or token that names nothing here."""
    return InputError(
        Text("This cursor is not one of this list.", "这个游标不属于这个列表。"),
        Text("Take cursors from the same query and pass them on unchanged.", "请原样使用同一查询给出的游标。"),
        code="BAD_CURSOR",
    )


def _beyond(sorts: Sequence[Sort], key: Sequence[Any], backward: bool) -> ColumnElement[bool]:
    """Rows strictly after the key in list order (before it when backward), column by column."""
    ways: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for sort, value in zip(sorts, key, strict=True):
        step = _step(sort, value, backward)
        if step is not None:
            ways.append(and_(*equal, step))
        equal.append(sort.column.is_(None) if value is None else sort.column == value)
    return or_(*ways)


def _step(sort: Sort, value: Any, backward: bool) -> ColumnElement[bool] | None:
    if value is None:
        return sort.column.is_not(None) if backward else None
    step = sort.column < value if sort.descending != backward else sort.column > value
    return or_(step, sort.column.is_(None)) if sort.nullable and not backward else step


def _orders(sorts: Sequence[Sort], backward: bool) -> list[ColumnElement[Any]]:
    orders: list[ColumnElement[Any]] = []
    for sort in sorts:
        order = sort.column.desc() if sort.descending != backward else sort.column.asc()
        if sort.nullable:
            order = order.nulls_first() if backward else order.nulls_last()
        orders.append(order)
    return orders


def _page(rows: Sequence[Any], width: int, slice_: Slice, view: Callable[..., V]) -> Page[V]:
    more = len(rows) > slice_.size
    kept = list(rows[: slice_.size])
    if slice_.backward:
        kept.reverse()
    bounded = slice_.cursor is not None
    return Page(
        tuple(view(*row[:width]) for row in kept),
        tuple(write_cursor(row[width:]) for row in kept),
        has_next=bounded if slice_.backward else more,
        has_previous=more if slice_.backward else bounded,
    )


def read_page(session: Session, listing: Listing[V], slice_: Slice) -> Page[V]:
    """One page of a list.

    Raises:
        InputError: BAD_CURSOR.
    """
    query, width = _cut(listing, slice_)
    query = query.order_by(*_orders(listing.sorts, slice_.backward)).limit(slice_.size + 1)
    return _page(session.execute(query).all(), width, slice_, listing.view)


def read_pages(
    session: Session, listing: Listing[V], slice_: Slice, owner: ColumnElement[int], owners: Sequence[int]
) -> Mapping[int, Page[V]]:
    """The same page of the lists of many owners, in one statement; an owner without rows has an empty page.

    Raises:
        InputError: BAD_CURSOR.
    """
    query, width = _cut(listing, slice_)
    place = func.row_number().over(partition_by=owner, order_by=_orders(listing.sorts, slice_.backward))
    query = query.where(owner.in_(owners)).add_columns(owner.label("page_owner"), place.label("page_place"))
    columns = list(query.subquery().c)
    ranked = select(*columns).where(columns[-1] <= slice_.size + 1).order_by(columns[-2], columns[-1])
    rows: dict[int, list[Any]] = {number: [] for number in owners}
    for row in session.execute(ranked):
        rows[row[-2]].append(row[:-2])
    return {number: _page(found, width, slice_, listing.view) for number, found in rows.items()}


def _cut(listing: Listing[V], slice_: Slice) -> tuple[Select[Any], int]:
    """The list from the cursor on, with the sort key behind the view's columns (whose number is given too)."""
    query, sorts = listing.query, listing.sorts
    width = len(query.selected_columns)
    if slice_.cursor is not None:
        query = query.where(_beyond(sorts, read_cursor(slice_.cursor, sorts), slice_.backward))
    return query.add_columns(*(sort.column.label(f"page_key_{n}") for n, sort in enumerate(sorts))), width


def page_of_keys(keys: Sequence[tuple[int, ...]], slice_: Slice) -> Page[tuple[int, ...]]:
    """A page of a list that is there already: falling keys of whole numbers, each its own cursor.

    Raises:
        InputError: BAD_CURSOR.
    """
    if slice_.cursor is not None and keys:
        parts = cursor_parts(slice_.cursor, len(keys[0]))
        if not all(type(part) is int for part in parts):
            raise bad_cursor()
        cut = tuple(parts)
        keys = [key for key in keys if (key > cut if slice_.backward else key < cut)]
    more, bounded = len(keys) > slice_.size, slice_.cursor is not None
    kept = keys[len(keys) - slice_.size if more else 0 :] if slice_.backward else keys[: slice_.size]
    return Page(
        tuple(kept),
        tuple(write_cursor(key) for key in kept),
        has_next=bounded if slice_.backward else more,
        has_previous=more if slice_.backward else bounded,
    )


def count_rows(session: Session, query: Select[Any]) -> int:
    """How many rows a list has."""
    return session.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()


def count_by_owner(
    session: Session, query: Select[Any], owner: ColumnElement[int], owners: Sequence[int]
) -> Mapping[int, int]:
    """How many rows the list of each owner has."""
    counted = query.with_only_columns(owner, func.count()).where(owner.in_(owners)).group_by(owner)
    return {**dict.fromkeys(owners, 0), **{row[0]: row[1] for row in session.execute(counted)}}
