"""Rule changes and reviews beside what the ledger says of them: every step of a change is an entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.access import person_key
from engine.errors import TouchstoneError
from engine.operations.misfit import Misfit, differences, entries_of, gone, without_entry
from engine.operations.publishing import book_of
from engine.operations.rule_life import State
from engine.store.tables import ReviewRow, RuleChangeRow
from engine.vocabulary import EntryKind

_VERDICTS: Final = {EntryKind.RULES_APPROVED.value: True, EntryKind.RULES_REJECTED.value: False}
_STEPS: Final = (
    EntryKind.RULES_PROPOSED,
    EntryKind.RULES_APPROVED,
    EntryKind.RULES_REJECTED,
    EntryKind.RULES_WITHDRAWN,
    EntryKind.RULES_SCHEDULED,
    EntryKind.RULES_UNSCHEDULED,
    EntryKind.RULES_STOPPED,
    EntryKind.RULES_PUBLISHED,
    EntryKind.RULES_ROLLED_BACK,
)
_BY_ITSELF: Final = ("activate_at", "activate_zone", "scheduled_by", "schedule_reason", "attention")
_UNSCHEDULED: Final = dict.fromkeys(_BY_ITSELF)
"""What a change says of a schedule when it has none."""
_ReviewKey = tuple[int, int, str]


@dataclass(slots=True)
class _Ledger:
    """What the entries say, one after another.

    Attributes:
        changes: By number, the last entry about a change and what its row has to hold since.
        reviews: By change, round and reviewer's key, the entry of a review and what its row has to hold.
        live: The change that is live.
    """

    changes: dict[int, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    reviews: dict[_ReviewKey, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    live: int | None = None

    def take(self, position: int, entry: Mapping[str, Any]) -> None:
        """Go one entry on."""
        body, kind = entry["body"], entry["kind"]
        number = int(body["change"])
        known = self.changes[number][1] if number in self.changes else _begun(entry)
        if kind == EntryKind.RULES_PROPOSED:
            said = {**known, **_UNSCHEDULED, **_proposed(entry), "state": body["state"]}
        elif kind in _VERDICTS:
            self.reviews[number, int(body["round"]), person_key(entry["actor"])] = (position, _review(entry))
            said = {**known, "state": body["state"]}
        elif kind == EntryKind.RULES_WITHDRAWN:
            said = {**known, **_UNSCHEDULED, "state": State.WITHDRAWN.value}
        elif kind in _SCHEDULES:
            said = {**known, **_SCHEDULES[kind](entry)}
        else:
            said = self._published(position, entry, known if number in self.changes else {**known, **_at_once(entry)})
        self.changes[number] = (position, said)

    def _published(self, position: int, entry: Mapping[str, Any], known: dict[str, Any]) -> dict[str, Any]:
        at = datetime.fromisoformat(entry["at"])
        if self.live is not None:
            ended = State.SUPERSEDED if entry["kind"] == EntryKind.RULES_PUBLISHED else State.ROLLED_BACK
            before = {**self.changes[self.live][1], "state": ended.value, "live_until": at}
            self.changes[self.live] = (position, before)
        self.live = int(entry["body"]["change"])
        return {**known, "state": State.LIVE.value, "live_from": at, "live_until": None, "by": entry["actor"]}


def change_misfits(session: Session) -> Iterator[Misfit]:
    """Rule changes, the text of their revisions, and reviews that are not as the ledger says."""
    ledger = _Ledger()
    for position, entry in entries_of(session, *_STEPS):
        ledger.take(position, entry)
    rows = {row.id: row for row in session.execute(select(RuleChangeRow)).scalars()}
    for number, (position, said) in sorted(ledger.changes.items(), key=lambda one: one[1][0]):
        row = rows.pop(number, None)
        if row is None:
            yield gone(position, _change(number))
            continue
        yield from differences(position, _change(number), said, _stored(row))
        try:
            book_of(session, row.revision)
        except TouchstoneError as error:
            yield Misfit(position, error.message)
    yield from (without_entry(_change(number)) for number in sorted(number or 0 for number in rows))
    yield from _review_misfits(session, ledger)


def _review_misfits(session: Session, ledger: _Ledger) -> Iterator[Misfit]:
    left = dict(ledger.reviews)
    for row in session.execute(select(ReviewRow).order_by(ReviewRow.id)).scalars():  # type: ignore[arg-type]
        position, said = left.pop((row.change_id, row.round, person_key(row.actor)), (None, {}))
        name = _review_name(row.change_id, row.actor)
        if position is None:
            yield without_entry(name)
        else:
            yield from differences(position, name, said, _stored_review(row))
    for (number, _, _), (position, said) in left.items():
        yield gone(position, _review_name(number, said["reviewer"]))


def _change(number: int) -> tuple[str, str]:
    return f"rule change {number}", f"规则变更 {number}"


def _review_name(number: int, reviewer: str) -> tuple[str, str]:
    return f"the review of rule change {number} by {reviewer}", f"{reviewer} 对规则变更 {number} 的审批"


def _begun(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the first entry about a change says of it, whichever it is."""
    at = datetime.fromisoformat(entry["at"])
    return {"at": at, "live_from": None, "live_until": None, "by": entry["actor"], **_UNSCHEDULED}


