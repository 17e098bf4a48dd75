"""Tasks beside what the ledger says of them: which reviews a run made or closed, who has one, what came of it.

A campaign's task is vouched for from its first entry on: what made it is a dispatch, told by its run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.operations.anchors import digest_of_words, erased_customers
from engine.operations.decision_reviews import LAPSED
from engine.operations.misfit import Misfit, differences, entries_of, gone, without_entry
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, TaskRow
from engine.vocabulary import EntryKind

Said = dict[str, Any]

_UNTOUCHED: Final[Said] = {"state": "OPEN", "outcome": None, "by": None, "closed_at": None}
"""What is true of a task whose first entry gives it to somebody: only open ones are given."""


@dataclass(slots=True)
class _Ledger:
    """By number, the last entry about a task and what its row has to hold since."""

    rows: dict[int, tuple[int, Said]] = field(default_factory=dict)

    def take(self, position: int, entry: Mapping[str, Any]) -> None:
        """Go one entry on."""
        body, at = entry["body"], datetime.fromisoformat(entry["at"])
        if "made" in body:
            for number, *told in body["made"]:
                self.rows[number] = (position, _made(*told))
            for number in body["gone"]:
                self._go(position, number, at)
            return
        number = int(body["task"])
        known = self._known(number)
        if "assignee" in body:
            said = _given(known or _UNTOUCHED, body)
        else:
            said = {**known, "state": body["state"], "by": entry["actor"], "closed_at": at}
            said |= {"outcome": body["said"]} if "said" in body else {}
        self.rows[number] = (position, {**said, **({"customer": body["customer"]} if "customer" in body else {})})

    def _known(self, number: int) -> Said:
        return self.rows[number][1] if number in self.rows else {}

    def _go(self, position: int, number: int, at: datetime) -> None:
        """The reason is gone: who had not looked has not to."""
        known = self._known(number)
        lapsed: Said = {"state": "EXPIRED", "outcome": LAPSED, "closed_at": at} if known.get("state") == "OPEN" else {}
        self.rows[number] = (position, {**known, **lapsed, "gone_at": at})


def task_misfits(session: Session) -> Iterator[Misfit]:
    """Tasks that are not as the ledger says; those of erased persons went with them."""
    ledger, erased = _Ledger(), erased_customers(session)
    for position, entry in entries_of(session, EntryKind.TASK):
        ledger.take(position, entry)
    customer = table_of(CustomerRow)
    query = select(TaskRow, customer.c.salt).join(customer, customer.c.id == TaskRow.customer_id)
    rows = {row.id or 0: (row, bytes(salt)) for row, salt in session.execute(query)}
    for number, (position, said) in sorted(ledger.rows.items(), key=lambda one: one[1][0]):
        found = rows.pop(number, None)
        if found is not None:
            yield from differences(position, _name(number), said, _stored(*found))
        elif said["customer"] not in erased if "customer" in said else not erased:  # older entries name nobody
            yield gone(position, _name(number))
    for number, (row, _) in sorted(rows.items()):
        if row.kind == "REVIEW" or row.state != "OPEN":
            yield without_entry(_name(number))


def _name(number: int) -> tuple[str, str]:
    return f"task {number}", f"任务 {number}"


def _given(known: Said, body: Mapping[str, Any]) -> Said:
    """Since it was given to somebody; where the customer's name was taken out of theirs, only a digest is known."""
    whose = "assignee_said" if "assignee_said" in body else "assignee"
    return {**{name: known[name] for name in known if name not in ("assignee", "assignee_said")}, whose: body[whose]}


def _made(customer: int, decision: int, reason: str, tier: str) -> Said:
    return {
        "kind": "REVIEW",
        "customer": customer,
        "decision": decision,
        "reason": reason,
        "tier": tier,
        "state": "OPEN",
        "assignee": None,
        "outcome": None,
        "by": None,
        "closed_at": None,
        "gone_at": None,
    }


def _stored(row: TaskRow, salt: bytes) -> Said:
    """A row under the names entries use; what somebody wrote as its digest."""
    written = row.outcome is not None and row.completed_by is not None
    return {
        "kind": row.kind,
        "customer": row.customer_id,
        "decision": row.decision_id,
        "reason": row.review_reason,
        "tier": row.tier,
        "state": row.state,
        "assignee": row.assignee,
        "assignee_said": digest_of_words(salt, [row.assignee]),
        "outcome": digest_of_words(salt, [row.outcome]) if written else row.outcome,
        "by": row.completed_by,
        "closed_at": row.completed_at,
        "gone_at": row.gone_at,
    }
