"""What is stored beside what the ledger says of it: runs, their chunks, rule changes, roles, models, standings …

The chain proves the entries alone. A decision, a reason or a run's instant altered in its own table shows here: a
run's entry repeats the run's row and holds the root over its decisions' leaves, a rule change's entry its revision,
actor and reason (`anchored_changes`); entries of tiers set by hand and of tasks give what their rows hold. Names beside
the leaves follow from the rule book and from the decision before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import PartialTree
from engine.decisions import told
from engine.errors import DamagedError, TouchstoneError
from engine.operations.anchored_access import access_misfits
from engine.operations.anchored_changes import change_misfits
from engine.operations.anchored_models import model_misfits
from engine.operations.anchored_overrides import override_misfits
from engine.operations.anchored_shadows import shadow_chunks, shadow_misfits, started_misfits
from engine.operations.anchored_tasks import task_misfits
from engine.operations.anchors import dropped_beside, salts_of
from engine.operations.misfit import Misfit, differences, entries_of, gone, without_entry
from engine.operations.publishing import book_of
from engine.operations.standings import differing_standings
from engine.rulebook import MarketBook
from engine.store import NOBODY, Chunk, is_dropped, kept_roots, leaves_of_chunk, read_chunk, unpack_members
from engine.store.reading import Kind, global_id
from engine.store.rows import table_of
from engine.store.tables import ChunkRow, RunRow
from engine.vocabulary import EntryKind, Market, Text

_OF_ANOTHER_TYPE: Final = (TypeError, ValueError, OverflowError, AttributeError)
"""What comes of a value that whoever owns the database wrote into a column of another type."""
_MOST_STANDINGS = 5
"""Standings told one by one; further ones are counted."""


def misfits(session: Session) -> Iterator[Misfit]:
    """Everything stored that is not as the ledger says, run by run; nothing is decided again (`replay` does that)."""
    parts: tuple[tuple[Text, Callable[[Session], Iterator[Misfit]]], ...] = (
        (Text("Rule changes and reviews", "规则变更和审批"), change_misfits),
        (Text("Roles, tokens and personal fields", "角色、令牌和个人数据字段"), access_misfits),
        (Text("Models", "模型"), model_misfits),
        (Text("Candidates beside the live rules", "双轨并行的候选规则"), started_misfits),
        (Text("Tiers set by hand", "人工评级"), override_misfits),
        (Text("Tasks", "任务"), task_misfits),
        (Text("Runs and decisions", "运行和决定"), _runs),
        (Text("Where customers stand", "客户现状"), _standings),
    )
    for name, found in parts:
        try:
            yield from found(session)
        except _OF_ANOTHER_TYPE:
            text = f"{name.en} cannot be compared further: a stored value is not of its type."
            yield Misfit(None, Text(text, f"{name.zh}无法继续核对：有存储值的类型不对。"))


def _runs(session: Session) -> Iterator[Misfit]:
    rows = {row.id: row for row in session.execute(select(RunRow)).scalars()}
    chunk = table_of(ChunkRow).c
    query = select(chunk.id, chunk.run_id).order_by(chunk.run_id, chunk.market, chunk.ordinal)
    chunks: dict[int, list[int]] = {}
    for number, run_id in session.execute(query):
        chunks.setdefault(run_id, []).append(number)
    before: dict[int, str | None] = {}
    beside, gone_beside = shadow_chunks(session), dropped_beside(session)
    for position, entry in entries_of(session, EntryKind.RUN):
        body = entry["body"]
        number = body["run"]
        row, mine = rows.pop(number, None), chunks.pop(number, [])
        name = f"run {number}", f"运行 {number}"
        if row is None:
            yield gone(position, name)
            continue
        yield from differences(position, name, _said_of_run(entry), _row_of_run(row))
        yield from _decisions(session, position, row, mine, body, before)
        yield from shadow_misfits(session, position, body, beside, gone_beside)
    for shadow, run_id in sorted(beside):
        yield without_entry((f"shadow {shadow} in run {run_id}", f"双轨 {shadow}（运行 {run_id}）"))
    for run_id in sorted({*(row_id for row_id in rows if row_id is not None), *chunks}):
        yield without_entry((f"run {run_id}", f"运行 {run_id}"))


def _said_of_run(entry: Mapping[str, Any]) -> dict[str, Any]:
    body = entry["body"]
    names = ("revision", "model", "engine", "decided", "changed", "root", "tiers")
    instants = {name: datetime.fromisoformat(body[name]) for name in ("as_of", "as_known_at") if name in body}
    left_out = sum(one["customers"] for one in body.get("left_out", ()))
    said = {name: body[name] for name in names if name in body}
    return {**said, **instants, "left_out": left_out, "by": entry["actor"]}


def _row_of_run(row: RunRow) -> dict[str, Any]:
    return {
        "as_of": row.as_of,
        "as_known_at": row.as_known_at,
        "revision": row.revision,
        "model": row.model_digest,
        "engine": row.engine_version,
        "decided": row.decided,
        "changed": row.changed,
        "root": row.root,
        "tiers": orjson.loads(row.tiers),
        "left_out": row.total - row.decided,
        "by": row.actor,
    }


def _decisions(
    session: Session, position: int, row: RunRow, chunks: list[int], body: Mapping[str, Any],
    before: dict[int, str | None],
) -> Iterator[Misfit]:  # fmt: skip
    """The chunks of one run: their bytes, their names, and whether their leaves give the run's root."""
    tree = PartialTree(int(body["decided"]))
    for number in chunks:
        try:
            chunk = read_chunk(session, number)
            if is_dropped(chunk):
                members = _members_of(session, number)
                tree.add_roots(len(members), kept_roots(chunk))
                for customer in members:
                    before.pop(customer, None)
                continue
            tree.add_leaves(leaves_of_chunk(chunk, salts_of(session, chunk["customer"])))
            yield from _names(session, position, row, chunk, before)
        except TouchstoneError as error:
            yield Misfit(position, error.message)
            _forget(session, chunks, before)
            return
    root = tree.root()
    if root is None or f"sha256:{root.hex()}" != body["root"]:
        yield Misfit(
            position,
            Text(
                f"The decisions of run {row.id} are not the ones its entry anchors.",
                f"运行 {row.id} 的决定与其账本记录所锚定的不一致。",
            ),
        )


