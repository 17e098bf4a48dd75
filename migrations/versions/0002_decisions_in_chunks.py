"""Decisions are kept in chunks alone: names beside the codes, an index of customers, numbers made of chunk and row.

Standings, dispatches, tasks and the answers kept for idempotency keys name decisions by the new numbers. What was
decided, the digests, leaves and roots stay as they are.

Nothing of the engine is imported: this file writes what schema 0002 is, however the engine goes on.
"""

import hashlib
import math
import zlib

import numpy as np
import orjson
import sqlalchemy as sa
import yaml
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_PHASES = ("ACQUIRE", "CONVERT", "RETAIN", "WIN_BACK")
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
    _rename_answers(connection)
    op.drop_table("decision")
    _require(connection)


def _rename_answers(connection: sa.Connection) -> None:
    """Whoever asks again with the same key after the upgrade gets the first answer, with the numbers of today."""
    answers = connection.execute(sa.text("SELECT key, answer FROM idempotency WHERE operation = 'decide'")).all()
    for key, answer in answers:
        told = orjson.loads(answer)
        found = (connection.execute(sa.text(f"{_NEW_NUMBER} = :id"), {"id": one}) for one in told["decision_ids"])
        told["decision_ids"] = [rows.scalar_one() for rows in found]
        values = {"key": key, "answer": orjson.dumps(told).decode()}
        connection.execute(sa.text("UPDATE idempotency SET answer = :answer WHERE key = :key"), values)


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
    names: dict[str, dict] = {}
    numbers = connection.execute(sa.text("SELECT id FROM chunk ORDER BY id")).scalars().all()
    for number in numbers:
        body = connection.execute(sa.text("SELECT body FROM chunk WHERE id = :id"), {"id": number}).scalar_one()
        header, arrays = _first_format(bytes(body))
        query = 'SELECT previous, phase FROM decision WHERE chunk_id = :id ORDER BY "row"'
        told = [tuple(row) for row in connection.execute(sa.text(query), {"id": number})]
        customers, by = arrays["customer"], header["revision"]
        if by not in names:
            names[by] = _names(connection, by)
        written = _second_format(names[by], header, arrays, told)
        values = {
            "id": number,
            "first": int(customers.min()),
            "last": int(customers.max()),
            "members": _members(customers.astype(np.int64)),
            "body": written,
            "hash": f"sha256:{hashlib.sha256(written).hexdigest()}",
        }
        setting = "first_customer = :first, last_customer = :last, members = :members, body = :body, hash = :hash"
        connection.execute(sa.text(f"UPDATE chunk SET {setting} WHERE id = :id"), values)


def _second_format(names: dict, header: dict, arrays: dict, told: list[tuple[str | None, str]]) -> bytes:
    """The chunk as schema 0002 keeps it; `told`: tier before and phase of every row, as the first schema stored them."""
    facts = orjson.loads(arrays["facts"].tobytes())
    previous = tuple(dict.fromkeys(key for key, _ in told if key is not None))
    before = {None: -1, **{key: index for index, key in enumerate(previous)}}
    market = header["market"]
    head = {
        **{name: header[name] for name in ("market", "revision", "engine")},
        "facts": facts,
        **{name: names[market][name] for name in ("tiers", "forces")},
        "tags": names["tags"],
        "previous": list(previous),
        "shown": _shown(names["metrics"], facts),
    }
    kept = {name: array for name, array in arrays.items() if name.split(".")[0] in ("customer", "fact", "state", "outcome")}
    kept["told.previous"] = np.array([before[key] for key, _ in told], np.int16)
    kept["told.phase"] = np.array([_PHASES.index(phase) for _, phase in told], np.int16)
    return _encoded(head, kept)


def _shown(metrics: dict, facts: dict) -> dict[str, str]:
    """The metrics that work lists show: the first lifetime value and the first prediction among the facts."""
    found: dict[str, str] = {}
    for name in facts:
        if "model" in metrics[name]:
            found.setdefault("churn", name)
        elif metrics[name].get("value") == "clv":
            found.setdefault("clv", name)
    return found


def _names(connection: sa.Connection, revision: str) -> dict:
    """The names behind the codes, as the rule files of a revision write them: they were checked when it was published.

    Every scalar is taken as text, so that nothing here depends on how strictly rule files are read later.
    """
    query = sa.text("SELECT files FROM revision WHERE hash = :hash")
    written = connection.execute(query, {"hash": revision}).scalar_one()
    files = {path: yaml.load(text, Loader=yaml.BaseLoader) for path, text in orjson.loads(written)}
    found: dict = {"metrics": files["metrics.yaml"]["metrics"]}
    found["tags"] = [one["tag"] for one in (files.get("campaigns.yaml") or {}).get("tags") or ()]
    for market in ("B2B", "B2C"):
        rules = files.get(f"{market.lower()}.yaml") or {}
        found[market] = {
            "tiers": [one["key"] for one in rules.get("tiers") or ()],
            "forces": [one["name"] for one in rules.get("force") or ()],
        }
    return found


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


def _encoded(header: dict, columns: dict) -> bytes:
    """A chunk of schema 0002: `TSC2`, length of the head, head as canonical JSON, the packed columns by name."""
    described: list = []
    packed: list[bytes] = []
    for name in sorted(columns):
        array = columns[name]
        parts = [array] if array.ndim == 1 else [array[:, index] for index in range(array.shape[1])]
        found = [_packed(part) for part in parts]
        described.append([name, array.dtype.newbyteorder("<").str, list(array.shape), [how for how, _ in found]])
        packed += [body for _, body in found]
    head = orjson.dumps({"columns": described, "header": header}, option=orjson.OPT_SORT_KEYS)
    return b"".join((b"TSC2", len(head).to_bytes(4, "little"), head, *packed))


def _members(customers: np.ndarray) -> bytes:
    """The ids of a chunk's customers in the order of its rows: their differences, packed."""
    how, body = _packed(np.diff(customers, prepend=np.int64(0)))
    return np.array([len(customers), len(how), *how], "<i8").tobytes() + body


def _packed(values: np.ndarray) -> tuple[list[int], bytes]:
    """How a column is packed and its bytes: nothing, the one value of every row, or lowest value, planes and size."""
    if len(values) == 0:
        return [], b""
    lowest, highest = int(values.min()), int(values.max())
    if abs(lowest) > 2**53:  # JSON would not carry it
        lowest, planes = 0, 8
    elif lowest == highest:
        return [lowest], b""
    else:
        planes = math.ceil((highest - lowest).bit_length() / 8)
    rest = values.astype("<i8").view("<u8") - np.array(lowest, "<i8").view("<u8")
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    body = packer.compress(rest.view(np.uint8).reshape(-1, 8).T[:planes].tobytes()) + packer.flush()
    return [lowest, planes, len(body)], body
