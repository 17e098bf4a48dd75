"""What must hold in any database: standings, digests, leaves, explanations, the ledger."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import numpy as np
import orjson
from sqlalchemy import func, select

from engine import __version__
from engine.audit import leaf, merkle_root
from engine.decisions import (
    RISK_NAMES,
    decision_digests,
    named,
    one_by_one,
    phases,
    row_bytes,
    row_layout,
    stored_from_outcomes,
)
from engine.operations.explaining import explain_decision
from engine.operations.inputs import inputs_of_chunk
from engine.operations.previewing import Preview
from engine.operations.replaying import replay
from engine.store import Database, verify_ledger
from engine.store.reading import Kind, read_subject
from engine.store.tables import ChunkRow, CustomerRow, DecisionRow, LedgerRow, RunRow, StandingRow
from engine.vocabulary import EntryKind

STATE = ("tier", "since", "provisional", "forced", "stage", "effective", "effective_since")
THINGS = frozenset(Kind)


def check_standings(database: Database) -> None:
    """Every standing is what the customer's latest decision left, column by column."""
    with database.read() as session:
        latest = select(DecisionRow.customer_id, func.max(DecisionRow.as_of)).group_by(DecisionRow.customer_id)
        wanted = dict(tuple(row) for row in session.execute(latest))
        found = {row.customer_id: row for row in session.execute(select(StandingRow)).scalars()}
        assert found.keys() == wanted.keys()
        left = {}
        for chunk in session.execute(select(ChunkRow)).scalars():
            inputs = inputs_of_chunk(session, chunk)
            stored = stored_from_outcomes(inputs.rules, inputs.outcomes)
            columns = {name: one_by_one(getattr(stored, name)) for name in (*STATE, "pending")}
            told = (named(RISK_NAMES, inputs.outcomes.risk), phases(inputs.rules, inputs.outcomes))
            tags = [tag.name for tag in inputs.rules.campaigns.tags]
            for row, customer in enumerate(inputs.customers.tolist()):
                if inputs.moment.as_of == wanted[customer]:
                    state = {name: values[row] for name, values in columns.items()}
                    tagged = [tag for tag, on in zip(tags, inputs.outcomes.tags[row].tolist(), strict=True) if on]
                    left[customer] = (state, told[0][row], told[1][row], " ".join(tagged), inputs)
        assert left.keys() == found.keys()
        for customer, standing in found.items():
            state, risk, phase, tags_told, inputs = left[customer]
            pending = None if standing.pending is None else orjson.loads(standing.pending)
            decision = session.get(DecisionRow, standing.decision_id)
            assert decision is not None
            assert (decision.customer_id, decision.as_of) == (customer, wanted[customer])
            kept = {name: getattr(standing, "computed" if name == "tier" else name) for name in STATE}
            assert {**kept, "pending": pending} == {**state, "pending": state["pending"] and dict(state["pending"])}
            assert (standing.risk, standing.phase, standing.tags) == (risk, phase, tags_told)
            assert (standing.market, standing.as_of) == (inputs.market.value, wanted[customer])
            for name in ("computed", "effective", "previous", "score", "stage", "phase", "risk", "market"):
                assert getattr(decision, name) == getattr(standing, name), name
            row = int(np.flatnonzero(inputs.customers == customer)[0])
            for metric in ("clv", "churn"):
                fact = inputs.columns[metric].fact(row).value if metric in inputs.columns else None
                assert getattr(standing, metric) == fact


def check_changed_at(database: Database) -> None:
    """`changed_at` is the instant of the last decision that differs from the one before in tier, stage or risk."""
    with database.read() as session:
        query = select(DecisionRow).order_by(DecisionRow.customer_id, DecisionRow.as_of)
        last: dict[int, tuple[object, ...]] = {}
        changed = {}
        for row in session.execute(query).scalars():
            now = (row.effective, row.stage, row.risk)
            if last.get(row.customer_id) != now:
                changed[row.customer_id] = row.as_of
            last[row.customer_id] = now
        stored = {row.customer_id: row.changed_at for row in session.execute(select(StandingRow)).scalars()}
    assert stored == changed


