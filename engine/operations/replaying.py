"""Replay: stored decisions made again from their stored inputs and compared; writes nothing.

A decision is identical if the same bytes come out again (hence the digest) and, where everything is replayed, the
leaves of its run give the root that the ledger has anchored and the customer's standing says what it left. What an
engine version made that this one does not replay (`engine.REPLAYED_VERSIONS`) is named, never passed over. Decisions
that were taken away on purpose are counted, and must be as many as the ledger says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import REPLAYED_VERSIONS
from engine.audit import PartialTree
from engine.decisions import Outcomes, decide, phase_codes, row_bytes
from engine.errors import DamagedError, NotFoundError, OtherEngineError, RevisionUnreadableError
from engine.operations.anchors import anchored_roots, missing_decisions, salts_of, taken_away
from engine.operations.inputs import Inputs, inputs_of_chunk, stored_decision
from engine.operations.replay_report import Replayed, ReplayReport
from engine.operations.selecting import decision_numbers
from engine.operations.standings import differing_standings
from engine.store import (
    NOBODY,
    Chunk,
    decision_number,
    kept_roots,
    leaves_of_chunk,
    place_of_decision,
    read_chunk,
    require_kept,
    unpack_members,
)
from engine.store.reading import Kind, global_id
from engine.store.rows import table_of
from engine.store.tables import ChunkRow, RunRow
from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class _Stored:
    """A chunk of decisions; `present`: (rows,) not of an erased person; `dropped`: gone by policy."""

    chunk_id: int
    run_id: int
    rows: int
    engine: str
    present: NDArray[np.bool_]
    dropped: bool

    @property
    def numbers(self) -> list[int]:
        """Its decisions, those of erased persons too."""
        return [decision_number(self.chunk_id, row) for row in range(self.rows)]

    def among(self, wanted: set[int] | None) -> list[int]:
        """Those of its decisions that are there and asked for."""
        there = [] if self.dropped else np.flatnonzero(self.present).tolist()
        numbers = [decision_number(self.chunk_id, row) for row in there]
        return [number for number in numbers if wanted is None or number in wanted]


@dataclass(slots=True)
class _Found:
    """What is found while chunk after chunk is made again; `trees` by run, `unread` runs with a damaged chunk."""

    checked: set[int] = field(default_factory=set)
    different: set[int] = field(default_factory=set)
    others: dict[str, list[int]] = field(default_factory=dict)
    trees: dict[int, PartialTree] = field(default_factory=dict)
    damaged: list[Text] = field(default_factory=list)
    unread: set[int] = field(default_factory=set)


def replay(session: Session, names: Sequence[str] | None = None) -> ReplayReport:
    """Decide again from stored inputs.

    Args:
        names: Ids of decisions or refs of customers; None: every stored decision, the root of every run and where
            every customer stands.

    Raises:
        NotFoundError: A named decision or customer is not there.
        GoneError: A named decision was taken away on purpose.
    """
    wanted = None if names is None else decision_numbers(session, names)
    require_kept(session, sorted(wanted or ()))
    chunks, found = _chunks(session, wanted), _Found()
    sizes = Counter[int]()
    for chunk in chunks:
        sizes[chunk.run_id] += chunk.rows
    for chunk in chunks:
        try:
            _look_at(session, chunk, wanted, found, sizes[chunk.run_id])
        except (DamagedError, RevisionUnreadableError) as error:
            asked = chunk.among(wanted)
            found.checked.update(asked)
            found.different.update(asked)
            found.damaged.append(error.message)
            found.unread.add(chunk.run_id)
    erased, not_kept, missing_ = 0, 0, 0
    if wanted is None:
        readable = {run: tree for run, tree in found.trees.items() if run not in found.unread}
        found.different.update(_without_root(session, chunks, readable))
        found.different.update(_unaccounted(session, chunks))
        found.different.update(_differing_standings(session, found))
        missing_ = missing_decisions(session, sizes)
        erased = sum(int((~chunk.present).sum()) for chunk in chunks)
        not_kept = sum(int(chunk.present.sum()) for chunk in chunks if chunk.dropped)
    elif missing := wanted.difference(found.checked, *found.others.values()):
        raise _missing(min(missing))
    told = {version: _ids(numbers) for version, numbers in sorted(found.others.items())}
    identical = len(found.checked - found.different)
    damaged = tuple(dict.fromkeys(found.damaged))
    return ReplayReport(len(found.checked), identical, _ids(found.different), told, erased, not_kept, missing_, damaged)


def _differing_standings(session: Session, found: _Found) -> list[int]:
    try:
        differing, damaged = differing_standings(session)
    except DamagedError as error:
        differing, damaged = [], [error]
    found.damaged += [one.message for one in damaged]
    return differing


def _look_at(session: Session, chunk: _Stored, wanted: set[int] | None, found: _Found, size: int) -> None:
    """Make the decisions of one chunk again, and hand its leaves to the tree of its run, which has `size` leaves."""
    asked = chunk.among(wanted)
    if chunk.dropped:
        if chunk.engine in REPLAYED_VERSIONS:
            tree = found.trees.setdefault(chunk.run_id, PartialTree(size))
            tree.add_roots(chunk.rows, kept_roots(read_chunk(session, chunk.chunk_id)))
        return
    if chunk.engine not in REPLAYED_VERSIONS:
        found.others.setdefault(chunk.engine, []).extend(asked)
        return
    again = _again(session, chunk.chunk_id)
    found.checked.update(asked)
    found.different.update(again.different.intersection(asked))
    if wanted is None:
        found.trees.setdefault(chunk.run_id, PartialTree(size)).add_leaves(again.leaves)


def _ids(numbers: Iterable[int]) -> list[str]:
    return [global_id(Kind.DECISION, number) for number in sorted(numbers)]


def replay_decision(session: Session, number: int) -> Replayed:
    """Decide one stored decision again from its inputs.

    Raises:
        NotFoundError: There is none.
        GoneError: It was taken away on purpose.
        DamagedError: Its chunk does not fit its hash.
    """
    try:
        stored = stored_decision(session, number)
    except OtherEngineError as error:
        return Replayed(False, None, error.needed)
    inputs = stored.inputs
    outcomes = decide(inputs.rules, inputs.columns, inputs.states, inputs.moment)
    again = replace(stored, inputs=replace(inputs, outcomes=outcomes))
    chunk_id, row = place_of_decision(number)
    phase = read_chunk(session, chunk_id)["told.phase"][row]
    same = again.digest == stored.digest and bool(phase == _phases(inputs, outcomes)[0])
    return Replayed(same, f"sha256:{again.digest.hex()}")


@dataclass(frozen=True, slots=True)
class _Again:
    """A chunk's decisions made again: those that did not come out the same, and the leaf of every row."""

    different: set[int]
    leaves: list[bytes]


