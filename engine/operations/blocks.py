"""A block of a run as it will be written: of what was computed only a tenth is kept, so a big base fits in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine import __version__
from engine.audit import leaves
from engine.decisions import Kept, kept, row_blocks, single_rows
from engine.metrics import FromModel, FromValue
from engine.operations.computing import MarketRun, compute_run
from engine.operations.doubts import Doubts, doubts_of
from engine.operations.facts import Clocks
from engine.operations.left_out import LeftOut
from engine.operations.outbox import Contact, contacts_of
from engine.operations.standings import Difference, changed_customers, differences
from engine.rulebook import Book, MarketBook
from engine.store import CHUNK_ROWS, chunk_hash, encode_chunk, pack_numbers
from engine.vocabulary import Market

Integers = NDArray[np.int64]

_PACKERS: Final = 2
"""Chunks packed at once."""
_LEAF: Final = 32


@dataclass(frozen=True, slots=True)
class Block:
    """Customers of one market as a run will write them.

    Attributes:
        day: The local day of the decisions.
        ids: (customers,) row numbers.
        versions: As in `Assembled`.
        parts: The customers chunk by chunk, up to `CHUNK_ROWS` each.
        bodies: The packed chunks.
        grown: The leaves of the decisions, 32 bytes each.
        tiers: (tiers + 1,) customers by effective tier, best first, UNRATED last.
        changed: How many changed for people, see `changed_customers`.
        differences: What the standings do not say yet.
        contacts: By trigger.
        left_out, unknown: As in `MarketRun`.
        doubts: What a person should look at; None: the book asks for no review.
    """

    market: Market
    rules: MarketBook
    day: int
    ids: Integers
    versions: Integers | None
    parts: Sequence[Integers]
    bodies: Sequence[bytes]
    grown: bytes
    tiers: Integers
    changed: int
    differences: Sequence[Difference]
    contacts: Sequence[Contact]
    left_out: Sequence[LeftOut]
    unknown: frozenset[int]
    doubts: Doubts | None = None

    @property
    def customers(self) -> int:
        """How many customers are decided."""
        return len(self.ids)

    def leaves(self) -> list[bytes]:
        """The leaves one by one, in the order of the customers."""
        single: list[bytes] = np.frombuffer(self.grown, f"V{_LEAF}").tolist()
        return single

    def chunk_rows(self, ordinal: int) -> dict[str, Any]:
        """The columns of its chunks' rows, numbered from `ordinal` within their market, but for whose they are."""
        return {
            "market": self.market.value,
            "ordinal": list(range(ordinal, ordinal + len(self.parts))),
            "rows": [len(part) for part in self.parts],
            "first_customer": [int(part.min()) for part in self.parts],
            "last_customer": [int(part.max()) for part in self.parts],
            "hash": [chunk_hash(body) for body in self.bodies],
            "members": [pack_numbers(part) for part in self.parts],
            "body": list(self.bodies),
        }


def prepare_run(session: Session, book: Book, clocks: Clocks, ids: Sequence[int] | None = None) -> list[Block]:
    """Compute a run and pack it, block by block; arguments as of `compute_run`."""
    # `map` lets go of what was computed for one block before it asks for the next.
    return list(map(partial(block_of, book), compute_run(session, book, clocks, ids)))


def block_of(book: Book, run: MarketRun) -> Block:
    """What is kept of a computed block until it is written."""
    given = (run.assembled.columns, run.states, run.outcomes)
    previous = run.found.columns["effective"]
    mine = kept(run.rules, *given, previous=previous, shown=shown_metrics(book, given[0]))
    starts = range(0, run.customers, CHUNK_ROWS)
    with ThreadPoolExecutor(_PACKERS) as packers:  # compressing lets go of the interpreter's lock
        bodies = packers.map(lambda start: _packed(book, run, mine, slice(start, start + CHUNK_ROWS)), starts)
        grown = _grown(run)
    changed = changed_customers(run, mine)
    return Block(
        market=run.market,
        rules=run.rules,
        day=run.assembled.instant.day,
        ids=run.assembled.customers.ids,
        versions=run.assembled.versions,
        parts=[run.assembled.customers.ids[start : start + CHUNK_ROWS] for start in starts],
        bodies=list(bodies),
        grown=grown,
        tiers=_count(run),
        changed=int(changed.sum()),
        differences=differences(run, mine, changed),
        contacts=contacts_of(run),
        left_out=run.left_out,
        unknown=run.unknown,
        doubts=None if book.review_queue is None else doubts_of(book.review_queue, run, mine),
    )


def added_up(blocks: Iterable[Block]) -> tuple[LeftOut, ...]:
    """Who was left out of a run, each chunk once: its customers may stand in several blocks."""
    counts: dict[str, int] = {}
    for one in chain.from_iterable(block.left_out for block in blocks):
        counts[one.chunk] = counts.get(one.chunk, 0) + one.customers
    return tuple(LeftOut(chunk, customers) for chunk, customers in counts.items())


def _grown(run: MarketRun) -> bytes:
    """The leaves of the decisions, 32 bytes each."""
    salts, grown = run.assembled.customers.salts, list[bytes]()
    for block in row_blocks(run.assembled.columns, run.states, run.outcomes):
        rows = single_rows(block)
        grown += leaves(salts[len(grown) : len(grown) + len(rows)], rows)
    return b"".join(grown)


def _packed(book: Book, run: MarketRun, mine: Kept, rows: slice) -> bytes:
    """The bytes of one chunk."""
    ids = run.assembled.customers.ids[rows]
    header = {"market": run.market.value, "revision": book.revision, "engine": __version__, **mine.header}
    return encode_chunk(header, {"customer": ids, **mine.rows(rows)})


def shown_metrics(book: Book, names: Iterable[str]) -> dict[str, str]:
    """The metrics that work lists show: the first lifetime value and the first prediction among the facts."""
    found: dict[str, str] = {}
    for name in names:
        origin = book.metrics[name].origin
        if isinstance(origin, FromModel):
            found.setdefault("churn", name)
        elif isinstance(origin, FromValue) and origin.value == "clv":
            found.setdefault("clv", name)
    return found


def _count(run: MarketRun) -> Integers:
    """Customers by effective tier, best first, UNRATED last."""
    codes, unrated = run.outcomes.effective, len(run.rules.tiers)
    return np.bincount(np.where(codes < 0, unrated, codes), minlength=unrated + 1)
