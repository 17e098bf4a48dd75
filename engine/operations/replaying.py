"""Replay: stored decisions made again from their stored inputs and compared; writes nothing.

A decision is identical if the digest comes out again, the queryable row says what was decided, and, where a
whole run is replayed, the leaves of its decisions give the root that the ledger has anchored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import leaves, merkle_root
from engine.decisions import (
    RISK_NAMES,
    STAGE_NAMES,
    Outcomes,
    decide,
    decision_digests,
    named,
    phases,
    row_bytes,
    row_layout,
    single_rows,
    tier_keys,
)
from engine.errors import NotFoundError
from engine.operations.inputs import Inputs, inputs_of_chunk
from engine.operations.selecting import decision_numbers
from engine.store.reading import Kind, global_id, subject_of
from engine.store.rows import table_of
from engine.store.tables import ChunkRow, CustomerRow, DecisionRow, LedgerRow, RunRow
from engine.vocabulary import EntryKind, Text

_TOLD = ("computed", "effective", "score", "stage", "phase", "risk", "provisional", "effective_since")
"""Columns of a decision's row that follow from its outcome."""


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """How many decisions were made again, how many came out the same, and the ids of the others."""

    checked: int
    identical: int
    different: list[str]


@dataclass(slots=True)
class _Run:
    """A run while its decisions are made again, in the order of its leaves."""

    decisions: list[int] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)


def replay(session: Session, names: Sequence[str] | None = None) -> ReplayReport:
    """Decide again from stored inputs.

    Args:
        names: Ids of decisions or refs of customers; None: every stored decision, and the root of every run.

    Raises:
        NotFoundError: A named decision or customer is not there.
        DamagedError: A chunk does not fit its hash.
    """
    wanted = None if names is None else decision_numbers(session, names)
    checked: set[int] = set()
    different: set[int] = set()
    runs: dict[int, _Run] = {}
    for chunk in _chunks(session, wanted):
        stored = _stored(session, chunk)
        again, grown = _again(session, chunk)
        run = runs.setdefault(chunk.run_id, _Run())
        for row, outcome in enumerate(again):
            number, told = stored.get(row, (None, None))
            run.leaves.append(grown[row])
            if number is None or (wanted is not None and number not in wanted):
                continue
            run.decisions.append(number)
            checked.add(number)
            if told != outcome:
                different.add(number)
    if wanted is None:
        different.update(_without_root(session, runs))
    elif wanted - checked:
        raise _missing(min(wanted - checked))
    return ReplayReport(
        len(checked), len(checked - different), [global_id(Kind.DECISION, number) for number in sorted(different)]
    )


def _again(session: Session, chunk: ChunkRow) -> tuple[list[tuple[object, ...]], list[bytes]]:
    """A chunk's decisions made again, as `_stored` has them, and their leaves."""
    inputs = inputs_of_chunk(session, chunk)
    run = session.get(RunRow, chunk.run_id)
    assert run is not None
    outcomes = decide(inputs.rules, inputs.columns, inputs.states, inputs.moment)
    rows = row_bytes(inputs.columns, inputs.states, outcomes)
    layout = row_layout(inputs.columns, inputs.states, outcomes)
    digests = decision_digests(
        rows,
        layout,
        revision=run.revision,
        engine_version=run.engine_version,
        as_of=run.as_of,
        market=inputs.market,
    )
    customers = inputs.customers.tolist()
    salts = _salts(session, customers)
    grown = leaves([salts.get(customer, b"") for customer in customers], single_rows(rows))
    return list(zip(digests, customers, *_told(inputs, outcomes), strict=True)), grown


def _told(inputs: Inputs, outcomes: Outcomes) -> Iterable[Sequence[object]]:
    """The columns `_TOLD` as they follow from outcomes."""
    keys = tier_keys(inputs.rules)
    return (
        named(keys, outcomes.tier),
        named(keys, outcomes.effective),
        [None if score < 0 else score for score in outcomes.score.tolist()],
        named(STAGE_NAMES, outcomes.stage),
        phases(inputs.rules, outcomes),
        named(RISK_NAMES, outcomes.risk),
        outcomes.provisional.tolist(),
        outcomes.effective_since.tolist(),
    )


def _chunks(session: Session, wanted: set[int] | None) -> Iterator[ChunkRow]:
    """The chunks that hold the wanted decisions, one at a time, those of a run in the order of its leaves."""
    chunk = table_of(ChunkRow)
    query = select(chunk.c.id).order_by(chunk.c.run_id, chunk.c.market, chunk.c.ordinal)
    if wanted is not None:
        held = select(DecisionRow.chunk_id).where(DecisionRow.id.in_(wanted))  # type: ignore[call-overload,union-attr]
        query = query.where(chunk.c.id.in_(held))
    for number in session.execute(query).scalars().all():
        row = session.get(ChunkRow, number)
        assert row is not None
        yield row
        session.expunge(row)


def _stored(session: Session, chunk: ChunkRow) -> dict[int, tuple[int, tuple[object, ...]]]:
    """By row of the chunk: the decision's number, and digest, customer and told columns."""
    decision = table_of(DecisionRow)
    columns = (decision.c.digest, decision.c.customer_id, *(decision.c[name] for name in _TOLD))
    query = select(decision.c.row, decision.c.id, *columns).where(decision.c.chunk_id == chunk.id)
    return {row: (number, (bytes(digest), *rest)) for row, number, digest, *rest in session.execute(query)}


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
