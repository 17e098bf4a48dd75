"""What is read of rule books, their changes and reviews."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RevisionView:
    """A stored rule book, without its files."""

    hash: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RuleChangeView:
    """A proposed or published revision."""

    id: int
    state: str
    revision: str
    base_revision: str | None
    bootstrap: bool
    restores_id: int | None
    actor: str
    reason: str
    at: datetime
    live_from: datetime | None
    live_until: datetime | None
    published_by: str | None
    version: int
    round: int
    approvers_needed: int
    preview: str | None
    preview_digest: str | None
    snapshot: str | None
    previewed_at: datetime | None
    activate_at: datetime | None
    activate_zone: str | None
    attention_en: str | None
    attention_zh: str | None
    on_behalf_of: str | None


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A verdict on one content, preview and base of a rule change."""

    change_id: int
    actor: str
    approved: bool
    note: str | None
    at: datetime
    round: int
    revision: str
    preview_digest: str
    snapshot: str
    on_behalf_of: str | None
