"""Candidates that decided beside the live book, and their chunks, beside what the ledger says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import merkle_root
from engine.errors import TouchstoneError
from engine.operations.anchors import salts_of
from engine.operations.misfit import Misfit, differences, entries_of, gone, never_begun, without_entry
from engine.store import leaves_of_chunk, open_shadow_chunk
from engine.store.rows import table_of
from engine.store.tables import ShadowChunkRow, ShadowRow
from engine.vocabulary import EntryKind, Text

Chunks = dict[tuple[int, int], list[int]]
"""Ids of chunks in their order, by shadow and run."""


def shadow_chunks(session: Session) -> Chunks:
    """Every chunk of every shadow."""
    chunk, found = table_of(ShadowChunkRow).c, Chunks()
    query = select(chunk.id, chunk.shadow_id, chunk.run_id).order_by(chunk.run_id, chunk.market, chunk.ordinal)
    for number, shadow, run in session.execute(query):
        found.setdefault((shadow, run), []).append(number)
    return found


def shadow_misfits(
    session: Session, position: int, body: Mapping[str, Any], chunks: Chunks, dropped: Collection[tuple[int, int]]
) -> Iterator[Misfit]:
    """Whether what candidates decided beside a run is what its entry anchors; its chunks are taken out of `chunks`.

    Args:
        dropped: By shadow and run, what is gone by policy.
    """
    for said in body.get("shadows", ()):
        key = (int(said["shadow"]), int(body["run"]))
        if key in dropped and key not in chunks:
            continue
        grown: list[bytes] = []
        try:
            for number in chunks.pop(key, []):
                chunk = open_shadow_chunk(session, number)
                grown += leaves_of_chunk(chunk, salts_of(session, chunk["customer"]))
        except TouchstoneError as error:
            yield Misfit(position, error.message)
            continue
        root = None if said["root"] is None else f"sha256:{merkle_root(grown).hex()}"
        if (len(grown), root) != (said["decided"], said["root"]):
            text = f"What shadow {key[0]} decided beside run {key[1]} is not what its entry anchors."
            yield Misfit(position, Text(text, f"双轨 {key[0]} 在运行 {key[1]} 中的决定与其账本记录所锚定的不一致。"))


def started_misfits(session: Session) -> Iterator[Misfit]:
    """Shadows that are not as the ledger says."""
    told: dict[int, tuple[int, dict[str, Any]]] = {}
    for position, entry in entries_of(session, EntryKind.RULES_SHADOWED):
        body, at = entry["body"], datetime.fromisoformat(entry["at"])
        number = int(body["shadow"])
        if body["ended"] and number not in told:
            yield never_begun(position, _name(number))
            continue
        if body["ended"]:
            told[number] = (position, {**told[number][1], "ended_at": at, "ended_by": entry["actor"]})
            continue
        said = {"change": body["change"], "revision": body["revision"], "actor": entry["actor"], "from": at}
        until = datetime.fromisoformat(body["until"])
        told[number] = (position, {**said, "until": until, "ended_at": None, "ended_by": None})
    rows = {row.id: row for row in session.execute(select(ShadowRow)).scalars()}
    for number, (position, said) in told.items():
        row = rows.pop(number, None)
        if row is None:
            yield gone(position, _name(number))
        else:
            yield from differences(position, _name(number), said, _stored(row))
    yield from (without_entry(_name(number)) for number in sorted(n or 0 for n in rows))


def _name(number: int) -> tuple[str, str]:
    return f"shadow {number}", f"双轨 {number}"


def _stored(row: ShadowRow) -> dict[str, Any]:
    return {
        "change": row.change_id,
        "revision": row.revision,
        "actor": row.actor,
        "from": row.from_at,
        "until": row.until_at,
        "ended_at": row.ended_at,
        "ended_by": row.ended_by,
    }
