"""Replay: stored decisions made again from their stored inputs and compared; writes nothing.

A decision is identical if the same bytes come out again (hence the digest) and, where everything is replayed, the
leaves of its run give the root that the ledger has anchored and the customer's standing says what it left. What an
engine version made that this one does not replay (`engine.REPLAYED_VERSIONS`) is named, never passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import REPLAYED_VERSIONS
from engine.audit import leaves, merkle_root
from engine.decisions import TOLD, Outcomes, decide, phase_codes, row_bytes, single_rows
from engine.errors import NotFoundError, OtherEngineError
from engine.operations.inputs import Inputs, inputs_of_chunk, stored_decision
from engine.operations.selecting import decision_numbers
from engine.store import (
    decision_number,
    place_of_decision,
    read_chunk,
    read_customers,
    read_standings,
    unpack_numbers,
)
from engine.store.reading import Kind, global_id, subject_of
from engine.store.rows import table_of
from engine.store.tables import ChunkRow, CustomerRow, LedgerRow, RunRow, StandingRow
from engine.vocabulary import EntryKind, Text

_STANDS = ("market", *(name for name in TOLD if name != "previous"))
"""What a standing says as the latest decision left it; `previous` is that of the decision that wrote the standing."""


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """How many decisions were made again, how many came out the same, and the ids of the others.

    Attributes:
        other_engines: By engine version the ids of decisions that need it and were not made again here.
    """

    checked: int
    identical: int
    different: list[str]
    other_engines: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Replayed:
    """One decision made again.

    Attributes:
        digest: Of what came out now; None: it could not be made again.
        needed_engine: The engine version that can; None: this one.
    """

    identical: bool
    digest: str | None
    needed_engine: str | None = None


@dataclass(frozen=True, slots=True)
class _Stored:
    """A chunk of decisions."""

    chunk_id: int
    run_id: int
    rows: int
    engine: str

    @property
    def numbers(self) -> list[int]:
        """Its decisions."""
        return [decision_number(self.chunk_id, row) for row in range(self.rows)]


@dataclass(slots=True)
class _Run:
    """A run while its decisions are made again, in the order of its leaves."""

    decisions: list[int] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)


def replay(session: Session, names: Sequence[str] | None = None) -> ReplayReport:
    """Decide again from stored inputs.

    Args:
        names: Ids of decisions or refs of customers; None: every stored decision, the root of every run and where
            every customer stands.

    Raises:
        NotFoundError: A named decision or customer is not there.
        DamagedError: A chunk does not fit its hash.
    """
    wanted = None if names is None else decision_numbers(session, names)
    checked: set[int] = set()
    different: set[int] = set()
    runs: dict[int, _Run] = {}
    others: dict[str, list[int]] = {}
    for chunk in _chunks(session, wanted):
        numbers = chunk.numbers
        asked = [number for number in numbers if wanted is None or number in wanted]
        if chunk.engine not in REPLAYED_VERSIONS:
            others.setdefault(chunk.engine, []).extend(asked)
            continue
        again = _again(session, chunk.chunk_id)
        run = runs.setdefault(chunk.run_id, _Run())
        run.leaves += again.leaves
        run.decisions += numbers
        checked.update(asked)
        different.update(number for number in asked if not again.same[number - numbers[0]])
    if wanted is None:
        different.update(_without_root(session, runs))
        different.update(differing_standings(session))
    elif missing := wanted.difference(checked, *others.values()):
        raise _missing(min(missing))
    told = {version: _ids(numbers) for version, numbers in sorted(others.items())}
    return ReplayReport(len(checked), len(checked - different), _ids(different), told)


def _ids(numbers: Iterable[int]) -> list[str]:
    return [global_id(Kind.DECISION, number) for number in sorted(numbers)]


def replay_decision(session: Session, number: int) -> Replayed:
    """Decide one stored decision again from its inputs.

    Raises:
        NotFoundError: There is none.
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
    """A chunk's decisions made again: whether each came out the same, and its leaf."""

    same: list[bool]
    leaves: list[bytes]


