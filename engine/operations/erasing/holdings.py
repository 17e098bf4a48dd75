"""Where a person's data may be, table by table, and what erasing does there. A test holds this against all tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import orjson
from sqlalchemy import CursorResult, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from engine.operations.erasing.person import Person
from engine.operations.idempotency import said_key
from engine.store.rows import table_of
from engine.store.tables import (
    ActorRow,
    ApiTokenRow,
    CheckpointRow,
    ChunkRow,
    CustomerFieldRow,
    CustomerRow,
    DispatchRow,
    IdempotencyRow,
    IdentityRow,
    ImportRow,
    IssueRow,
    LedgerRow,
    ModelAliasRow,
    ModelVersionRow,
    OverrideRow,
    PersonalFieldRow,
    PredictionRow,
    RecordRow,
    ReviewRow,
    RevisionRow,
    RoleGrantRow,
    RuleChangeRow,
    RunRow,
    ShadowChunkRow,
    ShadowRow,
    StandingRow,
    TaskRow,
    ValueEstimateRow,
    WatermarkRow,
)
from engine.vocabulary import RecordKind

BY_CUSTOMER: Final[tuple[type[SQLModel], ...]] = (
    TaskRow,
    DispatchRow,
    OverrideRow,
    StandingRow,
    PredictionRow,
    ValueEstimateRow,
    RecordRow,
    CustomerFieldRow,
    IssueRow,
    IdentityRow,
)
"""Rows that belong to one customer, by `customer_id`: they are deleted."""

OTHERWISE: Final[Mapping[type[SQLModel], str]] = {
    CustomerRow: "the person's row is deleted, and its ref taken out of the rows of those it was the parent of",
    ChunkRow: "the person's rows are emptied, their leaves kept",
    ShadowChunkRow: "as of chunks",
    ShadowRow: "which candidate decided beside the live rules, and how long",
    IdempotencyRow: "answers that name something of the person are deleted",
    LedgerRow: "never changed: it names persons by number alone",
    CheckpointRow: "never changed: hashes and signatures",
    ActorRow: "accounts of those who work with it, not of customers",
    RoleGrantRow: "what these may do",
    ApiTokenRow: "hashes of what these show",
    PersonalFieldRow: "names of fields, not what is in them",
    RunRow: "counts, nothing of one person",
    ImportRow: "counts, names and digests of files",
    WatermarkRow: "how far sources are complete",
    RevisionRow: "rule files",
    RuleChangeRow: "changes of rule files",
    ReviewRow: "who approved a change of rule files",
    ModelVersionRow: "what was learned from all",
    ModelAliasRow: "names of model versions",
}
"""What is done in every other table, and why that is enough."""

_ANSWERS: Final[Mapping[str, type[SQLModel]]] = {
    "override": OverrideRow,
    "task": TaskRow,
    "records": RecordRow,
}
"""Parts of answers to idempotency keys that name rows of a customer."""


def delete_rows(session: Session, person: Person) -> dict[str, int]:
    """Delete whatever belongs to the person but tiers set by hand; gives the number of rows by table, with those."""
    removed = {"idempotency": _delete_answers(session, person), "data_quality_issue": _delete_issues(session, person)}
    for row in BY_CUSTOMER:
        table = table_of(row)
        if row is OverrideRow:
            mine = select(func.count()).select_from(table).where(table.c.customer_id == person.id)
            gone = session.execute(mine).scalar_one()
        else:
            gone = _count(session.execute(delete(table).where(table.c.customer_id == person.id)))
        removed[str(table.name)] = removed.get(table.name, 0) + gone
    customer = table_of(CustomerRow)
    removed[str(customer.name)] = _count(session.execute(delete(customer).where(customer.c.id == person.id)))
    return {name: count for name, count in sorted(removed.items()) if count}


def delete_overrides(session: Session, person: Person) -> None:
    """Delete tiers set by hand; the database refuses it until the ledger tells that the person is erased."""
    table = table_of(OverrideRow)
    session.execute(delete(table).where(table.c.customer_id == person.id))


def take_out_mentions(session: Session, person: Person) -> int:
    """Take the person's refs out of other customers' rows; gives how many there were.

    A record that refers to the person refers to `erased:<number>` from then on, so that counts of different ones stay.
    """
    customer, record = table_of(CustomerRow), table_of(RecordRow)
    mine = customer.c.parent_ref.in_(person.refs)
    found = _count(session.execute(update(customer).where(mine).values(parent_ref=None)))
    by_key = and_(record.c.kind == RecordKind.REFERRAL.value, record.c.reference.in_(person.keys))
    mentioned = or_(record.c.reference.in_(person.refs), by_key)
    return found + _count(session.execute(update(record).where(mentioned).values(reference=f"erased:{person.id}")))


def _delete_issues(session: Session, person: Person) -> int:
    """Findings of imports that show a ref, a key or the name; those known to be the person's go by its number."""
    issue = table_of(IssueRow)
    query = select(issue.c.id, issue.c.value).where(issue.c.value.is_not(None), issue.c.customer_id.is_(None))
    found = [number for number, value in session.execute(query) if person.is_shown_by(value)]
    return _delete(session, IssueRow, "id", found)


def _delete_answers(session: Session, person: Person) -> int:
    """Answers to idempotency keys that name something of the person, or whose key does."""
    table = table_of(IdempotencyRow)
    own: dict[str, set[Any]] = {"customer": {person.id}, "decision_ids": set(person.decisions)}
    for name, row in _ANSWERS.items():
        ids = table_of(row)
        own[name] = set(session.execute(select(ids.c.id).where(ids.c.customer_id == person.id)).scalars())
    found = [
        key
        for key, answer in session.execute(select(table.c.key, table.c.answer))
        if person.is_named_in(said_key(key)) or _names(orjson.loads(answer), own)
    ]
    return _delete(session, IdempotencyRow, "key", found)


def _names(answer: Any, own: Mapping[str, Collection[Any]]) -> bool:
    if not isinstance(answer, dict):
        return False
    for name, ids in own.items():
        said = answer.get(name)
        if any(one in ids for one in (said if isinstance(said, list) else [said])):
            return True
    return False


def _delete(session: Session, row: type[SQLModel], key: str, found: list[Any]) -> int:
    table = table_of(row)
    for start in range(0, len(found), 400):
        session.execute(delete(table).where(table.c[key].in_(found[start : start + 400])))
    return len(found)


def _count(result: Any) -> int:
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
