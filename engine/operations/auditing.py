"""Reading the ledger by what it is about."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.operations.customers import customer_by_ref
from engine.operations.entry_shapes import body_of
from engine.operations.sentences import sentence
from engine.store.reading import EntryFilter, EntryView, Kind, Slice, entries_page, read_id, read_subject, subject_of
from engine.vocabulary import Text

_OTHERS = frozenset(("actor", "import"))
"""What entries are about that has no id in answers."""


def newest_entries(
    session: Session, limit: int, kind: str | None = None, subject: str | None = None
) -> tuple[EntryView, ...]:
    """The newest entries, newest first; of one kind, or about one thing as `named_subject` gives it, if given."""
    filter_ = EntryFilter(None if kind is None else (kind.upper(),), subject=subject)
    return entries_page(session, filter_, Slice(limit)).rows


def told_entry(entry: EntryView) -> Text:
    """One sentence about an entry: who did what, and why."""
    return sentence(entry.kind, entry.actor, entry.reason, body_of(entry.position, entry.body) or {})


def named_subject(session: Session, name: str) -> str:
    """What entries call the thing that is meant.

    Args:
        name: As entries write it (`run:7`), the id of a thing (`chg_…`), or the ref of a customer (`demo:B-0007`).

    Raises:
        InputError: None of these, or an id that is none (BAD_ID).
        NotFoundError: It looks like a customer's ref, and there is no such customer.
    """
    noun, colon, number = name.partition(":")
    if read_subject(name) is not None or noun == "key" or (noun in _OTHERS and number.isdecimal()):
        return name
    if colon:
        return subject_of(Kind.CUSTOMER, customer_by_ref(session, name).id or 0)
    kind, row = read_id(name)
    return f"{kind}:{row}"