def _members_of(session: Session, chunk_id: int) -> list[int]:
    table = table_of(ChunkRow).c
    packed, rows = session.execute(select(table.members, table.rows).where(table.id == chunk_id)).one()
    return [int(number) for number in unpack_members(bytes(packed), rows, f"chunk {chunk_id}")]


def _forget(session: Session, chunks: list[int], before: dict[int, str | None]) -> None:
    """What tier these had before is not known any more; of a chunk whose index is damaged too, of anybody."""
    for number in chunks:
        try:
            for customer in _members_of(session, number):
                before.pop(customer, None)
        except DamagedError:
            before.clear()


def _names(
    session: Session, position: int, row: RunRow, chunk: Chunk, before: dict[int, str | None]
) -> Iterator[Misfit]:
    """Names beside the leaves: those of the rule book, and the tier each customer had before."""
    rules = book_of(session, row.revision).markets.get(Market(chunk.header["market"]))
    named = {name: chunk.header.get(name) for name in ("revision", "engine", "tiers", "forces", "tags")}
    if rules is None or named != _named(row, rules):
        text = f"Names in a chunk of run {row.id} are not those of its rule book."
        yield Misfit(position, Text(text, f"运行 {row.id} 某数据块中的名称与其规则库不符。"))
        return
    customers = chunk["customer"].tolist()
    previous = told(chunk.header, chunk, "previous").listed()
    effective = told(chunk.header, chunk, "effective").listed()
    wrong = 0
    for customer, had, has in zip(customers, previous, effective, strict=True):
        if customer == NOBODY:
            continue
        wrong += customer in before and before[customer] != had
        before[customer] = has
    if wrong:
        text = f"{wrong} decisions of run {row.id} tell another tier before than the decision before gave."
        yield Misfit(position, Text(text, f"运行 {row.id} 有 {wrong} 个决定所述的先前等级与前一决定不符。"))


def _named(row: RunRow, rules: MarketBook) -> dict[str, Any]:
    return {
        "revision": row.revision,
        "engine": row.engine_version,
        "tiers": [tier.key for tier in rules.tiers],
        "forces": [force.name for force in rules.force],
        "tags": [tag.name for tag in rules.campaigns.tags],
    }


def _standings(session: Session) -> Iterator[Misfit]:
    try:
        wrong, damaged = differing_standings(session)
    except TouchstoneError as error:
        yield Misfit(None, error.message)
        return
    yield from (Misfit(None, one.message) for one in damaged)
    for number in wrong[:_MOST_STANDINGS]:
        name = global_id(Kind.DECISION, number)
        text = f"Where a customer stands is not what decision {name} left."
        yield Misfit(None, Text(text, f"某客户的现状与决定 {name} 的结果不符。"))
    if len(wrong) > _MOST_STANDINGS:
        more = len(wrong) - _MOST_STANDINGS
        yield Misfit(None, Text(f"The same of {more} more customers.", f"另有 {more} 位客户同样如此。"))