def check_digests(database: Database) -> None:
    """Digests and roots follow from chunks and salts alone, and the ledger has anchored the roots."""
    with database.read() as session:
        salts = {row.id: row.salt for row in session.execute(select(CustomerRow)).scalars()}
        leaves: dict[int, list[bytes]] = {}
        order = (ChunkRow.run_id, ChunkRow.market, ChunkRow.ordinal)
        for chunk in session.execute(select(ChunkRow).order_by(*order)).scalars():
            inputs = inputs_of_chunk(session, chunk)
            run = session.get(RunRow, chunk.run_id)
            assert run is not None
            arrays = (inputs.columns, inputs.states, inputs.outcomes)
            rows = row_bytes(*arrays)
            digests = decision_digests(
                rows,
                row_layout(*arrays),
                revision=run.revision,
                engine_version=run.engine_version,
                as_of=run.as_of,
                market=inputs.market,
            )
            query = select(DecisionRow).where(DecisionRow.chunk_id == chunk.id).order_by(DecisionRow.row)
            stored = session.execute(query).scalars().all()
            assert [(row.customer_id, row.digest) for row in stored] == list(
                zip(inputs.customers.tolist(), digests, strict=True)
            )
            mine = leaves.setdefault(chunk.run_id, [])
            mine += [leaf(salts[c], rows[r].tobytes()) for r, c in enumerate(inputs.customers.tolist())]
        entries = session.execute(select(LedgerRow).where(LedgerRow.kind == EntryKind.RUN.value)).scalars()
        anchored = {entry.subject: orjson.loads(entry.body)["body"]["root"] for entry in entries}
        assert anchored == {f"run:{run}": f"sha256:{merkle_root(found).hex()}" for run, found in leaves.items()}


def check_explanations(database: Database, every: int = 7) -> None:
    """Every so-many-th decision explains: contributions sum to the score, parts of a change to its difference."""
    with database.read() as session:
        query = select(DecisionRow).order_by(DecisionRow.customer_id, DecisionRow.as_of)
        before: DecisionRow | None = None
        for number, row in enumerate(session.execute(query).scalars().all()):
            earlier, before = before, row
            if number % every:
                continue
            answer = explain_decision(session, row.id or 0)
            told = answer.explained
            assert (None if row.score is None else Decimal(row.score).scaleb(-4)) == told.score
            if told.score is not None:
                assert sum(one.contribution for one in told.criteria) == told.score
            assert (told.tier.computed, told.tier.effective) == (row.computed, row.effective)
            earlier = earlier if earlier is not None and earlier.customer_id == row.customer_id else None
            assert (answer.change is None) == (earlier is None)
            if earlier is not None and answer.change is not None:
                assert answer.change.since == earlier.id
                if answer.change.delta is not None and row.score is not None and earlier.score is not None:
                    assert answer.change.delta == Decimal(row.score - earlier.score).scaleb(-4)
                    assert sum(part.delta for part in answer.change.parts) == answer.change.delta


def check_ledger(database: Database) -> None:
    """The chain holds, runs have one entry each, and subjects that name things name things there are."""
    with database.read() as session:
        assert verify_ledger(session).ok
        entries = session.execute(select(LedgerRow)).scalars().all()
        runs = [entry.subject for entry in entries if entry.kind == EntryKind.RUN.value]
        assert sorted(runs) == sorted(f"run:{number}" for number in session.execute(select(RunRow.id)).scalars())
        for entry in entries:
            noun = (entry.subject or "import:0").partition(":")[0]
            assert noun == "import" or read_subject(entry.subject or "") is not None, entry.subject


def check_everything(database: Database) -> None:
    """All of the above, and every decision replays."""
    check_standings(database)
    check_changed_at(database)
    check_digests(database)
    check_ledger(database)
    with database.read() as session:
        report = replay(session)
    assert report.different == []
    assert report.checked == report.identical > 0


def preview_digests(done: Preview) -> dict[tuple[str, datetime], tuple[bytes]]:
    """What each decision by a preview's candidate would be stored with, by customer and instant."""
    found = {}
    for pair in done.comparison.pairs:
        side = pair.candidate
        assert side is not None
        given = (side.columns, side.states, side.outcomes)
        stored = decision_digests(
            row_bytes(*given),
            row_layout(*given),
            revision=side.book.revision,
            engine_version=__version__,
            as_of=side.moment.as_of,
            market=side.market,
        )
        found.update({(ref, side.moment.as_of): (one,) for ref, one in zip(pair.refs, stored, strict=True)})
    return found
