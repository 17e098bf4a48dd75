"""Decisions are kept in chunks alone: names beside the codes, an index of customers, numbers made of chunk and row.

Standings, dispatches and tasks name decisions by the new numbers. What was decided, the digests, leaves and roots
stay as they are.
"""

import math
import zlib

import numpy as np
import orjson
import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

from engine.decisions import Outcomes, States, kept
from engine.expressions import Column
from engine.operations.publishing import book_of
from engine.operations.runs import shown_metrics
from engine.store import chunk_hash, encode_chunk, pack_numbers
from engine.vocabulary import Market, Unit

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_NUMBERED = ("dispatch", "task", "standing")
_NEW_NUMBER = 'SELECT d.chunk_id * 8192 + d."row" FROM decision d WHERE d.id'


def upgrade() -> None:
    """Add columns, fill them, name decisions anew, drop the table of decisions."""
    with op.batch_alter_table("chunk") as chunk:
        chunk.add_column(sa.Column("first_customer", KEY, nullable=True))
        chunk.add_column(sa.Column("last_customer", KEY, nullable=True))
        chunk.add_column(sa.Column("members", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("run") as run:
        run.add_column(sa.Column("tiers", sa.Text(), nullable=True))
    with op.batch_alter_table("dispatch") as dispatch:
        dispatch.add_column(sa.Column("market", sa.String(), nullable=True))
        dispatch.add_column(sa.Column("as_of", sa.BigInteger(), nullable=True))
    connection = op.get_bind()
    _rewrite_chunks(connection)
    _count_tiers(connection)
    for name in ("market", "as_of"):
        op.execute(f"UPDATE dispatch SET {name} = (SELECT d.{name} FROM decision d WHERE d.id = dispatch.decision_id)")
    for table in _NUMBERED:  # by way of negative numbers, for old and new ones overlap
        op.execute(f"UPDATE {table} SET decision_id = -({_NEW_NUMBER} = {table}.decision_id)")
        op.execute(f"UPDATE {table} SET decision_id = -decision_id")
    op.execute("DELETE FROM idempotency WHERE operation = 'decide'")  # its answers name decisions by old numbers
    op.drop_table("decision")
    _require(connection)


def _require(connection: sa.Connection) -> None:
    """What is filled may not be empty again; chunk numbers are never reused, for decisions' numbers have them in."""
    options = {"recreate": "always", "table_kwargs": {"sqlite_autoincrement": True}}
    with op.batch_alter_table("chunk", **(options if connection.dialect.name == "sqlite" else {})) as chunk:
        for name, kind in (("first_customer", KEY), ("last_customer", KEY), ("members", sa.LargeBinary())):
            chunk.alter_column(name, existing_type=kind, nullable=False)
    op.create_index("ix_chunk_customers", "chunk", ["last_customer", "first_customer"], unique=False)
    with op.batch_alter_table("run") as run:
        run.alter_column("tiers", existing_type=sa.Text(), nullable=False)
    with op.batch_alter_table("dispatch") as dispatch:
        dispatch.alter_column("market", existing_type=sa.String(), nullable=False)
        dispatch.alter_column("as_of", existing_type=sa.BigInteger(), nullable=False)


def _count_tiers(connection: sa.Connection) -> None:
    counted: dict[int, dict[str, dict[str, int]]] = {
        number: {} for number in connection.execute(sa.text("SELECT id FROM run")).scalars()
    }
    query = "SELECT run_id, market, coalesce(effective, 'UNRATED'), count(*) FROM decision GROUP BY 1, 2, 3"
    for run, market, tier, count in connection.execute(sa.text(query)):
        counted[run].setdefault(market, {})[tier] = count
    for run, tiers in counted.items():
        values = {"run": run, "tiers": orjson.dumps(tiers).decode()}
        connection.execute(sa.text("UPDATE run SET tiers = :tiers WHERE id = :run"), values)


def _rewrite_chunks(connection: sa.Connection) -> None:
    session = Session(bind=connection)
    numbers = connection.execute(sa.text("SELECT id FROM chunk ORDER BY id")).scalars().all()
    for number in numbers:
        body = connection.execute(sa.text("SELECT body FROM chunk WHERE id = :id"), {"id": number}).scalar_one()
        header, arrays = _first_format(bytes(body))
        query = 'SELECT previous FROM decision WHERE chunk_id = :id ORDER BY "row"'
        previous = connection.execute(sa.text(query), {"id": number}).scalars().all()
        customers = arrays["customer"]
        written = _second_format(session, header, arrays, previous)
        values = {
            "id": number,
            "first": int(customers.min()),
            "last": int(customers.max()),
            "members": pack_numbers(customers.astype(np.int64)),
            "body": written,
            "hash": chunk_hash(written),
        }
        setting = "first_customer = :first, last_customer = :last, members = :members, body = :body, hash = :hash"
        connection.execute(sa.text(f"UPDATE chunk SET {setting} WHERE id = :id"), values)


def _second_format(session: Session, header: dict, arrays: dict, previous: list[str | None]) -> bytes:
    book = book_of(session, header["revision"])
    described = orjson.loads(arrays["facts"].tobytes())
    units = tuple(Unit)
    columns = {
        name: Column(arrays[f"fact.{name}.value"], arrays[f"fact.{name}.cause"], units[unit], tuple(texts))
        for name, (unit, texts) in described.items()
    }
    states, outcomes = (
        kind(**{name: arrays[f"{prefix}.{name}"] for name in kind.__dataclass_fields__})
        for prefix, kind in (("state", States), ("outcome", Outcomes))
    )
    texts = tuple(dict.fromkeys(key for key in previous if key is not None))
    place = {key: index for index, key in enumerate(texts)}
    codes = np.array([place.get(key, 0) for key in previous], np.int64)
    before = Column(codes, np.array([key is None for key in previous], np.uint8), Unit.TEXT, texts)
    shown = shown_metrics(book, columns)
    mine = kept(book.markets[Market(header["market"])], columns, states, outcomes, previous=before, shown=shown)
    fixed = {name: header[name] for name in ("market", "revision", "engine")}
    return encode_chunk({**fixed, **mine.header}, {"customer": arrays["customer"], **mine.arrays})


def _first_format(body: bytes) -> tuple[dict, dict]:
    """Header and columns of a chunk of schema 0001: all columns in one zlib stream, bytes grouped by significance."""
    start = 8 + int.from_bytes(body[4:8], "little")
    head, data, place = orjson.loads(body[8:start]), zlib.decompress(body[start:]), 0
    columns = {}
    for name, kind, shape in head["columns"]:
        width = np.dtype(kind).itemsize
        size = math.prod(shape) * width
        grouped = np.frombuffer(data[place : place + size], np.uint8).reshape(width, -1)
        columns[name] = np.frombuffer(np.ascontiguousarray(grouped.T).tobytes(), kind).reshape(shape)
        place += size
    return head["header"], columns
