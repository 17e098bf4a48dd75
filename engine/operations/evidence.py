"""What stands behind the parts of a change: records, and rule edits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from sqlalchemy.orm import Session

from engine.metrics import FromRecords
from engine.operations.changes import decision_before
from engine.operations.facts import metrics_read
from engine.operations.inputs import Decided, stored_decision
from engine.operations.records_behind import ids_behind
from engine.rulebook import Book, Edit, Effect, diff_books
from engine.store.reading import RecordView, records_by_ids
from engine.vocabulary import Market

_FELT: Final = (Effect.MOVING, Effect.BREAKING)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands behind the parts of a change.

    Attributes:
        records: By cause, newest first; see `ids_behind`.
        edits: Behind RULE: the edits between the two rule books that the market's tiers can depend on, by place.
    """

    records: Mapping[str, tuple[RecordView, ...]]
    edits: tuple[Edit, ...]


NO_EVIDENCE: Final = Evidence({}, ())


def evidence_between(session: Session, earlier: Decided, later: Decided) -> Evidence:
    """What stands behind the parts of the change between two decisions of one customer."""
    if earlier.inputs.market is not later.inputs.market:
        return NO_EVIDENCE
    ids = ids_behind(session, earlier, later)
    views = records_by_ids(session, sorted({one for found in ids.values() for one in found}))
    records = {cause: tuple(views[one] for one in found) for cause, found in ids.items()}
    return Evidence(records, edits_behind(earlier.inputs.book, later.inputs.book, later.inputs.market))


def record_ids_behind(session: Session, number: int) -> Mapping[str, tuple[int, ...]]:
    """Row numbers of the records behind each part of a change, newest first.

    Raises:
        NotFoundError: There is no such decision.
        DamagedError: A chunk of the two does not fit its hash.
    """
    later = stored_decision(session, number)
    earlier = decision_before(session, later)
    return {} if earlier is None else ids_behind(session, earlier, later)


def edits_behind(before: Book, after: Book, market: Market) -> tuple[Edit, ...]:
    """The edits from one book to another that the tiers of a market can depend on, by place."""
    if before.revision == after.revision:
        return ()
    read = {name for book in (before, after) for name in metrics_read(book, market, aftermath=False)}
    metrics = [book.metrics[name] for book in (before, after) for name in read if name in book.metrics]
    sources = {metric.origin.source for metric in metrics if isinstance(metric.origin, FromRecords)}
    edits = _edits(_Pair((before.revision, after.revision), before, after))
    return tuple(edit for edit in edits if edit.effect in _FELT and _touches(edit, market, read, sources))


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two rule books; two pairs of the same revisions are the same."""

    revisions: tuple[str, str]
    before: Book = field(compare=False)
    after: Book = field(compare=False)


@lru_cache(maxsize=32)  # a rule edit stands behind the changes of all customers it meets, and takes longer than these
def _edits(pair: _Pair) -> tuple[Edit, ...]:
    return diff_books(pair.before, pair.after)


def _touches(edit: Edit, market: Market, metrics: set[str], sources: set[str]) -> bool:
    """Whether an edit lies in the market's own file, in a metric it reads, or in the header (of its sources only)."""
    file, *steps = edit.path
    if file == "metrics":
        return not steps or steps[0] in metrics
    if file == "rulebook":
        return steps[:1] != ["sources"] or len(steps) == 1 or steps[1] in sources
    return file == market.value.lower()
