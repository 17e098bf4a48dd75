"""Where customers stand: what their latest decisions say, read from the chunks that hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.decisions.kept import TOLD, told
from engine.errors import DamagedError
from engine.expressions.columns import CAUSE_CODE, Column
from engine.store.chunks import Chunk, Unread, damaged_chunk, try_chunks
from engine.store.emptied import is_dropped
from engine.store.frames.fetching import Integers
from engine.store.gone import gone_decision
from engine.store.located import EVER, Located, Window, locate_latest
from engine.vocabulary import Unit, UnknownCause

_UNITS: Final = {
    "since": Unit.DATE,
    "provisional": Unit.BOOL,
    "effective_since": Unit.DATE,
    "score": Unit.POINTS,
    "clv": Unit.MONEY,
    "churn": Unit.PROBABILITY,
}
"""Units of what is not a text."""


@dataclass(frozen=True, slots=True)
class StandingsFrame:
    """Where customers stand after their latest decision, (customers,).

    Attributes:
        columns: By the names of `StandingRow`: what `engine.decisions.told` tells, and `market`; who was never
            decided is unknown (missing).
        unread: The chunks that could not be read, by chunk id; what is told of customers whose latest decision they
            hold is missing too, though they were decided.
    """

    located: Located
    columns: Mapping[str, Column]
    unread: Mapping[int, Unread] = field(default_factory=dict)

    @property
    def as_of(self) -> Integers:
        """Its instant in microseconds since 1970, NO_INSTANT: never decided."""
        return self.located.as_of

    @property
    def told(self) -> NDArray[np.bool_]:
        """Whether what is told of a customer is so: not where the chunk of the latest decision could not be read."""
        return ~np.isin(self.located.chunks, np.array(list(self.unread), np.int64))


class RowsOfChunk(Mapping[str, NDArray[Any]]):
    """Some rows of a chunk's columns, by name."""

    def __init__(self, chunk: Chunk, rows: NDArray[Any]) -> None:
        self.chunk, self._rows = chunk, rows
        self._only = int(rows[0]) if len(rows) == 1 else None

    def __getitem__(self, name: str) -> NDArray[Any]:
        if self._only is not None:
            return self.chunk.row(name, self._only)
        return np.asarray(self.chunk[name][self._rows])

    def __iter__(self) -> Iterator[str]:
        return iter(self.chunk)

    def __len__(self) -> int:
        return len(self.chunk)

    def told(self, name: str) -> Column:
        """One of `engine.decisions.TOLD`, or `market`, of these rows."""
        if name != "market":
            return told(self.chunk.header, self, name)
        length = len(self._rows)
        market = (str(self.chunk.header["market"]),)
        return Column(np.zeros(length, np.int64), np.zeros(length, np.uint8), Unit.TEXT, market)


def read_standings(
    session: Session, ids: Integers, names: Sequence[str] = (*TOLD, "market"), window: Window = EVER
) -> StandingsFrame:
    """Where customers stand now, or stood by the decisions of a window.

    Args:
        ids: (customers,) ids, each once.
        names: The columns wanted.

    Raises:
        NotKeptError: The facts of one of these decisions, none of them anybody's present one, are gone by policy.
        DamagedError: A chunk does not fit its hash.
    """
    found = try_standings(session, ids, names, window)
    for unread in found.unread.values():
        raise unread.error
    return found


def try_standings(
    session: Session, ids: Integers, names: Sequence[str] = (*TOLD, "market"), window: Window = EVER
) -> StandingsFrame:
    """As `read_standings`, but a chunk that cannot be read keeps nobody else's standing from being told.

    Raises:
        NotKeptError: As `read_standings`.
    """
    located = locate_latest(session, ids, window)
    parts: dict[str, list[Column]] = {name: [] for name in names}
    places: list[NDArray[np.intp]] = []
    unread: dict[int, Unread] = {}
    for chunk_id, chunk in try_chunks(session, np.unique(located.chunks[located.decided]).tolist()):
        mine = np.flatnonzero(located.chunks == chunk_id)
        told_here = chunk if isinstance(chunk, Unread) else _told_by(session, located, chunk, (mine, ids[mine]), names)
        if isinstance(told_here, Unread):
            unread[chunk_id] = told_here
            continue
        places.append(mine)
        for name, column in told_here.items():
            parts[name].append(column)
    order = np.concatenate(places) if places else np.zeros(0, np.intp)
    columns = {name: spread(together(found, _unit(name)), len(ids), order) for name, found in parts.items()}
    return StandingsFrame(located, columns, unread)


def _told_by(
    session: Session, located: Located, chunk: Chunk, whom: tuple[NDArray[np.intp], Integers], names: Sequence[str]
) -> dict[str, Column] | Unread:
    """What a chunk tells of some customers: their places among those located, and their ids."""
    mine, ids = whom
    if is_dropped(chunk):
        raise gone_decision(session, int(located.numbers[mine[0]]))
    some = RowsOfChunk(chunk, located.rows[mine])
    try:
        if (some["customer"] != ids).any():  # the index beside the body says otherwise
            raise damaged_chunk(chunk.name)
        return {name: some.told(name) for name in names}
    except DamagedError as error:
        return Unread(chunk.name, error)


def together(parts: Sequence[Column], unit: Unit) -> Column:
    """Columns one after the other; equal texts of any of them become one code."""
    if not parts:
        return Column.unknown(0, unit, UnknownCause.MISSING)
    causes = np.concatenate([part.causes for part in parts])
    if all(part.texts == parts[0].texts for part in parts):
        return replace(parts[0], values=np.concatenate([part.values for part in parts]), causes=causes)
    codes: dict[str, int] = {}
    values = []
    for part in parts:
        own = np.array([codes.setdefault(text, len(codes)) for text in part.texts] or [0], np.int64)
        values.append(own[part.values])
    return Column(np.concatenate(values), causes, unit, tuple(codes))


def spread(column: Column, length: int, rows: NDArray[np.intp]) -> Column:
    """A column of `length` customers in which row `rows[i]` has the i-th value and the rest is missing."""
    values = np.zeros(length, np.int64)
    causes = np.full(length, CAUSE_CODE[UnknownCause.MISSING], np.uint8)
    values[rows], causes[rows] = column.values, column.causes
    return Column(values, causes, column.unit, column.texts)


def _unit(name: str) -> Unit:
    return _UNITS.get(name, Unit.TEXT)
