"""Rule changes: proposed and published revisions with their trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import strawberry
from sqlalchemy.orm import Session

from engine.operations.publishing import book_of
from engine.operations.rule_life import change_of, seen_again, void_review
from engine.operations.touching import changes_touching
from engine.rulebook import Edit, diff_books
from engine.store.reading import (
    CustomerView,
    Kind,
    ReviewView,
    RuleChangeView,
    count_rule_changes,
    newest_shadows,
    reviews_of_changes,
    revision_bases,
    rule_changes_by_ids,
    rule_changes_page,
    slice_of,
)
from engine.store.reading import (
    RuleChangeFilter as KeptChanges,
)
from engine.vocabulary import Text
from schema.basics import Actor, ActorSource
from schema.context import Info, LocaleArgument
from schema.deadlines import in_thread
from schema.describing import answered, backed_by, described, given, given_or, identified, told
from schema.lists import ChangeState
from schema.previewing import PreviewSource, counted
from schema.previews import Preview
from schema.relay import After, Before, Connection, First, Last, Node, Paged, listed
from schema.rule_moves import (
    MovedDecisions,
    SeenPreview,
    failed_tests,
    moved_decisions,
    moved_with,
    publish_reason,
    seen_preview,
    withdraw_reason,
)
from schema.rulebooks import BookSource, Rulebook, RuleEdit, book_source
from schema.scalars import Hash
from schema.shadow_sources import ShadowSource
from schema.shadows import Shadow


async def _rulebook(root: RuleChangeView, info: Info) -> BookSource:
    """The rule book it brings."""
    return await book_source(info, root.revision)


async def _restores(root: RuleChangeView, info: Info) -> RuleChangeView | None:
    """The change this one rolls back to; null: not a rollback."""
    return None if root.restores_id is None else await info.context.load(rule_changes_by_ids, root.restores_id)


def _actor(root: RuleChangeView) -> ActorSource:
    """Who proposed it."""
    return ActorSource(root.actor)


def _on_behalf_of(root: RuleChangeView | ReviewSource) -> ActorSource | None:
    """For whom they acted, who may not approve it either; null: for themselves."""
    return None if root.on_behalf_of is None else ActorSource(root.on_behalf_of)


def _published_by(root: RuleChangeView) -> ActorSource | None:
    """Who made it live; null: it never was."""
    return None if root.published_by is None else ActorSource(root.published_by)


async def _diff(root: RuleChangeView, info: Info) -> tuple[Edit, ...]:
    """Semantic edits against the revision it started from; of the first one: everything."""
    before = None if root.base_revision is None else await info.context.book(root.base_revision)
    return await in_thread(partial(diff_books, before, await info.context.book(root.revision)))


async def _preview(root: RuleChangeView, info: Info) -> PreviewSource | None:
    """Stored when it was made, on the base of then; approvals bind to it. Null: none was made, or the base has moved
    since and does not give exactly this preview any more."""
    if root.preview_digest is None:
        return None
    return await info.context.read(partial(_seen_again, change_id=root.id))


def _seen_again(session: Session, change_id: int) -> PreviewSource | None:
    done = seen_again(session, change_of(session, change_id))
    return None if done is None else counted(PreviewSource(done))


async def _reviews(root: RuleChangeView, info: Info) -> list[ReviewSource]:
    """Every verdict, oldest first, those that no longer count too."""
    found = await info.context.load(reviews_of_changes, root.id) or ()
    return [ReviewSource(review, root) for review in found]


def _attention(root: RuleChangeView, info: Info, locale: LocaleArgument = None) -> str | None:
    """Why its scheduled activation stopped; null unless NEEDS_ATTENTION."""
    if root.attention_en is None:
        return None
    return Text(root.attention_en, root.attention_zh or "").within(info.context.in_locale(locale))


async def _shadow(root: RuleChangeView, info: Info) -> ShadowSource | None:
    """The last time it decided beside the live rules; null: it never did."""
    found = await info.context.load(newest_shadows, root.id)
    return None if found is None else ShadowSource(found)


@dataclass(frozen=True, slots=True)
class ReviewSource:
    """Source of `Review`."""

    review: ReviewView
    change: RuleChangeView

    def __getattr__(self, name: str) -> Any:
        return getattr(self.review, name)


def _reviewer(root: ReviewSource) -> ActorSource:
    """Who reviewed it; never its author."""
    return ActorSource(root.review.actor)


def _voided(root: ReviewSource, info: Info, locale: LocaleArgument = None) -> str | None:
    """Why it no longer counts; null: it counts."""
    why = void_review(root.review, root.change)
    return None if why is None else why.within(info.context.in_locale(locale))


@described
class Review:
    """A verdict on exactly this content, preview and base."""

    actor: Actor = answered(_reviewer)
    on_behalf_of: Actor | None = answered(_on_behalf_of)
    approved: bool = told("False: rejected.")
    note: str | None = told("In the reviewer's words.")
    at: datetime = told("When.")
    revision: Hash = told("Content hash of what was reviewed.")
    snapshot: Hash = told("Of the preview that was reviewed.")
    voided: str | None = answered(_voided)


@described
class RuleChange(Node):
    """A proposed or published revision with its trail."""

    is_type_of = backed_by(RuleChangeView)

    id: strawberry.ID = identified(Kind.RULE_CHANGE)
    state: ChangeState = told("How far it has come.")
    revision: Hash = told("Content hash of the proposal; an edit makes a new one and voids approvals.")
    rulebook: Rulebook = answered(_rulebook)
    base_revision: Hash | None = told("Live revision it started from; null: an empty store.")
    bootstrap: bool = told(
        "Published without an approval, as no rules could ask for one: the first revision of an empty store, or one "
        "after a revision that cannot be read."
    )
    restores: RuleChange | None = answered(_restores)
    actor: Actor = answered(_actor)
    on_behalf_of: Actor | None = answered(_on_behalf_of)
    reason: str = told("Why, in the actor's words.")
    at: datetime = told("When it was proposed.")
    diff: list[RuleEdit] = answered(_diff)
    live_from: datetime | None = told("Null until it is or was live.")
    live_until: datetime | None = told("Null while live.")
    published_by: Actor | None = answered(_published_by)
    publish_reason: str | None = answered(publish_reason)
    withdraw_reason: str | None = answered(withdraw_reason)
    failed_tests: list[str] = answered(failed_tests)
    preview: Preview | None = answered(_preview)
    seen: SeenPreview | None = answered(seen_preview)
    moved: MovedDecisions = answered(moved_decisions)
    moved_with: list[strawberry.ID] = answered(moved_with)
    reviews: list[Review] = answered(_reviews)
    approvers_needed: int = told("How many others than its author must approve; a crossed guardrail asks for two.")
    activate_at: datetime | None = told("Scheduled activation, kept once it is live; null: none.")
    activate_zone: str | None = told("Time zone in which `activateAt` was said; null: none.")
    attention: str | None = answered(_attention)
    shadow: Shadow | None = answered(_shadow)
    version: int = told("For `expectedVersion`; rises with every change.")


@given
class RuleChangeFilter:
    """`item`: begins with this address, e.g. `b2b.tiers.A`."""

    state: list[ChangeState] | None = given_or(None, "Any of these.")
    actor: str | None = given_or(None, "Who proposed it.")
    item: str | None = given_or(None, "Some edit's address begins with this.")
    from_: datetime | None = given_or(None, "Proposed at or after.", name="from")
    to: datetime | None = given_or(None, "Proposed before.")


async def _rule_changes(
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    filter: Annotated[RuleChangeFilter | None, strawberry.argument(description="Which changes.")] = None,
) -> Paged:
    """Rule changes, newest first."""
    kept = KeptChanges()
    if filter is not None:
        kept = KeptChanges(
            states=None if filter.state is None else tuple(filter.state),
            actor=filter.actor,
            from_at=await info.context.instant_or_none(filter.from_),
            to_at=await info.context.instant_or_none(filter.to),
        )
        if filter.item is not None:
            kept = replace(kept, ids=await info.context.read(partial(_touching, item=filter.item)))
    slice_ = slice_of(first, after, last, before)
    return await listed(
        info, partial(rule_changes_page, filter_=kept, slice_=slice_), partial(count_rule_changes, filter_=kept)
    )


async def changes_of_customer(
    root: CustomerView,
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Paged:
    """Rule changes that are a part of one of this customer's score or tier changes, newest first."""
    kept = KeptChanges(ids=await info.context.load(changes_touching, root.id) or ())
    slice_ = slice_of(first, after, last, before)
    return await listed(
        info, partial(rule_changes_page, filter_=kept, slice_=slice_), partial(count_rule_changes, filter_=kept)
    )


def _touching(session: Session, item: str) -> tuple[int, ...]:
    """Changes with an edit whose address begins with `item`."""
    touching = []
    for number, revision, base in revision_bases(session):
        before = None if base is None else book_of(session, base)
        edits: Sequence[Edit] = diff_books(before, book_of(session, revision))
        if any(edit.item.startswith(item) for edit in edits):
            touching.append(number)
    return tuple(touching)


@described
class RuleChangeQueries:
    """Questions about rule changes."""

    rule_changes: Connection[RuleChange] | None = answered(_rule_changes)
