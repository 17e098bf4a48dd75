"""What must hold in any database: standings, digests, leaves, explanations, the ledger."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import numpy as np
import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine import __version__
from engine.audit import leaf, merkle_root
from engine.decisions import (
    RISK_NAMES,
    decision_digests,
    named,
    phases,
    row_bytes,
    row_layout,
    stored_from_outcomes,
)
from engine.operations.explaining import explain_decision
from engine.operations.inputs import inputs_of_chunk, stored_decision
from engine.operations.previewing import Preview
from engine.operations.replaying import replay
from engine.operations.verifying import verify_everything
from engine.store import Chunk, Database, decision_number, place_of_decision, read_chunk, unpack_numbers
from engine.store.reading import Kind, decisions_by_ids, digests_of_decisions, read_subject
from engine.store.tables import ChunkRow, CustomerRow, LedgerRow, RunRow, StandingRow
from engine.vocabulary import EntryKind

STATE = ("tier", "since", "provisional", "forced", "stage", "effective", "effective_since")
THINGS = frozenset(Kind)


def latest_numbers(session: Session) -> dict[int, dict[datetime, int]]:
    """Every decision's number by customer and instant, oldest first; from the chunks' bodies."""
    found: dict[int, dict[datetime, int]] = {}
    for chunk_id in (
        session.execute(select(ChunkRow.id).where(ChunkRow.dropped_at.is_(None)).order_by(ChunkRow.id)).scalars().all()
    ):
        rows, inputs = inputs_of_chunk(session, chunk_id)
        for row, customer in zip(rows.tolist(), inputs.customers.tolist(), strict=True):
            assert inputs.moment.as_of not in found.setdefault(customer, {}), "one decision for an instant"
            found[customer][inputs.moment.as_of] = decision_number(chunk_id, row)
    return found


def check_standings(database: Database) -> None:
    """Every standing is what the customer's latest decision left, column by column."""
    with database.read() as session:
        numbers = latest_numbers(session)
        found = {row.customer_id: row for row in session.execute(select(StandingRow)).scalars()}
        assert found.keys() == numbers.keys()
        for customer, standing in found.items():
            as_of, number = max(numbers[customer].items())
            decided = stored_decision(session, number)
            inputs = decided.inputs
            assert (decided.customer_id, inputs.moment.as_of) == (customer, as_of)
            stored = stored_from_outcomes(inputs.rules, inputs.outcomes).row(0)
            kept = {name: getattr(standing, "computed" if name == "tier" else name) for name in STATE}
            assert kept == {name: getattr(stored, name) for name in STATE}
            pending = None if standing.pending is None else orjson.loads(standing.pending)
            assert pending == (None if stored.pending is None else dict(stored.pending))
            assert standing.risk == named(RISK_NAMES, inputs.outcomes.risk)[0]
            assert standing.phase == phases(inputs.rules, inputs.outcomes)[0]
            tags = zip(inputs.rules.campaigns.tags, inputs.outcomes.tags[0].tolist(), strict=True)
            assert standing.tags == " ".join(tag.name for tag, on in tags if on)
            assert standing.market == inputs.market.value
            score = inputs.outcomes.score.item()
            assert standing.score == (None if score < 0 else score)
            for metric in ("clv", "churn"):
                fact = inputs.columns[metric].fact(0).value if metric in inputs.columns else None
                assert getattr(standing, metric) == fact
            check_written(session, standing, numbers[customer])


def check_written(session: Session, standing: StandingRow, numbers: dict[datetime, int]) -> None:
    """It names the decision that wrote it: every later one came to the same, the one before did not."""
    if standing.as_of not in numbers:  # the decision that wrote it is gone by policy
        assert is_gone(session, standing.decision_id)
        return
    assert numbers[standing.as_of] == standing.decision_id
    views = decisions_by_ids(session, list(numbers.values()))
    before = [view for view in views.values() if view.as_of < standing.as_of]
    if not some_are_gone(session):
        assert standing.previous == (max(before, key=lambda view: view.as_of).effective if before else None)
    for view in views.values():
        if view.as_of > standing.as_of:
            told = ("computed", "effective", "score", "stage", "phase", "risk", "market", "effective_since")
            assert [getattr(view, name) for name in told] == [getattr(standing, name) for name in told]
            assert view.previous == standing.effective


def is_gone(session: Session, number: int) -> bool:
    """Whether a decision was dropped by policy."""
    chunk = session.get(ChunkRow, place_of_decision(number)[0])
    assert chunk is not None
    return chunk.dropped_at is not None


def some_are_gone(session: Session) -> bool:
    """Whether any was dropped by policy."""
    return session.execute(select(ChunkRow.id).where(ChunkRow.dropped_at.is_not(None))).first() is not None


def check_changed_at(database: Database) -> None:
    """`changed_at` is the instant of the last decision that differs from the one before in tier, stage or risk."""
    changed = {}
    with database.read() as session:
        for customer, numbers in latest_numbers(session).items():
            last: tuple[object, ...] = ()
            for view in sorted(decisions_by_ids(session, list(numbers.values())).values(), key=lambda one: one.as_of):
                now = (view.effective, view.stage, view.risk)
                if last != now:
                    changed[customer] = view.as_of
                last = now
        stored = {row.customer_id: row.changed_at for row in session.execute(select(StandingRow)).scalars()}
    assert stored == changed


