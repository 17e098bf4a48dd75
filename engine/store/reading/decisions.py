"""Decisions and runs: by id, by customer, as of an instant; decisions are read from the chunks that hold them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np
import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.decisions.kept import from_kept
from engine.decisions.rows import decision_digests, row_bytes, row_layout
from engine.store.chunks import NOBODY, Chunk, decision_number, place_of_decision, read_chunk, read_chunks
from engine.store.emptied import is_dropped
from engine.store.gone import gone_decision
from engine.store.located import Window, locate_all, locate_latest, revisions_of_chunks
from engine.store.reading.columns import columns_of, selected
from engine.store.reading.moves import moved_rows
from engine.store.reading.pages import Page, Slice, page_of_keys
from engine.store.reading.views import DecisionView, LatestView, RunView
from engine.store.standings import RowsOfChunk, read_standings
from engine.store.tables import ChunkRow, CustomerRow, RunRow, StandingRow, from_microseconds, to_microseconds
from engine.vocabulary import UNRATED, Market

_chunk, _run, _standing = columns_of(ChunkRow), columns_of(RunRow), columns_of(StandingRow)
_TOLD = (
    "market", "computed", "effective", "previous", "effective_since", "provisional", "score", "stage", "phase", "risk",
)  # fmt: skip


def decisions_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, DecisionView]:
    """Decisions by number; a number that is none is left out.

    Raises:
        GoneError: One was taken away on purpose.
        DamagedError: A chunk does not fit its hash.
    """
    found: dict[int, DecisionView] = {}
    for chunk_id, chunk, run, rows in _places(session, ids):
        found.update((view.id, view) for view in _views(chunk_id, chunk, run, rows))
    return found


def _places(session: Session, ids: Sequence[int]) -> Iterator[tuple[int, Chunk, RunView, list[int]]]:
    """The chunks that hold decisions, each with its run and the rows wanted; a number that is none is left out.

    Raises:
        GoneError: One was taken away on purpose.
    """
    wanted: dict[int, list[int]] = {}
    for number in ids:
        chunk_id, row = place_of_decision(number)
        wanted.setdefault(chunk_id, []).append(row)
    runs = _runs_of_chunks(session, sorted(wanted))
    for chunk_id, chunk in read_chunks(session, list(runs)):
        run, length = runs[chunk_id]
        rows = [row for row in wanted[chunk_id] if row < length]
        gone = rows if is_dropped(chunk) else [row for row in rows if chunk["customer"][row] == NOBODY]
        if gone:
            raise gone_decision(session, decision_number(chunk_id, gone[0]))
        yield chunk_id, chunk, run, rows


def runs_of_decisions(session: Session, ids: Sequence[int]) -> Mapping[int, RunView]:
    """The run of each decision; a number that is none is left out. No chunk is opened."""
    places = {number: place_of_decision(number) for number in ids}
    runs = _runs_of_chunks(session, sorted({chunk_id for chunk_id, _ in places.values()}))
    return {number: runs[at][0] for number, (at, row) in places.items() if at in runs and row < runs[at][1]}


def _runs_of_chunks(session: Session, chunk_ids: Sequence[int]) -> dict[int, tuple[RunView, int]]:
    """Run and number of rows of each chunk that is there."""
    query = select(_chunk["id"], _chunk["run_id"], _chunk["rows"]).where(_chunk["id"].in_(chunk_ids))
    chunks = session.execute(query).all()
    runs = runs_by_ids(session, sorted({run for _, run, _ in chunks}))
    return {number: (runs[run], rows) for number, run, rows in chunks}


def _views(chunk_id: int, chunk: Chunk, run: RunView, rows: Sequence[int]) -> list[DecisionView]:
    """Decisions of one chunk, in the order of the rows given."""
    some = RowsOfChunk(chunk, np.array(rows, np.int64))
    told = [some.told(name).listed() for name in _TOLD]
    of_run = (run.as_of, run.as_known_at, run.started_at, run.id)
    made_by = (run.revision, run.model_digest, run.engine_version)
    customers = some["customer"].tolist()
    parts = [
        (decision_number(chunk_id, row), customer, *of_run, *values, *made_by)
        for row, customer, *values in zip(rows, customers, *told, strict=True)
    ]
    return [DecisionView(*part) for part in parts]


def digests_of_decisions(session: Session, ids: Sequence[int]) -> Mapping[int, bytes]:
    """SHA-256 of each decision, see `engine.decisions.decision_digests`.

    Raises:
        GoneError: One was taken away on purpose.
        DamagedError: A chunk does not fit its hash.
    """
    found: dict[int, bytes] = {}
    for chunk_id, chunk, run, rows in _places(session, ids):
        given = from_kept(chunk.header, RowsOfChunk(chunk, np.array(rows, np.int64)))
        digests = decision_digests(
            row_bytes(*given),
            row_layout(*given),
            revision=run.revision,
            engine_version=run.engine_version,
            as_of=run.as_of,
            market=Market(chunk.header["market"]),
        )
        found.update(zip((decision_number(chunk_id, row) for row in rows), digests, strict=True))
    return found


def runs_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, RunView]:
    """Runs by row number."""
    query = selected(RunRow, RunView).where(_run["id"].in_(ids))
    return {row[0]: RunView(*row) for row in session.execute(query)}


def all_runs(session: Session) -> tuple[RunView, ...]:
    """Every run, oldest first."""
    return tuple(RunView(*row) for row in session.execute(selected(RunRow, RunView).order_by(_run["id"])))


def newest_runs(session: Session, limit: int) -> tuple[RunView, ...]:
    """The newest runs, newest first."""
    query = selected(RunRow, RunView).order_by(_run["id"].desc()).limit(limit)
    return tuple(RunView(*row) for row in session.execute(query))


def latest_decision_ids(
    session: Session,
    customers: Sequence[int],
    as_of: datetime | None = None,
    as_known_at: datetime | None = None,
) -> dict[int, tuple[int, int]]:
    """Number and `as_of` (microseconds) of the latest decision of each customer that has one."""
    ids = np.array(customers, np.int64)
    located = locate_latest(session, ids, _window(as_of, as_known_at))
    rows = zip(customers, located.numbers.tolist(), located.as_of.tolist(), strict=True)
    return {customer: (number, at) for customer, number, at in rows if number >= 0}


def latest_of_customers(
    session: Session, customers: Sequence[int], newest_chunk: int | None = None
) -> Mapping[int, LatestView]:
    """The latest decision of each customer that has one; of `newest_chunk` and those before it (None: of all)."""
    located = locate_latest(session, np.array(customers, np.int64), Window(newest_chunk=newest_chunk))
    revisions = revisions_of_chunks(session, np.unique(located.chunks[located.decided]).tolist())
    rows = zip(customers, located.numbers.tolist(), located.as_of.tolist(), located.chunks.tolist(), strict=True)
    return {
        customer: LatestView(number, from_microseconds(at), revisions[chunk])
        for customer, number, at, chunk in rows
        if number >= 0
    }


def _window(as_of: datetime | None, as_known_at: datetime | None) -> Window:
    return Window(*(None if one is None else to_microseconds(one) for one in (as_of, as_known_at)))


def decision_pages(session: Session, customers: Sequence[int], slice_: Slice) -> Mapping[int, Page[DecisionView]]:
    """A page of each customer's decisions, newest first.

    Raises:
        InputError: BAD_CURSOR.
    """
    pages = {
        customer: page_of_keys([(at, number) for number, at in found], slice_)
        for customer, found in locate_all(session, customers).items()
    }
    views = decisions_by_ids(session, sorted({number for page in pages.values() for _, number in page.rows}))
    return {
        customer: Page(tuple(views[number] for _, number in page.rows), page.cursors, page.has_next, page.has_previous)
        for customer, page in pages.items()
    }


def count_decisions(session: Session, customers: Sequence[int]) -> Mapping[int, int]:
    """How many decisions each customer has."""
    return {customer: len(found) for customer, found in locate_all(session, customers).items()}


def changed_decisions(session: Session, run: int, after: int, limit: int) -> tuple[DecisionView, ...]:
    """A run's decisions with another effective tier than before, by number, beyond a number; those that are there."""
    found: list[DecisionView] = []
    view = runs_by_ids(session, [run]).get(run)
    query = select(_chunk["id"]).where(_chunk["run_id"] == run, _chunk["dropped_at"].is_(None)).order_by(_chunk["id"])
    for chunk_id in session.execute(query).scalars().all():
        if view is None or len(found) >= limit or decision_number(chunk_id + 1, 0) <= after:
            continue
        chunk = read_chunk(session, chunk_id)
        beyond = [row for row in moved_rows(chunk).tolist() if decision_number(chunk_id, row) > after]
        found += _views(chunk_id, chunk, view, beyond[: limit - len(found)])
    return tuple(found)


