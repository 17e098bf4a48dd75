"""Storing the records of an import: matched to customers, judged against what is there, appended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.intake import REASONS, Mapping, Quarantined, markets_of, shortened
from engine.metrics import COLUMNS, SOURCES
from engine.operations.importing.gathering import Gathered
from engine.operations.importing.identities import create_customers, known_customers
from engine.operations.importing.versions import ADDED, CONFLICTING, CONTENT, CORRECTED, Verdicts, judge
from engine.store import insert_rows, update_rows
from engine.store.frames.fetching import rows_of
from engine.store.rows import table_of
from engine.store.tables import RecordRow, RunRow, to_microseconds

if TYPE_CHECKING:
    import polars as pl

_FEW = 400
_MANY_KEYS = 20_000
_STORED = ("key", "id", "version", "recorded_at", *CONTENT)
_TEXTS = ("key", "currency", "status", "category", "channel", "reference")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the rows of an import that fitted.

    Attributes:
        verdicts: Rows by verdict.
        quarantined: Rows that turned out not to fit what is stored.
        marked: Kept rows in which a rule of the mapping set a value.
        customers: (ids) every customer whose data changed.
        kept: Rows that are stored, were before, or correct; `claimed_at`: when they could have been known by the
            mapping, before what stored decisions knew was looked at.
        late: Rows stored now whose derived clock was set to the import, because decisions are stored that could
            have known them but did not.
    """

    verdicts: Counter[str]
    quarantined: list[Quarantined]
    marked: dict[str, int]
    created: int
    customers: list[int]
    kept: pl.DataFrame
    late: int = 0


def store_records(session: Session, mapping: Mapping, gathered: Gathered, import_id: int, now: datetime) -> Outcome:
    """Match, judge and append the records that fit."""
    import polars as pl

    rows = gathered.rows()
    rows, strangers, created = _matched(session, mapping, rows, gathered.names, now)
    rows = _known_when_imported(session, rows, now)
    stored = _stored_versions(session, mapping, rows["key"])
    verdicts = judge(rows, stored, mapping.corrections == "accept", to_microseconds(now))
    given = (
        rows["order"].replace_strict(verdicts.verdict, default=ADDED, return_dtype=pl.String)
        if verdicts.verdict
        else pl.Series([ADDED]).new_from_index(0, rows.height)
    )
    rows = rows.with_columns(given.alias("verdict"))
    fresh = rows.filter(pl.col("verdict").is_in([ADDED, CORRECTED]))
    _append(session, mapping, fresh, verdicts, import_id)
    conflicts = _refused(rows.filter(pl.col("verdict") == CONFLICTING), gathered.names, mapping)
    kept = rows.filter(pl.col("verdict") != CONFLICTING)
    counted = Counter(dict(rows["verdict"].value_counts().rows()))
    changed = fresh["customer_id"].unique().sort().to_list()
    late = int(fresh["late"].sum())
    return Outcome(counted, strangers + conflicts, _marked(mapping, kept), created, changed, kept, late)


