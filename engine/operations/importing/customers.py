"""Storing a customer list: new customers, edits, further names, attributes in versions."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.intake import FIELD, IDENTITY, REASONS, Mapping, Quarantined, shortened
from engine.operations.importing.gathering import Gathered
from engine.operations.importing.identities import known_customers
from engine.operations.importing.records import Outcome
from engine.operations.importing.versions import ADDED, CORRECTED, LINKED
from engine.store import insert_rows, update_rows
from engine.store.frames.fetching import rows_of
from engine.store.rows import table_of
from engine.store.tables import CustomerFieldRow, CustomerRow, IdentityRow, to_microseconds
from engine.vocabulary import Unit

if TYPE_CHECKING:
    import polars as pl

_FEW = 400
EDITED = ("market", "name", "owner", "parent_ref")
_NUMBER_UNITS = {"number": Unit.RATIO, "instant": Unit.DATE}


@dataclass(slots=True)
class _Attribute:
    """The version of an attribute in force."""

    value: int | str
    currency: str | None
    recorded: int
    id: int | None
    row: int | None = None


@dataclass(slots=True)
class _Person:
    """A customer while the list is gone through; `id` None: to be made."""

    id: int | None
    values: dict[str, Any]
    version: int = 1
    edited: bool = False
    attributes: dict[str, _Attribute] = field(default_factory=dict)


@dataclass(slots=True)
class _Work:
    """What is to be written."""

    people: dict[str, _Person]
    owners: dict[str, str]
    verdicts: Counter[str] = field(default_factory=Counter)
    quarantined: list[Quarantined] = field(default_factory=list)
    fresh: list[dict[str, Any]] = field(default_factory=list)
    closed: dict[int, int] = field(default_factory=dict)
    identities: list[tuple[str, str]] = field(default_factory=list)


def store_customers(session: Session, mapping: Mapping, gathered: Gathered, now: datetime) -> Outcome:
    """Make and edit customers by a list.

    An empty cell changes nothing. An attribute gets a new version where its value differs from the one in
    force; a value recorded before that one is passed over.
    """
    import polars as pl

    at = to_microseconds(now)
    rows = gathered.rows().with_columns(pl.col("recorded_at").fill_null(at)).sort("recorded_at", "order")
    if "market" not in mapping.columns or rows["market"].null_count():
        default = mapping.customer.market.default.value if mapping.customer.market else None
        rows = rows.with_columns(pl.col("market").fill_null(default))
    work = _begin(session, mapping, rows)
    for row in rows.iter_rows(named=True):
        work.verdicts[_take(mapping, work, row, gathered.names)] += 1
    created = [ref for ref, person in work.people.items() if person.id is None]
    _write_customers(session, work, created, now)
    _write_attributes(session, mapping, work)
    changed = sorted({person.id for person in work.people.values() if person.id is not None and person.edited})
    return Outcome(work.verdicts, work.quarantined, {}, len(created), changed, rows)


def _begin(session: Session, mapping: Mapping, rows: pl.DataFrame) -> _Work:
    """What the store knows of everybody named in the list."""
    refs = rows["ref"].unique().to_list()
    extra = [name for name in rows.columns if name.startswith(IDENTITY)]
    others = {ref for name in extra for ref in rows[name].drop_nulls().to_list()}
    known = known_customers(session, [*refs, *sorted(others - set(refs))])
    by_id = {id_: _Person(id_, {}) for id_ in set(known.values())}
    customer, attribute = table_of(CustomerRow), table_of(CustomerFieldRow)
    ids = sorted(by_id)
    for start in range(0, len(ids), _FEW):
        some = ids[start : start + _FEW]
        chosen = [customer.c[name] for name in ("id", "version", *EDITED)]
        for id_, version, *values in rows_of(session, select(*chosen).where(customer.c.id.in_(some))).fetchall():
            by_id[id_].version, by_id[id_].values = version, dict(zip(EDITED, values, strict=True))
        names = ("id", "customer_id", "name", "number", "text", "currency", "recorded_at")
        query = select(*(attribute.c[name] for name in names)).where(
            attribute.c.customer_id.in_(some), attribute.c.superseded_at.is_(None)
        )
        for id_, owner, name, number, text, currency, recorded in rows_of(session, query).fetchall():
            value = text if number is None else number
            if value is not None:
                by_id[owner].attributes[name] = _Attribute(value, currency, recorded, id_)
    people = {ref: by_id[known[ref]] for ref in refs if ref in known}
    first = {id(person): ref for ref, person in people.items()}
    owners = {ref: first.get(id(by_id[id_]), f"#{id_}") for ref, id_ in known.items()}
    return _Work(people, owners)


def _take(mapping: Mapping, work: _Work, row: dict[str, Any], names: list[str]) -> str:
    """Take one line of the list; gives its verdict."""
    ref = row["ref"]
    further = [row[name] for name in row if name.startswith(IDENTITY) and row[name] is not None]
    taken = [other for other in further if work.owners.get(other, ref) != ref]
    if taken:
        message = REASONS["other_customer"]
        work.quarantined.append(
            Quarantined(
                names[row["file"]], row["row"], mapping.key[0], "other_customer", message, shortened(taken[0]), ref=ref
            )
        )
        return "conflicting"
    person = work.people.get(ref)
    new = person is None
    if person is None:
        person = work.people[ref] = _Person(None, dict.fromkeys(EDITED), edited=True)
    work.owners[ref] = ref
    changed = _edit(person, row)
    for other in further:
        if other not in work.owners:
            work.owners[other] = ref
            work.identities.append((other, ref))
            changed = True
    changed |= _attributes(mapping, work, person, row)
    person.edited |= changed
    return ADDED if new else CORRECTED if changed else LINKED


def _edit(person: _Person, row: dict[str, Any]) -> bool:
    edits = {name: row[name] for name in EDITED if row[name] is not None and row[name] != person.values.get(name)}
    person.values.update(edits)
    return bool(edits)


def _attributes(mapping: Mapping, work: _Work, person: _Person, row: dict[str, Any]) -> bool:
    changed = False
    for name in mapping.fields:
        value, recorded = row[f"{FIELD}{name}"], row["recorded_at"]
        if value is None:
            continue
        currency = row["currency"] if mapping.type_of(name) == "money" else None
        before = person.attributes.get(name)
        if before is not None and ((before.value, before.currency) == (value, currency) or recorded < before.recorded):
            continue
        if before is not None and before.id is not None:
            work.closed[before.id] = recorded
        elif before is not None and before.row is not None:
            work.fresh[before.row]["superseded_at"] = recorded
        work.fresh.append(_version(mapping, name, row["ref"], value, currency, recorded))
        person.attributes[name] = _Attribute(value, currency, recorded, None, len(work.fresh) - 1)
        changed = True
    return changed


def _version(
    mapping: Mapping, name: str, ref: str, value: int | str, currency: str | None, recorded: int
) -> dict[str, Any]:
    kind = mapping.type_of(name)
    unit = _NUMBER_UNITS[kind] if kind in _NUMBER_UNITS else Unit(kind)
    text = isinstance(value, str)
    return {
        "ref": ref,
        "name": name,
        "unit": unit.value,
        "number": None if text else value,
        "text": value if text else None,
        "currency": currency,
        "recorded_at": recorded,
        "superseded_at": None,
    }


def _write_customers(session: Session, work: _Work, created: list[str], now: datetime) -> None:
    if created:
        people = [work.people[ref] for ref in created]
        columns: dict[str, Any] = {name: [person.values[name] for person in people] for name in EDITED}
        columns |= {"ref": created, "salt": [secrets.token_bytes(16) for _ in created]}
        ids = insert_rows(session, CustomerRow, columns | {"created_at": now, "updated_at": now}).tolist()
        for person, id_ in zip(people, ids, strict=True):
            person.id = id_
        insert_rows(session, IdentityRow, {"ref": created, "customer_id": ids, "recorded_at": now})
    edited = [p for ref, p in work.people.items() if p.edited and ref not in set(created)]
    if edited:
        columns = {name: [person.values[name] for person in edited] for name in EDITED}
        columns |= {"id": [person.id for person in edited], "version": [person.version + 1 for person in edited]}
        update_rows(session, CustomerRow, columns | {"updated_at": [now] * len(edited)})
    if work.identities:
        refs = [ref for ref, _ in work.identities]
        owners = [work.people[owner].id for _, owner in work.identities]
        insert_rows(session, IdentityRow, {"ref": refs, "customer_id": owners, "recorded_at": now})


def _write_attributes(session: Session, mapping: Mapping, work: _Work) -> None:
    if work.fresh:
        names = [name for name in work.fresh[0] if name != "ref"]
        columns: dict[str, Any] = {name: [version[name] for version in work.fresh] for name in names}
        columns["customer_id"] = [work.people[version["ref"]].id for version in work.fresh]
        insert_rows(session, CustomerFieldRow, columns | {"source": mapping.source})
    if work.closed:
        update_rows(session, CustomerFieldRow, {"id": list(work.closed), "superseded_at": list(work.closed.values())})