def _again(session: Session, chunk_id: int) -> _Again:
    inputs = inputs_of_chunk(session, chunk_id)
    stored = row_bytes(inputs.columns, inputs.states, inputs.outcomes)
    outcomes = decide(inputs.rules, inputs.columns, inputs.states, inputs.moment)
    same = (row_bytes(inputs.columns, inputs.states, outcomes) == stored).all(axis=1)
    same &= _told_again(session, chunk_id, inputs, outcomes)
    customers = inputs.customers.tolist()
    salts = _salts(session, customers)
    grown = leaves([salts.get(customer, b"") for customer in customers], single_rows(stored))
    return _Again(same.tolist(), grown)


def _told_again(session: Session, chunk_id: int, inputs: Inputs, outcomes: Outcomes) -> NDArray[np.bool_]:
    """Whether what a chunk tells beside the digest follows too: whose decision it is, and the phase of its stage."""
    table = table_of(ChunkRow)
    members = session.execute(select(table.c.members).where(table.c.id == chunk_id)).scalar_one()
    chunk = read_chunk(session, chunk_id)
    phases = chunk["told.phase"] == _phases(inputs, outcomes)
    return np.asarray((unpack_numbers(bytes(members)) == inputs.customers) & phases, np.bool_)


def _phases(inputs: Inputs, outcomes: Outcomes) -> NDArray[np.int16]:
    return phase_codes(inputs.rules, outcomes.stage, outcomes.stage_rule, outcomes.stage_held)


def differing_standings(session: Session) -> list[int]:
    """Numbers of the latest decisions of customers whose standing does not say what they left."""
    ids = read_customers(session).ids
    found = read_standings(session, ids)
    table = table_of(StandingRow)
    query = select(table.c.customer_id, *(table.c[name] for name in _STANDS))
    rows = {customer: rest for customer, *rest in session.execute(query)}
    told = zip(*(found.columns[name].listed() for name in _STANDS), strict=True)
    numbers = zip(ids.tolist(), found.located.numbers.tolist(), told, strict=True)
    return [number for customer, number, left in numbers if number >= 0 and rows.get(customer) != list(left)]


def _chunks(session: Session, wanted: set[int] | None) -> list[_Stored]:
    """The chunks that hold the wanted decisions, those of a run in the order of its leaves."""
    chunk, run = table_of(ChunkRow), table_of(RunRow)
    query = select(chunk.c.id, chunk.c.run_id, chunk.c.rows, run.c.engine_version)
    query = query.join(run, run.c.id == chunk.c.run_id).order_by(chunk.c.run_id, chunk.c.market, chunk.c.ordinal)
    if wanted is not None:
        query = query.where(chunk.c.id.in_({place_of_decision(number)[0] for number in wanted}))
    return [_Stored(*row) for row in session.execute(query)]


def _salts(session: Session, customers: list[int]) -> Mapping[int, bytes]:
    customer = table_of(CustomerRow)
    low, high = min(customers), max(customers)
    query = select(customer.c.id, customer.c.salt).where(customer.c.id.between(low, high))
    return {number: bytes(salt) for number, salt in session.execute(query)}


def _without_root(session: Session, runs: Mapping[int, _Run]) -> set[int]:
    """Decisions of runs whose leaves do not give the root in the run's ledger entry: which one it is cannot be told."""
    entry = table_of(LedgerRow)
    query = select(entry.c.subject, entry.c.body).where(entry.c.kind == EntryKind.RUN.value)
    anchored = {subject: orjson.loads(body)["body"].get("root") for subject, body in session.execute(query)}
    different: set[int] = set()
    for number, run in runs.items():
        root = "sha256:" + merkle_root(run.leaves).hex()
        if anchored.get(subject_of(Kind.RUN, number)) != root:
            different.update(run.decisions)
    return different


def _missing(number: int) -> NotFoundError:
    name = global_id(Kind.DECISION, number)
    return NotFoundError(
        Text(f"There is no decision {name}.", f"没有决定 {name}。"),
        Text(
            "`touchstone explain REF --json` names a customer's latest.",
            "`touchstone explain 客户 --json` 可查看最新决定的编号。",
        ),
    )
