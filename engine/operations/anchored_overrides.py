"""Tiers set by hand beside what the ledger says of them: every step of one is an entry.

What a new one ends goes without an entry of its own and follows from the rule that a customer has one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.access import person_key
from engine.operations.anchors import digest_of_words, erased_customers
from engine.operations.misfit import Misfit, differences, entries_of, gone, never_begun, without_entry
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, OverrideRow
from engine.vocabulary import EntryKind

Said = dict[str, Any]


@dataclass(slots=True)
class _Ledger:
    """What the entries say, one after another.

    Attributes:
        rows: By number, the last entry about an override and what its row has to hold since.
        running: By customer, the numbers of those that have neither ended nor been refused.
    """

    rows: dict[int, tuple[int, Said]] = field(default_factory=dict)
    running: dict[int, set[int]] = field(default_factory=dict)

    def take(self, position: int, entry: Mapping[str, Any]) -> Misfit | None:
        """Go one entry on; gives what is wrong with it, if it goes on with what never began."""
        body, at = entry["body"], datetime.fromisoformat(entry["at"])
        number, customer = int(body["override"]), int(body["customer"])
        said: Said = {"customer": customer, **self.rows[number][1]} if number in self.rows else {"customer": customer}
        step = next((_STEPS[name] for name in _STEPS if name in body), _begun)
        if step is not _begun and number not in self.rows:
            return never_begun(position, _name(number))
        said |= step(entry, at)
        self.rows[number] = (position, said)
        if said.get("ended_at") is not None or said.get("approved") is False:
            self.running.get(customer, set()).discard(number)
        elif "ended" not in body and "expired" not in body:
            self._end_others(position, number, said, at)
        return None

    def _end_others(self, position: int, number: int, said: Said, at: datetime) -> None:
        """One in force ends all others that run, one that waits those that wait."""
        running, waits = self.running.setdefault(said["customer"], set()), _waits(said)
        for other in sorted(running):
            theirs = self.rows[other][1]
            if other != number and theirs["expires_at"] > at and (_waits(theirs) or not waits):
                self.rows[other] = (position, {**theirs, "ended_at": at})
                running.discard(other)
        running.add(number)


def override_misfits(session: Session) -> Iterator[Misfit]:
    """Tiers set by hand that are not as the ledger says; those of erased persons went with them."""
    ledger, erased = _Ledger(), erased_customers(session)
    for position, entry in entries_of(session, EntryKind.OVERRIDE):
        wrong = ledger.take(position, entry)
        if wrong is not None:
            yield wrong
    customer = table_of(CustomerRow)
    query = select(OverrideRow, customer.c.salt).join(customer, customer.c.id == OverrideRow.customer_id)
    rows = {row.id or 0: (row, bytes(salt)) for row, salt in session.execute(query)}
    for number, (position, said) in sorted(ledger.rows.items(), key=lambda one: one[1][0]):
        found = rows.pop(number, None)
        if found is not None:
            yield from differences(position, _name(number), said, _stored(*found))
        elif said["customer"] not in erased:
            yield gone(position, _name(number))
    yield from (without_entry(_name(number)) for number in sorted(rows))


def _name(number: int) -> tuple[str, str]:
    return f"the tier set by hand {number}", f"人工评级 {number}"


def _waits(said: Said) -> bool:
    return bool(said["needs_approval"]) and said["approved"] is None


def _begun(entry: Mapping[str, Any], at: datetime) -> Said:
    """What the first entry says; older ones say less."""
    body = entry["body"]
    other = body.get("on_behalf_of")
    said = {
        "tier": body["tier"],
        "by": (entry["actor"], person_key(entry["actor"])),
        "on_behalf_of": (other, person_key(other or "")),
        "from_at": at,
        "expires_at": datetime.fromisoformat(body["expires_at"]),
        "needs_approval": "pending" in body,
        "approved": None,
        "approver": (None, None),
        "ended_at": None,
        "expiry_at": None,
    }
    return said | {name: body[name] for name in ("computed", "decided_by", "said") if name in body}


def _verdict(entry: Mapping[str, Any], at: datetime) -> Said:
    """What the second person's entry says."""
    body = entry["body"]
    other = body["reviewer_for"]
    said: Said = {
        "approved": body["approved"],
        "approver": (entry["actor"], person_key(entry["actor"])),
        "approver_for": (other, person_key(other or "")),
        "approved_at": at,
        "approval_said": body["said"],
    }
    return {**said, "from_at": at} if body["approved"] else said


_STEPS: Final[Mapping[str, Callable[[Mapping[str, Any], datetime], Said]]] = {
    "ended": lambda _entry, at: {"ended_at": at},
    "expired": lambda _entry, at: {"expiry_at": at},
    "approved": _verdict,
}
"""What an entry says that goes on with one, by the member that marks it."""


def _stored(row: OverrideRow, salt: bytes) -> Said:
    """A row under the names entries use; names of people beside what they are compared by."""
    return {
        "customer": row.customer_id,
        "tier": row.tier,
        "by": (row.actor, row.author_key),
        "on_behalf_of": (row.on_behalf_of, row.on_behalf_key),
        "from_at": row.from_at,
        "expires_at": row.expires_at,
        "needs_approval": row.needs_approval,
        "computed": row.computed,
        "decided_by": row.decided_by,
        "said": digest_of_words(salt, [row.reason, row.note, row.evidence]),
        "approved": row.approved,
        "approver": (row.approver, row.approver_key),
        "approver_for": (row.approver_for, row.approver_for_key),
        "approved_at": row.approved_at,
        "approval_said": digest_of_words(salt, [row.approval_note]),
        "ended_at": row.ended_at,
        "expiry_at": row.expiry_at,
    }
