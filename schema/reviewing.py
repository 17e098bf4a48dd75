"""Commands over reviews: who takes one, and what came of it."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

import strawberry

from engine.operations.decision_reviews import assign_review, close_review
from engine.store.reading import Kind, decision_reviews_by_ids, read_number
from schema.basics import UserError
from schema.commands import Payload, Refused, attempt
from schema.context import Info
from schema.describing import answered, described, given, given_or, told
from schema.reviews import DecisionReview, ReviewOutcome

_KEY: Final = "The same key with the same input gives the first answer again; kept 24 hours."
_PLACES: Final = {"CONFLICT": "expectedVersion", "NOT_FOUND": "review", "WRONG_STATE": "review"}


@given
class AssignReviewInput:
    """Who is to look."""

    idempotency_key: str = told(_KEY)
    review: strawberry.ID = told("Global id of the review.")
    assignee: str | None = given_or(None, "Null: nobody any more.")
    expected_version: int = told("Of the review.")


@given
class CloseReviewInput:
    """What came of a review."""

    idempotency_key: str = told(_KEY)
    review: strawberry.ID = told("Global id of the review.")
    outcome: ReviewOutcome = told("Any but LAPSED; OVERRIDDEN needs a tier set by hand.")
    note: str | None = given_or(None, "In words.")
    expected_version: int = told("Of the review.")


@described
class DecisionReviewPayload:
    """The thing, or why not."""

    review: DecisionReview | None = told("Null with user errors.")
    user_errors: list[UserError] = told("What the caller can correct; empty: it was done.")


async def _assign_review(
    info: Info, input: Annotated[AssignReviewInput, strawberry.argument(description="Which, and who.")]
) -> Payload:
    """Gives an open review to somebody."""
    context = info.context
    command = partial(
        assign_review,
        context.services.database,
        read_number(input.review, Kind.REVIEW),
        input.assignee,
        context.actor,
        context.now,
        input.expected_version,
        input.idempotency_key,
    )
    done = await attempt(info, command, {**_PLACES, "INVALID": "assignee", "REQUIRED": "assignee"})
    if isinstance(done, Refused):
        return Payload(done.errors)
    return Payload(things={"review": await context.load(decision_reviews_by_ids, done)})


async def _close_review(
    info: Info, input: Annotated[CloseReviewInput, strawberry.argument(description="Which, and what came of it.")]
) -> Payload:
    """Closes a review; it comes again only after a decision without the reason."""
    context = info.context
    command = partial(
        close_review,
        context.services.database,
        read_number(input.review, Kind.REVIEW),
        input.outcome.value,
        context.actor,
        context.now,
        input.note,
        input.expected_version,
        input.idempotency_key,
    )
    done = await attempt(info, command, {**_PLACES, "INVALID": "outcome"})
    if isinstance(done, Refused):
        return Payload(done.errors)
    return Payload(things={"review": await context.load(decision_reviews_by_ids, done)})


@described
class ReviewMutations:
    """Commands over reviews."""

    assign_review: DecisionReviewPayload | None = answered(_assign_review)
    close_review: DecisionReviewPayload | None = answered(_close_review)
