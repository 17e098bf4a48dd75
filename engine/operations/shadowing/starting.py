"""Letting a candidate decide beside the live book for some days, and ending it sooner."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from engine.access import Actor
from engine.audit import Json
from engine.errors import InputError, NotFoundError
from engine.operations.idempotency import recall, remember
from engine.operations.rule_life import STATE_TEXTS, State, change_of
from engine.operations.rule_life.changes import expect_version
from engine.operations.shadowing.beside import SHADOWED, running
from engine.store import Database, append_entry
from engine.store.ledger import instant_text
from engine.store.reading import ShadowView, newest_shadows
from engine.store.tables import RuleChangeRow, ShadowRow
from engine.vocabulary import EntryKind, Text

MOST_DAYS: Final = 366


def start_shadow(
    database: Database,
    change_id: int,
    days: int,
    actor: str,
    now: datetime,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> int:
    """Let every run from now on decide by a change as well, for so many days; gives the shadow's number.

    Raises:
        NotFoundError: No such change.
        InputError: It is a draft or not open any more, or decides beside the live book already (WRONG_STATE); not
            1 to 366 days (INVALID).
        ConflictError: It is not the version expected.
    """
    name = Actor.named(actor).name
    given = [change_id, days, expected_version]
    with database.write() as session:
        known = recall(session, name, idempotency_key, "shadowRulebook", given, now)
        if known is not None:
            return int(known["shadow"])
        _require_days(days)
        change = change_of(session, change_id)
        _require_open(session, change, now)
        expect_version(change, expected_version)
        row = ShadowRow(
            change_id=change_id, revision=change.revision, actor=name, from_at=now, until_at=now + timedelta(days=days)
        )
        session.add(row)
        session.flush()
        _enter(session, row, name, now)
        remember(session, name, idempotency_key, "shadowRulebook", given, {"shadow": row.id}, now)
        return row.id or 0


def _require_open(session: Session, change: RuleChangeRow, now: datetime) -> None:
    """Refuse a change that cannot decide beside the live rules, or does so already."""
    state = State(change.state)
    if state not in SHADOWED:
        told = STATE_TEXTS[state]
        message = Text(f"This change is {told.en}; that is not possible now.", f"该变更{told.zh}，当前不能执行此操作。")
    elif any(row.change_id == change.id for row in running(session, now)):
        message = Text("It decides beside the live rules already.", "该变更已在双轨并行。")
    else:
        return
    hint = Text("`touchstone rules log` shows every change.", "`touchstone rules log` 可查看所有变更。")
    raise InputError(message, hint, code="WRONG_STATE")


def _require_days(days: int) -> None:
    if not 1 <= days <= MOST_DAYS:
        raise InputError(
            Text(f"{days} is not between 1 and {MOST_DAYS} days.", f"{days} 不在 1 至 {MOST_DAYS} 天之间。"),
            Text("Two weeks to a quarter are usual.", "通常为两周至一个季度。"),
            code="INVALID",
        )


def end_shadow(
    database: Database,
    change_id: int,
    actor: str,
    now: datetime,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> None:
    """End deciding by a change beside the live book; what was decided stays.

    Raises:
        NotFoundError: No such change.
        InputError: It does not decide beside the live book (WRONG_STATE).
        ConflictError: It is not the version expected.
    """
    name = Actor.named(actor).name
    given = [change_id, expected_version]
    with database.write() as session:
        if recall(session, name, idempotency_key, "unshadowRulebook", given, now) is not None:
            return
        change = change_of(session, change_id)
        found = next((row for row in running(session, now) if row.change_id == change_id), None)
        if found is None:
            raise InputError(
                Text("It does not decide beside the live rules.", "该变更未在双轨并行。"),
                Text("`touchstone rules shadow` starts it.", "可用 `touchstone rules shadow` 启动。"),
                code="WRONG_STATE",
            )
        expect_version(change, expected_version)
        found.ended_at, found.ended_by = now, name
        session.flush()
        _enter(session, found, name, now)
        remember(session, name, idempotency_key, "unshadowRulebook", given, {"shadow": found.id}, now)


def _enter(session: Session, row: ShadowRow, actor: str, now: datetime) -> None:
    """Tell the ledger that it began, or was ended."""
    body: dict[str, Json] = {
        "shadow": row.id,
        "change": row.change_id,
        "revision": row.revision,
        "until": instant_text(row.until_at),
        "ended": row.ended_at is not None,
    }
    append_entry(session, EntryKind.RULES_SHADOWED, actor, None, f"rule_change:{row.change_id}", body, now)


def newest_shadow(session: Session, change_id: int) -> ShadowView:
    """The last time a change decided beside the live book.

    Raises:
        NotFoundError: It never did.
    """
    found = newest_shadows(session, [change_id]).get(change_id)
    if found is None:
        raise NotFoundError(
            Text(f"Change {change_id} never decided beside the live rules.", f"变更 {change_id} 从未双轨并行。"),
            Text(
                f"Start it: touchstone rules shadow {change_id} --days 14.",
                f"启动：touchstone rules shadow {change_id} --days 14。",
            ),
        )
    return found