def tiers_of_runs(session: Session, runs: Sequence[int]) -> Mapping[int, tuple[tuple[str, str | None, int], ...]]:
    """(market, effective tier, customers) of each run's decisions; UNRATED is None."""
    found: dict[int, tuple[tuple[str, str | None, int], ...]] = dict.fromkeys(runs, ())
    for number, tiers in session.execute(select(_run["id"], _run["tiers"]).where(_run["id"].in_(runs))):
        counted = orjson.loads(tiers).items()
        shares = [(market, _key(key), count) for market, counts in counted for key, count in counts.items()]
        found[number] = tuple(shares)
    return found


def tier_counts(
    session: Session, market: str | None, as_of: datetime | None
) -> tuple[tuple[str, str | None, int], ...]:
    """(market, effective tier, customers) by the latest decisions at or before `as_of`; without: as they stand."""
    if as_of is None:
        keys = (_standing["market"], _standing["effective"])
        query = select(*keys, func.count()).group_by(*keys)
        found = session.execute(query if market is None else query.where(keys[0] == market))
        return tuple((row[0], row[1], row[2]) for row in found)
    counts = Counter(one for one in _tiers_at(session, as_of) if one is not None)
    return tuple((of, tier, count) for (of, tier), count in counts.items() if market in (None, of))


def tier_moves(
    session: Session, market: str | None, earlier: datetime, later: datetime
) -> tuple[tuple[str, str | None, str | None, int], ...]:
    """(market, tier at `earlier`, tier at `later`, customers) of customers with a decision at both."""
    pairs = zip(_tiers_at(session, earlier), _tiers_at(session, later), strict=True)
    both = ((before, after) for before, after in pairs if before is not None and after is not None)
    counts = Counter((after[0], before[1], after[1]) for before, after in both if market in (None, after[0]))
    return tuple((*key, count) for key, count in counts.items())


def _tiers_at(session: Session, as_of: datetime) -> list[tuple[str, str | None] | None]:
    """Market and effective tier of every customer, by id; None: not decided by then."""
    ids = np.array(session.execute(select(columns_of(CustomerRow)["id"]).order_by("id")).scalars().all(), np.int64)
    found = read_standings(session, ids, ("market", "effective"), Window(until=to_microseconds(as_of)))
    markets, tiers = (found.columns[name].listed() for name in ("market", "effective"))
    return [None if market is None else (market, tier) for market, tier in zip(markets, tiers, strict=True)]


def _key(tier: str) -> str | None:
    return None if tier == UNRATED else tier
