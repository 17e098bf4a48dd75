"""Reviews: decisions that a person should look at."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Annotated

import strawberry

from engine.store.reading import (
    DecisionReviewView,
    Kind,
    ReviewFilter,
    count_decision_reviews,
    decision_reviews_page,
    slice_of,
)
from engine.vocabulary import POINTS_SCALE, Market
from schema.basics import Actor, ActorSource, Money, Tier, Titled, tier_of
from schema.campaigns import MoneySource, money_of
from schema.context import Info
from schema.describing import answered, backed_by, described, given, given_or, identified, told
from schema.enums import declare
from schema.lookups import customer_of, decision_of
from schema.pointers import CustomerLater, DecisionLater
from schema.relay import After, Before, Connection, First, Last, Node, Paged, listed


class DecisionReviewReason(StrEnum):
    """Why a person should look at a decision."""

    HELD_UNKNOWN = "HELD_UNKNOWN"
    NEAR_THRESHOLD = "NEAR_THRESHOLD"
    GUARDRAIL = "GUARDRAIL"


declare(
    DecisionReviewReason,
    "Why a person should look at a decision.",
    HELD_UNKNOWN="missing data keep the tier",
    NEAR_THRESHOLD="the score is close to a tier's start, and the customer among the most valuable",
    GUARDRAIL="a move of a run that moves more than a guardrail allows",
)


class ReviewState(StrEnum):
    """State of a review."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


declare(ReviewState, "State of a review.", OPEN="somebody should look", CLOSED="see `outcome`")


class ReviewOutcome(StrEnum):
    """What came of a review."""

    CONFIRMED = "CONFIRMED"
    OVERRIDDEN = "OVERRIDDEN"
    DATA_REQUESTED = "DATA_REQUESTED"
    DISMISSED = "DISMISSED"
    LAPSED = "LAPSED"


declare(
    ReviewOutcome,
    "What came of a review.",
    CONFIRMED="the decision is right",
    OVERRIDDEN="a tier was set by hand",
    DATA_REQUESTED="data are being got",
    DISMISSED="there was nothing to look at",
    LAPSED="a later decision no longer has the reason; said by a run, never by a person",
)


async def _tier(root: DecisionReviewView, info: Info) -> Titled | None:
    """The tier at stake: the one that is kept, whose start is near, or that the customer was moved to."""
    return tier_of(await info.context.live_book(), root.market, root.tier)


def _distance(root: DecisionReviewView) -> Decimal | None:
    """Iff NEAR_THRESHOLD: the score minus the tier's start, in points."""
    return None if root.distance is None else Decimal(root.distance) / POINTS_SCALE


async def _value(root: DecisionReviewView, info: Info) -> MoneySource | None:
    """The customer's lifetime value at that decision; null: unknown."""
    book = await info.context.live_book()
    return None if root.value is None or book is None else money_of(root.value, book.currency)


def _closed_by(root: DecisionReviewView) -> ActorSource | None:
    """Who closed it; null while OPEN, and where it lapsed."""
    return None if root.closed_by is None else ActorSource(root.closed_by)


@described
class DecisionReview(Node):
    """A decision that a person should look at; made by a run, closed by a person or by a later run."""

    is_type_of = backed_by(DecisionReviewView)

    id: strawberry.ID = identified(Kind.REVIEW)
    reason: DecisionReviewReason = told("Why a person should look.")
    state: ReviewState = told("Whether somebody still has to look.")
    market: Market = told("Of the customer.")
    customer: CustomerLater = answered(customer_of)
    decision: DecisionLater = answered(decision_of)
    tier: Tier = answered(_tier)
    distance: Decimal | None = answered(_distance)
    value: Money | None = answered(_value)
    assignee: str | None = told("Null: nobody.")
    outcome: ReviewOutcome | None = told("What came of it; null while OPEN.")
    note: str | None = told("In words; null: none.")
    made_at: datetime = told("When the run made it.")
    closed_by: Actor | None = answered(_closed_by)
    closed_at: datetime | None = told("Null while OPEN.")
    version: int = told("For `expectedVersion`; rises with every change.")


@given
class DecisionReviewFilter:
    """All given parts must hold."""

    state: list[ReviewState] | None = given_or(None, "Any of these.")
    reason: list[DecisionReviewReason] | None = given_or(None, "Any of these.")
    outcome: list[ReviewOutcome] | None = given_or(None, "Any of these.")
    assignee: str | None = given_or(None, "Who has it.")
    market: Market | None = given_or(None, "Of the customer.")


async def _reviews(
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    filter: Annotated[DecisionReviewFilter | None, strawberry.argument(description="Which reviews.")] = None,
) -> Paged:
    """The queue of decisions that a person should look at, newest first."""
    kept = ReviewFilter()
    if filter is not None:
        kept = ReviewFilter(
            states=None if filter.state is None else tuple(filter.state),
            reasons=None if filter.reason is None else tuple(filter.reason),
            outcomes=None if filter.outcome is None else tuple(filter.outcome),
            assignee=filter.assignee,
            market=None if filter.market is None else filter.market.value,
        )
    slice_ = slice_of(first, after, last, before)
    return await listed(
        info,
        partial(decision_reviews_page, filter_=kept, slice_=slice_),
        partial(count_decision_reviews, filter_=kept),
    )


@described
class ReviewQueries:
    """Questions about reviews."""

    reviews: Connection[DecisionReview] | None = answered(_reviews)
