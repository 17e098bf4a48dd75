"""What the ledger tells of a rule change beside its row: why it went live or was taken back, which tests failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine.operations.entry_shapes import body_of
from engine.store.reading import EntryView, steps_of_changes
from engine.vocabulary import EntryKind

_GOING_LIVE = (EntryKind.RULES_PUBLISHED, EntryKind.RULES_ROLLED_BACK)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Who took a change back, for whom (None: for themselves), when and why."""

    actor: str
    on_behalf_of: str | None
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Trail:
    """Steps of a change.

    Attributes:
        publish_reason: In the words of whoever made it live; None: it never was.
        withdrawal: None: nobody took it back.
        failed_tests: Tests in its rule files that failed when its present content was proposed, by name.
    """

    publish_reason: str | None = None
    withdrawal: Withdrawal | None = None
    failed_tests: tuple[str, ...] = ()


def trails_of(session: Session, changes: Sequence[int]) -> Mapping[int, Trail]:
    """The trails of rule changes by number; of one that the ledger does not know an empty one."""
    steps = steps_of_changes(session, changes)
    return {number: _trail(steps.get(number, ())) for number in changes}


def _trail(steps: Sequence[EntryView]) -> Trail:
    live = [entry.reason for entry in steps if entry.kind in _GOING_LIVE]
    back = [entry for entry in steps if entry.kind == EntryKind.RULES_WITHDRAWN]
    proposed = [entry for entry in steps if entry.kind == EntryKind.RULES_PROPOSED]
    said = (body_of(proposed[-1].position, proposed[-1].body) or {}) if proposed else {}
    return Trail(
        publish_reason=live[-1] if live else None,
        withdrawal=_withdrawal(back[-1]) if back else None,
        failed_tests=tuple(said.get("failed_tests", ())),
    )


def _withdrawal(entry: EntryView) -> Withdrawal:
    said = body_of(entry.position, entry.body) or {}
    return Withdrawal(entry.actor, said.get("withdrawn_for"), entry.at, entry.reason or "")
