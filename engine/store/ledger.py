"""The ledger: appended to inside the operation's transaction, read in order, verified as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from engine.audit import Json, Links, Verification, canonical, entry_hash, verify_chain
from engine.store.frames.fetching import rows_of
from engine.store.rows import table_of
from engine.store.tables import LedgerRow
from engine.vocabulary import EntryKind

_BATCH: Final = 2_048  # a multiple of how many are verified together
_ENTRY: Final = table_of(LedgerRow)
_NEWEST: Final = select(_ENTRY.c.position, _ENTRY.c.hash).order_by(_ENTRY.c.position.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Appended:
    """An entry that was appended: its position, counted from 1, and the hash of its bytes."""

    position: int
    hash: str


def append_entry(  # noqa: PLR0917  (the order an entry is read in)
    session: Session,
    kind: EntryKind,
    actor: str,
    reason: str | None,
    subject: str | None,
    body: Mapping[str, Json],
    at: datetime,
) -> Appended:
    """Append one entry; it is part of the ledger once the session's transaction is committed.

    Args:
        session: Of `Database.write()`, whose turn makes position and previous hash sure.
        kind: One operation writes one entry.
        actor: Who acted.
        reason: Why; None where none is asked for.
        subject: Opaque reference of what it is about, e.g. `run:7`; no personal data.
        body: What the operation has to say: no floats, whole numbers below 2^53, ASCII keys.
        at: Aware instant.

    Returns:
        Where it stands. The bytes hashed are those of
        `{"actor", "at", "body", "kind", "position", "previous_hash", "reason", "subject"}`.

    Raises:
        ValueError: A body that cannot be written canonically, or an instant without offset.
    """
    session.flush()
    position, previous = _next(session)
    said: dict[str, Json] = {
        "position": position,
        "kind": kind.value,
        "actor": actor,
        "reason": reason,
        "subject": subject,
        "previous_hash": previous,
    }
    written = canonical({**said, "at": instant_text(at), "body": dict(body)})
    hashed = entry_hash(written)
    # Not as an object of the session: that takes as long again as everything else here together.
    beside = {"at": at.astimezone(UTC), "body": written.decode(), "hash": hashed}
    session.execute(insert(_ENTRY), {**said, **beside})
    return Appended(position, hashed)


def _next(session: Session) -> tuple[int, str | None]:
    """The position of the next entry, and the hash of the one before it."""
    last = session.execute(_NEWEST).one_or_none()
    return (last[0] + 1, last[1]) if last is not None else (1, None)


def read_entries(session: Session, after: int = 0, until: int | None = None) -> Iterator[LedgerRow]:
    """Entries in the order of their positions, some thousands in memory at a time.

    Args:
        after: Position of the last entry already seen; 0: from the first.
        until: Last position wanted; None: to the end.
    """
    position = _ENTRY.c.position
    while True:
        query = select(LedgerRow).where(position > after).order_by(position).limit(_BATCH)
        if until is not None:
            query = query.where(position <= until)
        batch = list(session.execute(query).scalars())
        for row in batch:
            session.expunge(row)
            yield row
        if len(batch) < _BATCH:
            return
        after = batch[-1].position


def verify_ledger(session: Session) -> Verification:
    """Check every entry: positions without gaps, bytes, hashes, and the columns beside each body."""
    return verify_chain(ledger_links(session))


def instant_text(instant: datetime) -> str:
    """An instant as entries write it: UTC with microseconds.

    Raises:
        ValueError: It has no offset.

    >>> instant_text(datetime(2026, 12, 1, tzinfo=UTC))
    '2026-12-01T00:00:00.000000Z'
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without offset cannot be written into the ledger")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def ledger_links(session: Session, after: int | None = None, until: int | None = None) -> Iterator[Links]:
    """Entries straight from the driver's rows, some thousands in memory at a time.

    Args:
        after: Only those with a higher position; None: whatever comes first.
        until: Only those up to this position; None: to the end.
    """
    entry = _ENTRY.c
    query = select(
        entry.position, entry.body, entry.hash, entry.previous_hash,
        entry.kind, entry.at, entry.actor, entry.reason, entry.subject,
    ).order_by(entry.position).limit(_BATCH)  # fmt: skip
    if until is not None:
        query = query.where(entry.position <= until)
    while True:
        batch = rows_of(session, query if after is None else query.where(entry.position > after)).fetchall()
        if batch:
            positions, bodies, own, previous, kinds, at, *rest = zip(*batch, strict=True)
            written = [body.encode("utf-8", "surrogatepass") for body in bodies]
            yield Links(positions, written, own, previous, kinds, _texts_of(at), *rest)
        if len(batch) < _BATCH:
            return
        after = batch[-1][0]


def hashes_at(session: Session, positions: Sequence[int]) -> dict[int, str]:
    """The stored hash of entries by position; one that is not there is left out."""
    found: dict[int, str] = {}
    for start in range(0, len(positions), _BATCH):
        some = _ENTRY.c.position.in_(positions[start : start + _BATCH])
        query = select(_ENTRY.c.position, _ENTRY.c.hash).where(some)
        found |= {position: own for position, own in session.execute(query)}  # noqa: C416  (rows are no pairs to mypy)
    return found


def _texts_of(at: Sequence[int]) -> Sequence[str]:
    """As `instant_text`, from microseconds; what is none of these gives a text that no entry holds."""
    if set(map(type, at)) != {int}:
        return [_texts_of([one])[0] if type(one) is int else repr(one) for one in at]
    texts: list[str] = np.datetime_as_string(np.array(at, np.int64).view("datetime64[us]"), timezone="UTC").tolist()
    return texts
