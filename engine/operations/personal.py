"""Personal data: which fields hold them, and the record of who saw them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from engine.audit import Json
from engine.errors import InputError
from engine.operations.customers import without_names
from engine.store import Database, append_entry
from engine.store.tables import PersonalFieldRow
from engine.vocabulary import EntryKind, Text

LONGEST_PURPOSE: Final = 200


@dataclass(frozen=True, slots=True, order=True)
class PersonalRead:
    """One field of one customer, shown to somebody for a purpose.

    Attributes:
        customer: None: names were looked into.
        found: How many customers that found, all told.
    """

    customer: int | None
    field: str
    purpose: str
    found: int = 0


def read_purpose(given: str | None) -> str | None:
    """A purpose as it was said; None: none was.

    Raises:
        InputError: It is longer than `LONGEST_PURPOSE`, or has invisible characters.

    >>> read_purpose("  call back "), read_purpose(" ")
    ('call back', None)
    """
    purpose = (given or "").strip()
    if len(purpose) > LONGEST_PURPOSE or not purpose.isprintable():
        raise InputError(
            Text(
                f"A purpose has at most {LONGEST_PURPOSE} visible characters.",
                f"用途最多 {LONGEST_PURPOSE} 个可见字符。",
            ),
            Text("Say in a few words why you look.", "请用几个字说明查看原因。"),
        )
    return purpose or None


def note_personal_reads(database: Database, reads: Sequence[PersonalRead], actor: str, now: datetime) -> None:
    """Put on record what one request is about to show: one entry, with numbers of customers and no value.

    Of a search its first hundred customers are named; `found` tells how many there were.
    """
    if not reads:
        return
    with database.write() as session:
        customers = sorted({read.customer for read in reads if read.customer is not None})
        purposes = sorted({_impersonal(session, purpose, customers) for purpose in {read.purpose for read in reads}})
        body: dict[str, Json] = {
            "customers": tuple(customers),
            "fields": tuple(sorted({read.field for read in reads})),
            "purposes": tuple(purposes),
        }
        if any(read.customer is None for read in reads):
            body["found"] = sum(read.found for read in reads)
        append_entry(session, EntryKind.PERSONAL_DATA_READ, actor, "; ".join(purposes), None, body, now)


def _impersonal(session: Session, purpose: str, customers: Sequence[int]) -> str:
    """A purpose without the names of those it is about: the ledger keeps it when they are long erased."""
    for customer in customers:
        purpose = without_names(session, customer, purpose)
    return purpose


def declare_personal(session: Session, names: Iterable[str], mapping: str, now: datetime) -> tuple[str, ...]:
    """Remember fields as personal, in every source and for good; gives those that were not yet."""
    fresh = tuple(name for name in sorted(set(names)) if session.get(PersonalFieldRow, name) is None)
    session.add_all(PersonalFieldRow(name=name, mapping=mapping, declared_at=now) for name in fresh)
    session.flush()
    return fresh
