"""Idempotency keys: the same key of the same actor with the same input gives the first answer again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import delete
from sqlalchemy.orm import Session

from engine.errors import ConflictError, UserProblem, UserProblemsError
from engine.store.tables import IdempotencyRow
from engine.vocabulary import Text

KEPT = timedelta(hours=24)
"""How long a key is remembered."""
_STORED: Final = re.compile(r"@[0-9a-f]{32}:(.*)", re.DOTALL)


def stored_key(actor: str, key: str) -> str:
    """A key as it is stored: keys of different actors are different ones.

    >>> stored_key("mei", "k-1") == stored_key("li", "k-1"), said_key(stored_key("mei", "k-1"))
    (False, 'k-1')
    """
    return f"@{hashlib.sha256(actor.encode()).hexdigest()[:32]}:{key}"


def said_key(stored: str) -> str:
    """What the caller gave for a stored key (before actors had their own it was stored as given)."""
    found = _STORED.fullmatch(stored)
    return stored if found is None else found[1]


def digest_of(operation: str, given: object) -> str:
    """Digest of an operation's input, independent of the order of its keys."""
    body = orjson.dumps([operation, given], default=str, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(body).hexdigest()


def recall(
    session: Session, actor: str, key: str | None, operation: str, given: object, now: datetime
) -> dict[str, Any] | None:
    """The first answer to this actor's key, or None when it is new or older than a day.

    Raises:
        UserProblemsError: The key is empty or longer than 200 characters.
        ConflictError: The key was used with other input (IDEMPOTENCY_MISMATCH).
    """
    if key is None:
        return None
    if not 0 < len(key) <= 200:
        message = Text("An idempotency key has 1 to 200 characters.", "幂等键长度须为 1 到 200 个字符。")
        hint = Text("Send a fresh UUID, for example.", "例如使用新的 UUID。")
        raise UserProblemsError([UserProblem("INVALID", message, ("idempotencyKey",), hint)])
    same = (operation, digest_of(operation, given))
    row = session.get(IdempotencyRow, stored_key(actor, key)) or _as_given(session, key, same)
    if row is None or row.at < now - KEPT:
        return None
    if (row.operation, row.input_hash) != same:
        raise ConflictError(
            Text("This idempotency key was used with other input.", "该幂等键已用于不同的输入。"),
            Text("Use a new key for a new request.", "新的请求请使用新的幂等键。"),
            code="IDEMPOTENCY_MISMATCH",
        )
    answer: dict[str, Any] = orjson.loads(row.answer)
    return answer


def _as_given(session: Session, key: str, same: tuple[str, str]) -> IdempotencyRow | None:
    """A key that was stored before actors had their own, if it is this very request."""
    row = session.get(IdempotencyRow, key)
    return row if row is not None and (row.operation, row.input_hash) == same else None


def used_for(session: Session, actor: str, key: str | None, now: datetime) -> str | None:
    """The operation this actor's key was used for within the day; None: it is new."""
    row = None if key is None else session.get(IdempotencyRow, stored_key(actor, key))
    return None if row is None or row.at < now - KEPT else row.operation


def remember(
    session: Session,
    actor: str,
    key: str | None,
    operation: str,
    given: object,
    answer: Mapping[str, Any],
    now: datetime,
) -> None:
    """Keep the answer to this key inside the operation's own transaction; forget keys older than a day."""
    if key is None:
        return
    session.execute(delete(IdempotencyRow).where(IdempotencyRow.at < now - KEPT))  # type: ignore[arg-type]
    session.add(
        IdempotencyRow(
            key=stored_key(actor, key),
            operation=operation,
            input_hash=digest_of(operation, given),
            answer=orjson.dumps(answer).decode(),
            at=now,
        )
    )
