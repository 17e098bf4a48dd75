"""What `touchstone rules log` tells of a rule change: state, people, edits, and why an approval counts no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from engine.cli.commands.rules.group import edits_as_json
from engine.operations.local_time import local_words
from engine.operations.rule_life import STATE_TEXTS, State, void_review
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from datetime import datetime

    from engine.errors import TouchstoneError
    from engine.operations.rule_life import Activation, Figures, Trail, Withdrawal
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
        trail: Why it was made live or taken back; which of its tests failed.
        shown: What its preview showed when it was made; None: none was made, or it is damaged.
    """

    change: RuleChangeRow
    edits: tuple[Edit, ...]
    fault: TouchstoneError | None
    reviews: Sequence[ReviewRow]
    void: Text | None
    trail: Trail
    shown: Figures | None


def logged_as_json(entry: Logged) -> dict[str, Any]:
    """The `--json` shape of a change."""
    told = {name: getattr(entry.change, name) for name in _NAMES}
    reviews = []
    for review in entry.reviews:
        names = ("actor", "on_behalf_of", "approved", "note", "at", "revision", "snapshot")
        why = void_review(review, entry.change)
        reviews.append({**{name: getattr(review, name) for name in names}, "voided": None if why is None else why.en})
    void = None if entry.void is None else entry.void.en
    told |= {"attention": entry.change.attention_en, "restores": entry.change.restores_id, **asdict(entry.trail)}
    told["preview"] = None if entry.shown is None else asdict(entry.shown)
    return {**told, "voided": void, "reviews": reviews, "edits": edits_as_json(entry.edits)}


def activation_as_json(one: Activation) -> dict[str, Any]:
    """The `--json` shape of a schedule that was due."""
    told = {"change": one.change_id, "revision": one.revision, "due": one.due, "at": one.at, "zone": one.zone}
    return {**told, "live": one.why is None, "attention": None if one.why is None else one.why.en}


def log_lines(entry: Logged, zone: ZoneInfo, locale: Locale) -> Iterator[str]:
    """A change for people."""
    change, zh = entry.change, locale is Locale.ZH
    state = change.state if not zh else STATE_TEXTS[State(change.state)].zh
    who = _whose(change.actor, change.on_behalf_of)
    why = Text(f"{who.en}: {change.reason}", f"{who.zh}：{change.reason}").within(locale)
    yield f"{_minute(change.at, zone)}  #{change.id} {state}  {change.revision[:19]}  {why}"
    if change.restores_id is not None:
        yield f"    回滚至变更 {change.restores_id}" if zh else f"    rolls back to change {change.restores_id}"
    if entry.void is not None:
        yield f"    ⚠ {entry.void.within(locale)}"
    if entry.shown is not None:
        yield f"    {_shown(entry.shown).within(locale)}"
    yield from (f"    {_reviewed(review, change, zone).within(locale)}" for review in entry.reviews)
    if entry.trail.failed_tests:
        yield f"    ⚠ {told_failed(entry.trail.failed_tests).within(locale)}"
    if change.activate_at is not None:
        yield f"    {_schedule(change).within(locale)}"
    if change.live_from is not None and change.live_from != change.at:
        yield f"    {_live(change, entry.trail.publish_reason, zone).within(locale)}"
    if entry.trail.withdrawal is not None:
        yield f"    {_withdrawn(entry.trail.withdrawal, zone).within(locale)}"
    for edit in entry.edits:
        yield f"    {edit.text.within(locale)}"
    if entry.fault is not None:
        yield f"    ⚠ {entry.fault.message.within(locale)}"


def _shown(figures: Figures) -> Text:
    """What the preview said that reviewers had before them."""
    moved, down = f"{figures.moved:,}", f"{figures.moved_down:,}"
    return Text(
        f"preview: {moved} of {figures.customers:,} customers would move, {down} of them down",
        f"预览：{figures.customers:,} 位客户中 {moved} 位将变动，其中 {down} 位下降",
    )


def _reviewed(review: ReviewRow, change: RuleChangeRow, zone: ZoneInfo) -> Text:
    at, why = _minute(review.at, zone), void_review(review, change)
    note = Text(f": {review.note}", f"：{review.note}") if review.note else Text("", "")
    void = Text("", "") if why is None else Text(f"  ({why.en})", f"（{why.within(Locale.ZH)}）")
    words = ("approved", "批准") if review.approved else ("rejected", "驳回")
    who = _whose(review.actor, review.on_behalf_of)
    return Text(f"{at} {words[0]} by {who.en}{note.en}{void.en}", f"{at} {who.zh} {words[1]}{note.zh}{void.zh}")


def _withdrawn(withdrawal: Withdrawal, zone: ZoneInfo) -> Text:
    at, who = _minute(withdrawal.at, zone), _whose(withdrawal.actor, withdrawal.on_behalf_of)
    return Text(f"{at} withdrawn by {who.en}: {withdrawal.reason}", f"{at} {who.zh} 撤回：{withdrawal.reason}")


def _whose(actor: str, on_behalf_of: str | None) -> Text:
    """A person, and for whom they act."""
    return Text(
        actor if on_behalf_of is None else f"{actor} (for {on_behalf_of})",
        actor if on_behalf_of is None else f"{actor}（代 {on_behalf_of}）",
    )


def told_failed(tests: Sequence[str]) -> Text:
    """Which tests in the rule files of a change fail."""
    return Text(f"Tests in the rule files fail: {'; '.join(tests)}.", f"规则文件中有测试未通过：{'、'.join(tests)}。")


def _live(change: RuleChangeRow, reason: str | None, zone: ZoneInfo) -> Text:
    assert change.live_from is not None
    at, by = _minute(change.live_from, zone), change.published_by
    why = Text(f": {reason}", f"：{reason}") if reason else Text("", "")
    return Text(f"{at} live, published by {by}{why.en}", f"{at} 起生效，由 {by} 发布{why.zh}")


def _minute(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


def _schedule(change: RuleChangeRow) -> Text:
    """When it goes live by itself, was to, or was due."""
    assert change.activate_at is not None
    due, by = local_words(change.activate_at, change.activate_zone or "UTC"), change.scheduled_by
    reason = change.schedule_reason
    why = Text(f": {reason}", f"：{reason}") if reason else Text("", "")
    if change.attention_en is not None:
        return Text(
            f"⚠ was due {due}, scheduled by {by}{why.en}; stopped: {change.attention_en}",
            f"⚠ 原定 {due} 生效，由 {by} 安排{why.zh}；已中止：{change.attention_zh}",
        )
    if change.live_from is not None:
        return Text(f"was due {due}, scheduled by {by}{why.en}", f"原定 {due} 生效，由 {by} 安排{why.zh}")
    return Text(f"goes live {due}, scheduled by {by}{why.en}", f"定于 {due} 生效，由 {by} 安排{why.zh}")
