"""Whose tier a rule change moved, once it was live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from engine.decisions import moved_by_rules, named, tier_keys
from engine.errors import NotKeptError, OtherEngineError, RevisionUnreadableError
from engine.operations.changes import swapped_inputs
from engine.operations.inputs import inputs_of_rows
from engine.operations.touching import WentLive, place_of_run, went_live
from engine.store import place_of_decision
from engine.store.chunks import damaged_chunk
from engine.store.reading import all_runs, first_moves, runs_of_decisions
from engine.vocabulary import UNRATED

_Pairs = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Moves:
    """What a rule change moved.

    Attributes:
        decisions: Numbers of decisions, rising.
        others: Further changes that went live between one of these and the decision before: the rules' part of the
            move is theirs as well, and they count it too.
    """

    decisions: tuple[int, ...]
    others: tuple[int, ...]


def moved_by_change(session: Session, change_id: int) -> Moves:
    """Decisions whose tier a rule change moved: with another effective tier than the one before, by the rules too.

    Looked at is each customer's first decision since the change went live: by its revision or, where nothing was
    decided before the next change went live, by a later one, which then counts for both. It counts if the rules'
    part of the difference moves the effective tier, alone or among others; or if the parts cannot be told any more, as
    the decision before was of another market or another engine version, or its facts are gone by policy. A first tier
    is no move.

    Returns:
        Nothing of a change that was never live.

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    live = went_live(session)
    places = [place for place, change in enumerate(live) if change.number == change_id]
    if not places:
        return Moves((), ())
    by_it = [run.id for run in all_runs(session) if place_of_run(live, run) >= places[0]]
    groups: dict[tuple[int, int], _Pairs] = {}
    for pair in first_moves(session, by_it):
        number, before = (place_of_decision(one)[0] for one in pair)
        groups.setdefault((number, before), []).append(pair)
    moved = [pair for pairs in groups.values() for pair in _by_rules(session, pairs)]
    others = _live_between(session, live, moved) - {change_id}
    return Moves(tuple(sorted(number for number, _ in moved)), tuple(sorted(others)))


def _live_between(session: Session, live: Sequence[WentLive], pairs: _Pairs) -> set[int]:
    """Changes that went live between two decisions of somebody."""
    runs = runs_of_decisions(session, [number for pair in pairs for number in pair])
    spans = {tuple(place_of_run(live, runs[number]) for number in pair) for pair in pairs}
    return {change.number for later, earlier in spans for change in live[earlier + 1 : later + 1]}


def _by_rules(session: Session, pairs: _Pairs) -> _Pairs:
    """Those of some decisions that the rules have a part in; all of one chunk, and those before them of another."""
    (later, rows), (earlier, rows_before) = (_rows([pair[place] for pair in pairs]) for place in (0, 1))
    try:
        run, after = inputs_of_rows(session, later, rows)
        run_before, before = inputs_of_rows(session, earlier, rows_before)
    except (OtherEngineError, NotKeptError, RevisionUnreadableError):
        return pairs
    if (before.customers != after.customers).any():  # an index beside a chunk says otherwise than its body
        raise damaged_chunk(f"chunk {earlier} or {later}")
    if before.market is not after.market:
        return pairs
    if before.book.revision == after.book.revision:
        return []
    tiers = [key or UNRATED for key in named(tier_keys(before.rules), before.outcomes.effective)]
    start, *steps = swapped_inputs(session, (run_before, before), (run, after))
    return [pair for pair, moved in zip(pairs, moved_by_rules(start, steps, tiers), strict=True) if moved]


def _rows(numbers: Sequence[int]) -> tuple[int, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """The chunk that some decisions are in, and their rows."""
    places = [place_of_decision(number) for number in numbers]
    return places[0][0], np.array([row for _, row in places], np.int64)