def check_digests(database: Database) -> None:
    """Digests and roots follow from chunks and salts alone, and the ledger has anchored the roots."""
    with database.read() as session:
        salts = {row.id: row.salt for row in session.execute(select(CustomerRow)).scalars()}
        leaves: dict[int, list[bytes]] = {}
        chunk = ChunkRow.__table__.c  # type: ignore[attr-defined]
        query = select(chunk.id, chunk.run_id, chunk.members, chunk.dropped_at)
        query = query.order_by(chunk.run_id, chunk.market, chunk.ordinal)
        without = set()
        for number, run_id, members, dropped_at in session.execute(query).all():
            if dropped_at is not None:
                without.add(run_id)
                continue
            places, inputs = inputs_of_chunk(session, number)
            run = session.get(RunRow, run_id)
            assert run is not None
            customers = inputs.customers.tolist()
            index = unpack_numbers(bytes(members))
            assert index[places].tolist() == customers
            assert np.flatnonzero(index != 0).tolist() == places.tolist()
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
            numbers = [decision_number(number, row) for row in places.tolist()]
            assert list(digests_of_decisions(session, numbers).values()) == digests
            mine = leaves.setdefault(run_id, [])
            grown = {
                p: leaf(salts[c], rows[r].tobytes())
                for r, (p, c) in enumerate(zip(places.tolist(), customers, strict=True))
            }
            mine += [one for _, one in sorted({**grown, **erased_in(read_chunk(session, number))}.items())]
            assert len(mine) >= len(index)
        entries = session.execute(select(LedgerRow).where(LedgerRow.kind == EntryKind.RUN.value)).scalars()
        anchored = {entry.subject: orjson.loads(entry.body)["body"]["root"] for entry in entries}
        found = {run: merkle_root(grown).hex() for run, grown in leaves.items() if run not in without}
        whole = {name: root for name, root in anchored.items() if name not in {f"run:{run}" for run in without}}
        assert whole == {f"run:{run}": f"sha256:{root}" for run, root in found.items()}


def erased_in(chunk: Chunk) -> dict[int, bytes]:
    """The leaves a chunk keeps of erased persons, by row; their rows are empty."""
    if "erased.row" not in chunk:
        return {}
    rows, leaves = chunk["erased.row"].tolist(), chunk["erased.leaf"].tobytes()
    for name in chunk:
        assert name.startswith("erased.") or not chunk[name][rows].any(), name
    return {row: leaves[32 * place : 32 * place + 32] for place, row in enumerate(rows)}


def check_explanations(database: Database, every: int = 7) -> None:
    """Every so-many-th decision explains: contributions sum to the score, parts of a change to its difference."""
    with database.read() as session:
        numbers = [list(of_one.values()) for of_one in latest_numbers(session).values()]
        pairs = [(before, now) for of_one in numbers for before, now in zip([None, *of_one], of_one, strict=False)]
        for earlier, number in pairs[::every]:
            views = decisions_by_ids(session, [one for one in (earlier, number) if one is not None])
            row = views[number]
            answer = explain_decision(session, number)
            told = answer.explained
            assert (None if row.score is None else Decimal(row.score).scaleb(-4)) == told.score
            if told.score is not None:
                assert sum(one.contribution for one in told.criteria) == told.score
            assert (told.tier.computed, told.tier.effective) == (row.computed, row.effective)
            assert (answer.change is None) == (earlier is None)
            if earlier is not None and answer.change is not None:
                assert answer.change.since == earlier
                score = views[earlier].score
                if answer.change.delta is not None and row.score is not None and score is not None:
                    assert answer.change.delta == Decimal(row.score - score).scaleb(-4)
                    assert sum(part.delta or 0 for part in answer.change.parts) == answer.change.delta


def check_ledger(database: Database) -> None:
    """The chain holds, runs have one entry each, and subjects that name things name things there are."""
    with database.read() as session:
        verified = verify_everything(session, None)
        assert verified.ok, verified.misfits or verified.problem
        entries = session.execute(select(LedgerRow)).scalars().all()
        runs = [entry.subject for entry in entries if entry.kind == EntryKind.RUN.value]
        assert sorted(runs) == sorted(f"run:{number}" for number in session.execute(select(RunRow.id)).scalars())
        for entry in entries:
            noun = (entry.subject or "import:0").partition(":")[0]
            assert noun == "import" or read_subject(entry.subject or "") is not None, entry.subject


def unguard(database: Database) -> None:
    """Take the guards away, as whoever owns the database can."""
    with database.write() as session:
        guarded = "'rule_change', 'review', 'tier_override'"
        names = f"select name from sqlite_master where type = 'trigger' and tbl_name in ({guarded})"
        for name in session.execute(text(names)).scalars().all():
            session.execute(text(f"drop trigger {name}"))


def check_everything(database: Database) -> None:
    """All of the above, and every decision replays."""
    check_standings(database)
    with database.read() as session:
        whole = not some_are_gone(session)
    if whole:  # else the decision that differs may be gone
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