def _again(session: Session, chunk_id: int) -> _Again:
    rows, inputs = inputs_of_chunk(session, chunk_id)
    stored = row_bytes(inputs.columns, inputs.states, inputs.outcomes)
    outcomes = decide(inputs.rules, inputs.columns, inputs.states, inputs.moment)
    same = (row_bytes(inputs.columns, inputs.states, outcomes) == stored).all(axis=1)
    chunk = read_chunk(session, chunk_id)
    same &= _told_again(session, chunk_id, chunk, inputs, outcomes, rows)
    grown = leaves_of_chunk(chunk, salts_of(session, inputs.customers))
    return _Again({decision_number(chunk_id, row) for row in rows[~same].tolist()}, grown)


def _told_again(
    session: Session, chunk_id: int, chunk: Chunk, inputs: Inputs, outcomes: Outcomes, rows: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether what a chunk tells beside the digest follows too: whose decision it is, and the phase of its stage."""
    table = table_of(ChunkRow)
    members, count = session.execute(select(table.c.members, table.c.rows).where(table.c.id == chunk_id)).one()
    phases = chunk["told.phase"][rows] == _phases(inputs, outcomes)
    index = unpack_members(bytes(members), count, chunk.name)
    return np.asarray((index[rows] == inputs.customers) & phases, np.bool_)


def _phases(inputs: Inputs, outcomes: Outcomes) -> NDArray[np.int16]:
    return phase_codes(inputs.rules, outcomes.stage, outcomes.stage_rule, outcomes.stage_held)


def _chunks(session: Session, wanted: set[int] | None) -> list[_Stored]:
    """The chunks that hold the wanted decisions, those of a run in the order of its leaves."""
    chunk, run = table_of(ChunkRow), table_of(RunRow)
    columns = (chunk.c.id, chunk.c.run_id, chunk.c.rows, run.c.engine_version, chunk.c.members, chunk.c.dropped_at)
    query = select(*columns).join(run, run.c.id == chunk.c.run_id)
    query = query.order_by(chunk.c.run_id, chunk.c.market, chunk.c.ordinal)
    if wanted is not None:
        query = query.where(chunk.c.id.in_({place_of_decision(number)[0] for number in wanted}))
    return [
        _Stored(number, run_id, rows, engine, _present(bytes(members), rows), dropped_at is not None)
        for number, run_id, rows, engine, members, dropped_at in session.execute(query)
    ]


def _present(members: bytes, rows: int) -> NDArray[np.bool_]:
    """(rows,) not of an erased person; a damaged index says nothing, and is told when its chunk is looked at."""
    try:
        return np.asarray(unpack_members(members, rows, "") != NOBODY, np.bool_)
    except DamagedError:
        return np.ones(rows, np.bool_)


def _without_root(session: Session, chunks: Sequence[_Stored], trees: Mapping[int, PartialTree]) -> set[int]:
    """Decisions of runs whose leaves do not give the root in the run's ledger entry: which one it is cannot be told."""
    anchored = anchored_roots(session)
    wrong = {run for run, tree in trees.items() if (root := tree.root()) is None or anchored.get(run) != root}
    return {number for chunk in chunks if chunk.run_id in wrong for number in chunk.numbers}


def _unaccounted(session: Session, chunks: Sequence[_Stored]) -> set[int]:
    """Decisions that are gone and of which the ledger does not say so, by as many as it says of each run.

    A row could be called erased to hide what it held; a run of which the ledger has more taken away than is gone is
    told as a whole.
    """
    erased, dropped = taken_away(session)
    gone: dict[int, set[int]] = {}
    here, away = Counter[int](), Counter[int]()
    for chunk in chunks:
        numbers = np.array(chunk.numbers, np.int64)
        gone.setdefault(chunk.run_id, set()).update(numbers[~chunk.present].tolist())
        here[chunk.run_id] += int((~chunk.present).sum())
        if chunk.dropped:
            away[chunk.run_id] += chunk.rows
            gone[chunk.run_id].update(chunk.numbers)
    wrong = {run for run in gone if here[run] != erased[run] or away[run] != dropped[run]}
    told = {number for run in wrong for number in gone[run]}
    silent = {run for run in wrong if not gone[run]}
    return told | {number for chunk in chunks if chunk.run_id in silent for number in chunk.numbers}


def _missing(number: int) -> NotFoundError:
    name = global_id(Kind.DECISION, number)
    return NotFoundError(
        Text(f"There is no decision {name}.", f"没有决定 {name}。"),
        Text(
            "`touchstone explain REF --json` names a customer's latest.",
            "`touchstone explain 客户 --json` 可查看最新决定的编号。",
        ),
    )
