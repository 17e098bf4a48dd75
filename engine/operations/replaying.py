"""Replay: stored decisions made again from their stored inputs, compared digest by digest; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.decisions import decide, decision_digests, row_bytes, row_layout
from engine.operations.inputs import inputs_of_chunk
from engine.operations.selecting import decision_numbers
from engine.store.reading import Kind, global_id
from engine.store.tables import ChunkRow, DecisionRow, RunRow


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """How many decisions were made again, how many came out the same, and the ids of the others."""

    checked: int
    identical: int
    different: list[str]


def replay(session: Session, names: Sequence[str] | None = None) -> ReplayReport:
    """Decide again from stored inputs.

    Args:
        names: Ids of decisions or refs of customers; None: every stored decision.

    Raises:
        NotFoundError: A named decision or customer is not there.
        DamagedError: A chunk does not fit its hash.
    """
    wanted = None if names is None else decision_numbers(session, names)
    checked, different = 0, []
    for chunk in _chunks(session, wanted):
        stored = _stored(session, chunk)
        for row, digest in enumerate(_again(session, chunk)):
            if row not in stored or (wanted is not None and stored[row][0] not in wanted):
                continue
            checked += 1
            if stored[row][1] != digest:
                different.append(global_id(Kind.DECISION, stored[row][0]))
    return ReplayReport(checked, checked - len(different), different)


def _again(session: Session, chunk: ChunkRow) -> list[bytes]:
    """Digests of a chunk's decisions, made again."""
    inputs = inputs_of_chunk(session, chunk)
    run = session.get(RunRow, chunk.run_id)
    assert run is not None
    outcomes = decide(inputs.rules, inputs.columns, inputs.states, inputs.moment)
    rows = row_bytes(inputs.columns, inputs.states, outcomes)
    layout = row_layout(inputs.columns, inputs.states, outcomes)
    return decision_digests(
        rows,
        layout,
        revision=run.revision,
        engine_version=run.engine_version,
        as_of=run.as_of,
        market=inputs.market,
    )


def _chunks(session: Session, wanted: set[int] | None) -> Iterator[ChunkRow]:
    """The chunks that hold the wanted decisions, one at a time."""
    query = select(ChunkRow.id).order_by(ChunkRow.id)  # type: ignore[call-overload]
    if wanted is not None:
        held = select(DecisionRow.chunk_id).where(DecisionRow.id.in_(wanted))  # type: ignore[call-overload,union-attr]
        query = query.where(ChunkRow.id.in_(held))  # type: ignore[union-attr]
    for number in session.execute(query).scalars().all():
        chunk = session.get(ChunkRow, number)
        assert chunk is not None
        yield chunk
        session.expunge(chunk)


def _stored(session: Session, chunk: ChunkRow) -> dict[int, tuple[int, bytes]]:
    """Row number and digest of the chunk's decisions, by row of the chunk."""
    columns = (DecisionRow.row, DecisionRow.id, DecisionRow.digest)
    query = select(*columns).where(DecisionRow.chunk_id == chunk.id)  # type: ignore[call-overload]
    return {row: (number, bytes(digest)) for row, number, digest in session.execute(query)}
