"""Decisions that a person should look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from engine.store.reading.columns import columns_of, selected
from engine.store.reading.pages import Listing, Page, Slice, Sort, count_rows, read_page
from engine.store.tables import DecisionReviewRow

_review = columns_of(DecisionReviewRow)
_NEWEST = (Sort(_review["id"], True),)


@dataclass(frozen=True, slots=True)
class DecisionReviewView:
    """A decision that a person should look at; `distance` in 0.0001, `value` in minor units."""

    id: int
    customer_id: int
    decision_id: int
    run_id: int
    market: str
    reason: str
    tier: str
    distance: int | None
    value: int | None
    made_at: datetime
    state: str
    assignee: str | None
    outcome: str | None
    note: str | None
    closed_by: str | None
    closed_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """All given parts must hold."""

    states: tuple[str, ...] | None = None
    reasons: tuple[str, ...] | None = None
    outcomes: tuple[str, ...] | None = None
    assignee: str | None = None
    market: str | None = None
    customer_id: int | None = None


def decision_reviews_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, DecisionReviewView]:
    """Reviews by row number."""
    query = selected(DecisionReviewRow, DecisionReviewView).where(_review["id"].in_(ids))
    return {row[0]: DecisionReviewView(*row) for row in session.execute(query)}


def decision_reviews_page(session: Session, filter_: ReviewFilter, slice_: Slice) -> Page[DecisionReviewView]:
    """A page of reviews, newest first."""
    return read_page(session, Listing(_asked(filter_), _NEWEST, DecisionReviewView), slice_)


def count_decision_reviews(session: Session, filter_: ReviewFilter) -> int:
    """How many reviews there are."""
    return count_rows(session, _asked(filter_))


def _asked(filter_: ReviewFilter) -> Select[Any]:
    query = selected(DecisionReviewRow, DecisionReviewView)
    conditions = (
        (filter_.states, _review["state"].in_),
        (filter_.reasons, _review["reason"].in_),
        (filter_.outcomes, _review["outcome"].in_),
        (filter_.assignee, _review["assignee"].__eq__),
        (filter_.market, _review["market"].__eq__),
        (filter_.customer_id, _review["customer_id"].__eq__),
    )
    return query.where(*(condition(given) for given, condition in conditions if given is not None))