def _known_when_imported(session: Session, rows: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Rows whose derived clock claims what a stored decision did not know become known with the import.

    A decision knows everything recorded by the `as_known_at` of its run. A clock that is only derived from when
    things happened may not put a record before that: the decision would then be explained by what it never knew.
    """
    import polars as pl

    table = table_of(RunRow)
    known: datetime | None = session.execute(select(func.max(table.c.as_known_at))).scalar_one()
    at = pl.col("recorded_at")
    late = pl.lit(False) if known is None else pl.col("assumed") & (at <= to_microseconds(known))
    rows = rows.with_columns(at.alias("claimed_at"), late.alias("late"))
    return rows.with_columns(pl.when("late").then(to_microseconds(now)).otherwise(at).alias("recorded_at"))


def _matched(
    session: Session, mapping: Mapping, rows: pl.DataFrame, names: list[str], now: datetime
) -> tuple[pl.DataFrame, list[Quarantined], int]:
    """Rows with the id of their customer; customers are made where the mapping says so."""
    import polars as pl

    refs = rows["ref"].unique().sort()
    known = known_customers(session, refs.to_list())
    strangers = refs.filter(~refs.is_in(list(known))).to_list()
    created: dict[str, int] = {}
    if mapping.customer.create and strangers:
        theirs = rows.filter(pl.col("ref").is_in(strangers)).unique(
            subset=["key", "ref", *CONTENT[1:]], maintain_order=True
        )
        created = create_customers(session, markets_of(mapping, theirs), now)
    ids = known | created
    matched = rows["ref"].replace_strict(ids, default=None, return_dtype=pl.Int64) if ids else None
    if matched is None:
        matched = pl.Series([None], dtype=pl.Int64).new_from_index(0, rows.height)
    rows = rows.with_columns(matched.alias("customer_id"))
    unknown = rows.filter(pl.col("customer_id").is_null())
    items = [
        Quarantined(
            names[file], row, "customer", "unknown_customer", REASONS["unknown_customer"], shortened(ref), ref=ref
        )
        for file, row, ref in unknown.select("file", "row", "ref").iter_rows()
    ]
    return rows.filter(pl.col("customer_id").is_not_null()), items, len(created)


def _stored_versions(session: Session, mapping: Mapping, keys: pl.Series) -> pl.DataFrame:
    """Every stored version of the keys (or, when they are many, of the source and kind)."""
    import polars as pl

    table = table_of(RecordRow)
    query = select(*(table.c[name] for name in _STORED)).where(
        table.c.source == mapping.source, table.c.kind == SOURCES[mapping.entity].kind.value
    )
    wanted = keys.unique().to_list()
    parts = (
        [query]
        if len(wanted) > _MANY_KEYS
        else [query.where(table.c.key.in_(wanted[start : start + _FEW])) for start in range(0, len(wanted), _FEW)]
    )
    schema: dict[str, Any] = {name: pl.String if name in _TEXTS else pl.Int64 for name in _STORED}
    frames = [pl.DataFrame(schema=schema)]
    for part in parts:
        cursor = rows_of(session, part)
        while batch := cursor.fetchmany(50_000):
            frames.append(pl.DataFrame(batch, schema=schema, orient="row"))
        cursor.close()
    return pl.concat(frames)


def _append(session: Session, mapping: Mapping, fresh: pl.DataFrame, verdicts: Verdicts, import_id: int) -> None:
    orders = fresh["order"].to_list()
    recorded = [
        verdicts.recorded.get(order, at) for order, at in zip(orders, fresh["recorded_at"].to_list(), strict=True)
    ]
    guessed = fresh["assumed"] & ~fresh["late"]
    assumed = [flag and order not in verdicts.recorded for order, flag in zip(orders, guessed.to_list(), strict=True)]
    ids = insert_rows(
        session,
        RecordRow,
        {
            **{name: fresh[name].to_list() for name in ("customer_id", "key", "occurred_at", "currency", *COLUMNS)},
            "kind": SOURCES[mapping.entity].kind.value,
            "source": mapping.source,
            "version": [verdicts.number.get(order, 1) for order in orders],
            "corrects_id": [verdicts.corrects.get(order) for order in orders],
            "import_id": import_id,
            "recorded_at": recorded,
            "recorded_at_assumed": assumed,
            "superseded_at": [verdicts.closed.get(order) for order in orders],
        },
    )
    if verdicts.superseded:
        update_rows(
            session,
            RecordRow,
            {"id": list(verdicts.superseded), "superseded_at": list(verdicts.superseded.values())},
        )
    if verdicts.follows:
        by_order = dict(zip(orders, ids.tolist(), strict=True))
        corrected = [by_order[order] for order in verdicts.follows]
        before = [by_order[order] for order in verdicts.follows.values()]
        update_rows(session, RecordRow, {"id": corrected, "corrects_id": before})


def _refused(rows: pl.DataFrame, names: list[str], mapping: Mapping) -> list[Quarantined]:
    message = REASONS["conflicting"]
    return [
        Quarantined(names[file], row, mapping.key[0], "conflicting", message, shortened(key), ref=ref)
        for file, row, key, ref in rows.select("file", "row", "key", "ref").iter_rows()
    ]


def _marked(mapping: Mapping, kept: pl.DataFrame) -> dict[str, int]:
    """Kept rows by value that a `set` rule of the mapping gives."""
    fields = SOURCES[mapping.entity].fields
    marked: dict[str, int] = {}
    for rule in mapping.set:
        column = fields[rule.field].column if rule.field in fields else ""
        if column:
            marked[f"{rule.field}={rule.value}"] = int(np.sum((kept[column] == rule.value).fill_null(False).to_numpy()))
    return marked
