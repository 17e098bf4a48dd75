"""What a preview showed, small enough to keep and hashed, so that an approval can say what it approved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy.orm import Session

from engine.audit import Json, canonical
from engine.audit import digest as digest_of
from engine.errors import DamagedError, InputError
from engine.operations.previewing import Preview, preview
from engine.operations.publishing import book_of, live_change
from engine.rulebook import Book
from engine.store.tables import RuleChangeRow
from engine.trials.preview import Judged
from engine.vocabulary import UNRATED, Text


@dataclass(frozen=True, slots=True)
class Seen:
    """A preview as it is stored with a change.

    Attributes:
        text: Canonical JSON.
        digest: `sha256:` and 64 hex digits over it.
        needed: How many must approve; a crossed guardrail asks for two at least.
    """

    text: str
    digest: str
    snapshot: str
    as_of: datetime
    at: datetime
    valid_until: datetime
    crossed: tuple[str, ...]
    needed: int


def seen_of(done: Preview, now: datetime) -> Seen:
    """What is kept of a preview; by the live book's approval, so that no change is judged by its own."""
    found = done.comparison
    crossed = tuple(sorted({judged.guardrail.name for judged in found.guardrails if judged.crossed}))
    body: dict[str, Json] = {
        "base": found.live.revision,
        "candidate": found.candidate.revision,
        "as_of": done.as_of.isoformat(),
        "as_known_at": done.clocks.as_known_at.isoformat(),
        "snapshot": found.snapshot,
        "customers": found.customers,
        "moved": found.moved,
        "moved_down": found.moved_down,
        "held_by_stability": sum(found.held.values()),
        "newly_unknown": found.newly_unknown,
        "left_out": done.left_out,
        "matrix": [
            [cell.market.value, cell.before or UNRATED, cell.after or UNRATED, cell.customers] for cell in found.matrix
        ],
        "guardrails": [_judged(judged) for judged in found.guardrails],
        "campaigns": [
            [volume.campaign, volume.before, volume.after, volume.cost_before, volume.cost_after]
            for volume in found.campaigns
        ],
    }
    text = canonical(body)
    return Seen(
        text=text.decode(),
        digest=digest_of(text),
        snapshot=found.snapshot,
        as_of=done.as_of,
        at=now,
        valid_until=now + timedelta(days=found.live.approval_days),
        crossed=crossed,
        needed=approvers_needed(found.live, crossed=bool(crossed)),
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """What a stored preview showed when it was made.

    Attributes:
        matrix: (market, tier before, tier after, customers), tiers by key or UNRATED.
    """

    as_of: datetime
    snapshot: str
    candidate: str
    customers: int
    moved: int
    moved_down: int
    held_by_stability: int
    newly_unknown: int
    matrix: tuple[tuple[str, str, str, int], ...]


def figures_of(text: str, digest: str) -> Figures:
    """The figures of a stored preview.

    Raises:
        DamagedError: Its text does not fit its digest.
    """
    if digest_of(text.encode()) != digest:
        raise DamagedError(
            Text("A stored preview does not fit its digest.", "存储的预览与其摘要不符。"),
            Text("`touchstone audit verify` names the rule change.", "`touchstone audit verify` 会指出是哪项变更。"),
        )
    said = orjson.loads(text)
    names = ("snapshot", "candidate", "customers", "moved", "moved_down", "held_by_stability", "newly_unknown")
    cells = tuple((market, before, after, number) for market, before, after, number in said["matrix"])
    return Figures(as_of=datetime.fromisoformat(said["as_of"]), matrix=cells, **{name: said[name] for name in names})


def _judged(judged: Judged) -> list[Json]:
    market = None if judged.market is None else judged.market.value
    return [judged.guardrail.name, market, judged.guardrail.limit, judged.moved, judged.customers, judged.crossed]


def seen_again(session: Session, row: RuleChangeRow) -> Preview | None:
    """The preview of a change, as it was shown; None: it has none, or the base does not give exactly it any more."""
    live = live_change(session)
    if row.preview_digest is None or live is None or live.revision != row.base_revision or row.previewed_at is None:
        return None
    try:
        done = preview(session, book_of(session, row.revision), row.previewed_as_of, row.previewed_at)
    except InputError:
        return None  # everybody has been decided since
    return done if seen_of(done, row.previewed_at).digest == row.preview_digest else None


def approvers_needed(live: Book, *, crossed: bool) -> int:
    """How many must approve a change of the live book; where nobody has to, guardrails stop nothing."""
    return max(live.approvers, 2) if crossed and live.approvers else live.approvers
