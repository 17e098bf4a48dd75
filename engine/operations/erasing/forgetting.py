"""Erasing a person: everything about it goes, the proofs stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from engine.audit import Json
from engine.errors import ConflictError, InputError
from engine.operations.customers import find_customer, without_names
from engine.operations.erasing.emptying import empty_rows, empty_shadow_rows
from engine.operations.erasing.holdings import delete_overrides, delete_rows, take_out_mentions
from engine.operations.erasing.person import Person, person_by_ref
from engine.operations.idempotency import recall, remember
from engine.store import Database, append_entry, forget_unpacked
from engine.vocabulary import EntryKind, Text

_OPERATION: Final = "forgetCustomer"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What erasing a person did.

    Attributes:
        customer_id: The number the person had; it is never given again.
        entry: Position of its ledger entry.
        removed: Rows deleted, by table.
        mentions: Rows of other customers that named the person and do so no more.
        decisions: Decisions emptied.
        overwritten: Nothing of it is left in the database file and its log; see `Database.overwrite_deleted`.
    """

    customer_id: int
    entry: int
    removed: Mapping[str, int]
    mentions: int
    decisions: int
    overwritten: bool = False


def forget_customer(
    database: Database, ref: str, actor: str, reason: str, now: datetime, idempotency_key: str | None = None
) -> Forgotten:
    """Erase a person in one transaction; then, on SQLite, see that the file holds nothing of it either.

    Its decisions keep their numbers and leaves, so that every run still gives the root in the ledger.

    Raises:
        NotFoundError: There is no such customer (any more); also when a key that names the person is used again, for
            such a key is not kept.
        InputError: No reason.
        ConflictError: The idempotency key was used for somebody else.
        DamagedError: A chunk that holds the person does not fit its hash; nothing was changed.
    """
    with database.write(erasing=True) as session:
        done = _known(session, ref, actor, reason, now, idempotency_key)
        if done is None:
            person = person_by_ref(session, ref)
            done = _forget(session, person, actor, reason, now)
            key = None if idempotency_key is None or person.is_named_in(idempotency_key) else idempotency_key
            remember(session, actor, key, _OPERATION, [actor, reason], _answer(done), now)
    forget_unpacked()
    return Forgotten(**{**_answer(done), "overwritten": database.overwrite_deleted()})


def _forget(session: Session, person: Person, actor: str, reason: str, now: datetime) -> Forgotten:
    if not reason.strip():
        raise InputError(
            Text("Erasing a person needs a reason.", "抹除客户必须说明原因。"),
            Text("Give --reason.", "请使用 --reason。"),
            code="REQUIRED",
        )
    written = without_names(session, person.id, reason)
    emptied = empty_rows(session, person.decisions, person.salt)
    beside = empty_shadow_rows(session, person.id, person.salt)
    removed = delete_rows(session, person)
    mentions = take_out_mentions(session, person)
    body: dict[str, Json] = {
        "customer": person.id,
        "removed": dict(removed),
        "mentions": mentions,
        "erased": {str(run): count for run, count in sorted(emptied.items())},
        **({"erased_in_shadows": beside} if beside else {}),
    }
    entry = append_entry(session, EntryKind.ERASURE, actor, written, f"customer:{person.id}", body, now)
    delete_overrides(session, person)
    return Forgotten(person.id, entry.position, removed, mentions, sum(emptied.values()))


def _known(
    session: Session, ref: str, actor: str, reason: str, now: datetime, idempotency_key: str | None
) -> Forgotten | None:
    """The first answer to the key. The ref is no part of what is remembered: even its digest could be guessed."""
    known = recall(session, actor, idempotency_key, _OPERATION, [actor, reason], now)
    if known is None:
        return None
    if find_customer(session, ref) is not None:
        raise ConflictError(
            Text("This idempotency key was used for somebody else.", "该幂等键已用于另一客户。"),
            Text("Use a new key for a new request.", "新的请求请使用新的幂等键。"),
            code="IDEMPOTENCY_MISMATCH",
        )
    return Forgotten(**known)


def _answer(done: Forgotten) -> dict[str, Any]:
    names = ("customer_id", "entry", "removed", "mentions", "decisions")
    return {name: dict(value) if isinstance(value := getattr(done, name), Mapping) else value for name in names}