def _proposed(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry says of a proposal; every edit says all of it again."""
    body = entry["body"]
    return {
        "revision": body["revision"],
        "base": body["base"],
        "author": (body["author"], person_key(body["author"])),
        "on_behalf_of": (body["on_behalf_of"], person_key(body["on_behalf_of"] or "")),
        "reason": entry["reason"],
        "round": body["round"],
        "approvers_needed": body["approvers_needed"],
        "preview": (body["preview"], body["preview"]),
        "snapshot": body["snapshot"],
        "valid_until": None if body["valid_until"] is None else datetime.fromisoformat(body["valid_until"]),
        "restores": body["restores"],
        "bootstrap": False,
    }


def _at_once(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry says of files published without a proposal."""
    body = entry["body"]
    said = {
        "revision": body["revision"],
        "author": (entry["actor"], person_key(entry["actor"])),
        "on_behalf_of": (None, ""),
        "reason": entry["reason"],
        "approvers_needed": 0,
        "preview": (None, None),
    }
    return said | {name: body[name] for name in ("base", "bootstrap", "restores") if name in body}


def _scheduled(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry says of a change that is to go live by itself."""
    body = entry["body"]
    return {
        "state": State.SCHEDULED.value,
        "activate_at": datetime.fromisoformat(body["activate_at"]),
        "activate_zone": body["zone"],
        "scheduled_by": entry["actor"],
        "schedule_reason": entry["reason"],
        "attention": None,
    }


def _unscheduled(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**_UNSCHEDULED, "state": State.APPROVED.value}


def _stopped(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"state": State.NEEDS_ATTENTION.value, "attention": tuple(entry["body"]["attention"])}


_SCHEDULES: Final = {
    EntryKind.RULES_SCHEDULED.value: _scheduled,
    EntryKind.RULES_UNSCHEDULED.value: _unscheduled,
    EntryKind.RULES_STOPPED.value: _stopped,
}


def _review(entry: Mapping[str, Any]) -> dict[str, Any]:
    body = entry["body"]
    return {
        "reviewer": entry["actor"],
        "reviewer_for": (body["reviewer_for"], person_key(body["reviewer_for"] or "")),
        "approved": _VERDICTS[entry["kind"]],
        "note": entry["reason"],
        "at": datetime.fromisoformat(entry["at"]),
        "revision": body["revision"],
        "base": body["base"],
        "preview": body["preview"],
        "snapshot": body["snapshot"],
    }


def _stored(row: RuleChangeRow) -> dict[str, Any]:
    """A row under the names entries use; names of people beside what they are compared by."""
    preview = None if row.preview is None else f"sha256:{sha256(row.preview.encode()).hexdigest()}"
    return {
        "at": row.at,
        "state": row.state,
        "revision": row.revision,
        "base": row.base_revision,
        "author": (row.actor, row.author_key),
        "on_behalf_of": (row.on_behalf_of, row.on_behalf_key),
        "reason": row.reason,
        "round": row.round,
        "approvers_needed": row.approvers_needed,
        "preview": (row.preview_digest, preview),
        "snapshot": row.snapshot,
        "valid_until": row.valid_until,
        "restores": row.restores_id,
        "bootstrap": row.bootstrap,
        "live_from": row.live_from,
        "live_until": row.live_until,
        "by": row.published_by or row.actor,
        **{name: getattr(row, name) for name in _BY_ITSELF if name != "attention"},
        "attention": None if row.attention_en is None else (row.attention_en, row.attention_zh),
    }


def _stored_review(row: ReviewRow) -> dict[str, Any]:
    return {
        "reviewer": row.actor,
        "reviewer_for": (row.on_behalf_of, row.on_behalf_key),
        "approved": row.approved,
        "note": row.note,
        "at": row.at,
        "revision": row.revision,
        "base": row.base_revision,
        "preview": row.preview_digest,
        "snapshot": row.snapshot,
    }
