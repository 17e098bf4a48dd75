"""Customers: by id, by name outside, and work lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from engine.store.reading.columns import columns_of, selected, stored, table_of
from engine.store.reading.pages import Listing, Page, Slice, Sort, count_rows, read_page
from engine.store.reading.views import CustomerView, FieldView, StandingView
from engine.store.tables import ChunkRow, CustomerFieldRow, CustomerRow, IdentityRow, StandingRow
from engine.vocabulary import UNRATED

_customer, _identity = columns_of(CustomerRow), columns_of(IdentityRow)
_field, _standing = columns_of(CustomerFieldRow), columns_of(StandingRow)
_OWN: Final = len(stored(CustomerRow, CustomerView))


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """All given parts must hold; tuples mean any of, None means not asked.

    Attributes:
        tiers: Keys of effective tiers, `UNRATED` too.
        changed_since: Effective tier, stage or risk changed since.
        text: Part of the name, or the beginning of a ref.
        by_name: Whether `text` looks into names: who may not see them must not find out by asking.
    """

    market: str | None = None
    tiers: tuple[str, ...] | None = None
    stages: tuple[str, ...] | None = None
    risks: tuple[str, ...] | None = None
    tag: str | None = None
    owner: str | None = None
    changed_since: datetime | None = None
    text: str | None = None
    by_name: bool = True


_ORDERS = {
    "SCORE": _standing["score"],
    "CLV": _standing["clv"],
    "CHURN": _standing["churn"],
    "UPDATED": _customer["updated_at"],
}


def customers_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, CustomerView]:
    """Customers by row number."""
    query = _customers().where(_customer["id"].in_(ids))
    return {row[0]: _customer_view(*row) for row in session.execute(query)}


def customers_by_refs(session: Session, refs: Sequence[str]) -> Mapping[str, CustomerView]:
    """Customers by any of their identities."""
    query = _customers().add_columns(_identity["ref"])
    query = query.join(table_of(IdentityRow), _identity["customer_id"] == _customer["id"])
    return {row[-1]: _customer_view(*row[:-1]) for row in session.execute(query.where(_identity["ref"].in_(refs)))}


def _customers() -> Select[Any]:
    """Customers, each with its standing and the newest chunk there is, all in one statement's snapshot."""
    newest = select(func.coalesce(func.max(columns_of(ChunkRow)["id"]), 0)).scalar_subquery()
    return _with_standing(selected(CustomerRow, CustomerView)).add_columns(*stored(StandingRow, StandingView), newest)


def _with_standing(query: Select[Any]) -> Select[Any]:
    return query.join(table_of(StandingRow), _standing["customer_id"] == _customer["id"], isouter=True)


def _customer_view(*row: Any) -> CustomerView:
    standing = None if row[_OWN] is None else StandingView(*row[_OWN:])
    parts = (*row[:_OWN], standing)
    return CustomerView(*parts)


def identities_by_customers(session: Session, ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    """All names outside of each customer, in the order in which they became known."""
    found: dict[int, list[str]] = {number: [] for number in ids}
    query = select(_identity["customer_id"], _identity["ref"]).where(_identity["customer_id"].in_(ids))
    for number, ref in session.execute(query.order_by(_identity["recorded_at"], _identity["ref"])):
        found[number].append(ref)
    return {number: tuple(refs) for number, refs in found.items()}


def fields_by_customers(
    session: Session, ids: Sequence[int], as_known_at: datetime | None = None
) -> Mapping[int, tuple[FieldView, ...]]:
    """The attributes in force of each customer, by name.

    Args:
        as_known_at: In force then; None: now.
    """
    found: dict[int, list[FieldView]] = {number: [] for number in ids}
    query = selected(CustomerFieldRow, FieldView).where(_field["customer_id"].in_(ids))
    ended = _field["superseded_at"]
    if as_known_at is None:
        query = query.where(ended.is_(None))
    else:
        query = query.where(_field["recorded_at"] <= as_known_at, or_(ended.is_(None), ended > as_known_at))
    for row in session.execute(query.order_by(_field["name"], _field["id"])):
        found[row[0]].append(FieldView(*row))
    return {number: tuple(views) for number, views in found.items()}


def customers_page(
    session: Session, filter_: CustomerFilter, order: str, descending: bool, slice_: Slice
) -> Page[CustomerView]:
    """A page of the work list.

    Args:
        order: SCORE, CLV, CHURN or UPDATED; unknown values come last in both directions.

    Raises:
        InputError: BAD_CURSOR.
    """
    column = _ORDERS[order]
    sorts = (Sort(column, descending, nullable=order != "UPDATED"), Sort(_customer["id"], descending))
    query = _customers().where(*_conditions(filter_))
    return read_page(session, Listing(query, sorts, _customer_view), slice_)


def count_customers(session: Session, filter_: CustomerFilter) -> int:
    """How many customers the work list has."""
    return count_rows(session, _listed(filter_))


def matching_customers(session: Session, ids: Sequence[int], filter_: CustomerFilter) -> frozenset[int]:
    """Which of these customers the filter lets through."""
    query = _listed(filter_).where(_customer["id"].in_(ids))
    return frozenset(session.execute(query).scalars())


def _listed(filter_: CustomerFilter) -> Select[Any]:
    return _with_standing(select(_customer["id"])).where(*_conditions(filter_))


def _conditions(filter_: CustomerFilter) -> list[ColumnElement[bool]]:
    simple: tuple[tuple[object, Callable[[Any], ColumnElement[bool]]], ...] = (
        (filter_.market, _customer["market"].__eq__),
        (filter_.stages, _standing["stage"].in_),
        (filter_.risks, _standing["risk"].in_),
        (filter_.tiers, _tier_in),
        (filter_.tag, _tagged),
        (filter_.owner, _customer["owner"].__eq__),
        (filter_.changed_since, _standing["changed_at"].__ge__),
        (filter_.text, _named if filter_.by_name else _with_ref),
    )
    return [condition(given) for given, condition in simple if given is not None]


def _tier_in(keys: Sequence[str]) -> ColumnElement[bool]:
    rated: ColumnElement[bool] = _standing["effective"].in_([key for key in keys if key != UNRATED])
    if UNRATED not in keys:
        return rated
    return or_(rated, and_(_standing["customer_id"].is_not(None), _standing["effective"].is_(None)))


def tag_names(stored: str) -> tuple[str, ...]:
    """Tags of a standing; they are stored as names between spaces."""
    return tuple(stored.split())


def _tagged(tag: str) -> ColumnElement[bool]:
    tagged: ColumnElement[bool] = (" " + _standing["tags"] + " ").contains(f" {tag} ", autoescape=True)
    return tagged


def _named(text: str) -> ColumnElement[bool]:
    """Part of the name in any case, or the beginning of any ref."""
    return or_(_customer["name"].icontains(text, autoescape=True), _with_ref(text))


def _with_ref(text: str) -> ColumnElement[bool]:
    """The beginning of any ref."""
    known = exists().where(_identity["customer_id"] == _customer["id"])
    return known.where(_identity["ref"].startswith(text, autoescape=True))
