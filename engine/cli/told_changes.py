"""What `touchstone rules log` tells of a rule change: state, people, edits, and why an approval counts no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from engine.cli.commands.rules.group import edits_as_json
from engine.operations.local_time import local_words
from engine.operations.rule_life import STATE_TEXTS, State, void_review
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from engine.errors import TouchstoneError
    from engine.operations.rule_life import Activation
    from engine.rulebook import Edit
    from engine.store.tables import ReviewRow, RuleChangeRow

_NAMES = (
    "id", "revision", "base_revision", "state", "actor", "on_behalf_of", "reason", "at", "live_from", "live_until",
    "published_by", "bootstrap", "approvers_needed", "preview_digest", "snapshot", "valid_until", "version",
    "activate_at", "activate_zone", "scheduled_by", "schedule_reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Logged:
    """A change with what belongs to it.

    Attributes:
        fault: What is wrong with one of its revisions; then no edits are told.
        void: Why its preview carries no approval any more.
    """

    change: RuleChangeRow
    edits: tuple[Edit, ...]
    fault: TouchstoneError | None
    reviews: Sequence[ReviewRow]
    void: Text | None


def logged_as_json(entry: Logged) -> dict[str, Any]:
    """The `--json` shape of a change."""
    told = {name: getattr(entry.change, name) for name in _NAMES}
    reviews = []
    for review in entry.reviews:
        names = ("actor", "on_behalf_of", "approved", "note", "at", "revision", "snapshot")
        why = void_review(review, entry.change)
        reviews.append({**{name: getattr(review, name) for name in names}, "voided": None if why is None else why.en})
    void = None if entry.void is None else entry.void.en
    told["attention"] = entry.change.attention_en
    return {**told, "voided": void, "reviews": reviews, "edits": edits_as_json(entry.edits)}


def activation_as_json(one: Activation) -> dict[str, Any]:
    """The `--json` shape of a schedule that was due."""
    told = {"change": one.change_id, "revision": one.revision, "due": one.due, "at": one.at, "zone": one.zone}
    return {**told, "live": one.why is None, "attention": None if one.why is None else one.why.en}


def log_lines(entry: Logged, zone: ZoneInfo, locale: Locale) -> Iterator[str]:
    """A change for people."""
    change, zh = entry.change, locale is Locale.ZH
    state = change.state if not zh else STATE_TEXTS[State(change.state)].zh
    at = f"{change.at.astimezone(zone):%Y-%m-%d %H:%M}"
    yield f"{at}  #{change.id} {state}  {change.revision[:19]}  {change.actor}: {change.reason}"
    if entry.void is not None:
        yield f"    ⚠ {entry.void.within(locale)}"
    for review in entry.reviews:
        why = void_review(review, change)
        word = ("批准" if zh else "approved by") if review.approved else ("驳回" if zh else "rejected by")
        told = f"{review.actor} {word}" if zh else f"{word} {review.actor}"
        more = f": {review.note}" if review.note else ""
        yield f"    {told}{more}" + ("" if why is None else f"  ({why.within(locale)})")
    if change.activate_at is not None:
        yield f"    {_schedule(change).within(locale)}"
    if change.live_from is not None and change.live_from != change.at:
        since = f"{change.live_from.astimezone(zone):%Y-%m-%d %H:%M}"
        yield (
            f"    {since} 起生效，由 {change.published_by} 发布"
            if zh
            else f"    live from {since}, published by {change.published_by}"
        )
    for edit in entry.edits:
        yield f"    {edit.text.within(locale)}"
    if entry.fault is not None:
        yield f"    ⚠ {entry.fault.message.within(locale)}"


def _schedule(change: RuleChangeRow) -> Text:
    """When it goes live by itself, was to, or was due."""
    assert change.activate_at is not None
    due, by = local_words(change.activate_at, change.activate_zone or "UTC"), change.scheduled_by
    why = f": {change.schedule_reason}" if change.schedule_reason else ""
    if change.attention_en is not None:
        return Text(
            f"⚠ was due {due}, scheduled by {by}{why}; stopped: {change.attention_en}",
            f"⚠ 原定 {due} 生效，由 {by} 安排{why}；已中止：{change.attention_zh}",
        )
    if change.live_from is not None:
        return Text(f"was due {due}, scheduled by {by}{why}", f"原定 {due} 生效，由 {by} 安排{why}")
    return Text(f"goes live {due}, scheduled by {by}{why}", f"定于 {due} 生效，由 {by} 安排{why}")
