"""Candidates that decide beside the live rules, with the change each is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine.store.reading.columns import columns_of
from engine.store.tables import RuleChangeRow, ShadowRow

_shadow, _change = columns_of(ShadowRow), columns_of(RuleChangeRow)


@dataclass(frozen=True, slots=True)
class ShadowView:
    """A candidate beside the live rules.

    Attributes:
        ended_at, ended_by: None: nobody has ended it sooner than `until_at`.
        change_state, change_revision: Of its change now.
    """

    id: int
    change_id: int
    revision: str
    actor: str
    from_at: datetime
    until_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    change_state: str
    change_revision: str


def newest_shadows(session: Session, changes: Sequence[int]) -> Mapping[int, ShadowView]:
    """The last time each rule change decided beside the live rules; those that never did are left out."""
    newest = select(func.max(_shadow["id"])).where(_shadow["change_id"].in_(changes)).group_by(_shadow["change_id"])
    names = ("id", "change_id", "revision", "actor", "from_at", "until_at", "ended_at", "ended_by")
    query: Select[Any] = select(*(_shadow[name] for name in names), _change["state"], _change["revision"].label("now"))
    query = query.join_from(ShadowRow, RuleChangeRow, _change["id"] == _shadow["change_id"])
    return {row[1]: ShadowView(*row) for row in session.execute(query.where(_shadow["id"].in_(newest)))}
