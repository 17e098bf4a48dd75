"""Who calls, for every way into the server: from `Authorization`, asked of the store in a worker thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from engine.access import Caller, Permission, handle_of
from engine.errors import ForbiddenError, TouchstoneError, UnauthenticatedError
from engine.operations.authenticating import bearer_of, prove
from engine.operations.granting import note_use
from schema.context import Services
from schema.deadlines import in_thread
from schema.languages import language_of

ASKED_AGAIN_AFTER: Final = timedelta(seconds=10)
"""On a connection that stays open, a token that was revoked counts no longer than this."""
CHALLENGE: Final = {"www-authenticate": 'Bearer realm="touchstone"'}

_LOG: Final = logging.getLogger("touchstone.access")


async def caller_of(services: Services, header: str | None) -> Caller:
    """Who calls, by what they show.

    Raises:
        UnauthenticatedError: A token is needed, or the one shown does not count.
        ForbiddenError: The issuer gives roles that nobody may have together.
        NotReadyError: The issuer's keys cannot be had.
    """
    if services.gate.open and bearer_of(header) is None:
        return services.unproven()
    now = services.now()
    try:
        proof = await in_thread(partial(prove, services.gate, services.database, header, now))
    except (UnauthenticatedError, ForbiddenError) as error:
        _tell_refused(bearer_of(header), error)
        raise
    if proof is None:
        return services.unproven()
    if proof.note is not None:
        _note(services, proof.note, now)
    return proof.caller


def _tell_refused(token: str | None, error: TouchstoneError) -> None:
    """Log that a token was refused: by its handle, which tells nothing of its secret; who shows none is no news."""
    if token is not None:
        handle = handle_of(token)
        named = "no API token" if handle is None else f"handle {handle}"
        _LOG.warning("a token was refused (%s): %s", named, error.message.en)


def _note(services: Services, token: int, now: datetime) -> None:
    """Keep the use of a token, after the answer and whether or not that succeeds."""
    noting = asyncio.ensure_future(in_thread(partial(note_use, services.database, token, now)))
    services.background.add(noting)
    noting.add_done_callback(partial(_noted, services))


def _noted(services: Services, noting: asyncio.Task[None]) -> None:
    services.background.discard(noting)
    if not noting.cancelled() and noting.exception() is not None:
        _LOG.warning("the use of a token was not noted: %s", type(noting.exception()).__name__)


def renewal_of(services: Services, header: str | None, caller: Caller) -> Callable[[], Awaitable[Caller]] | None:
    """How to ask again who it is; None: nothing was shown that could end."""
    if bearer_of(header) is None:
        return None
    asked, known = services.now(), caller

    async def again() -> Caller:
        nonlocal asked, known
        now = services.now()
        if now - asked >= ASKED_AGAIN_AFTER or (known.until is not None and now >= known.until):
            known, asked = await caller_of(services, header), now
        return known

    return again


async def refusal(request: Request, services: Services | TouchstoneError, permission: Permission) -> Response | None:
    """The answer of a page to somebody without the right to it; None: go on."""
    if isinstance(services, TouchstoneError):
        return None
    locale = language_of(request.headers.get("accept-language", ""))
    try:
        caller = await caller_of(services, request.headers.get("authorization"))
        if not caller.may(permission):
            _LOG.warning("a page: %s was refused, without %s", caller.name, permission)
        caller.require(permission)
    except UnauthenticatedError as error:
        return PlainTextResponse(error.tell(locale) + "\n", 401, headers=CHALLENGE)
    except ForbiddenError as error:
        return PlainTextResponse(error.tell(locale) + "\n", 403)
    except TouchstoneError as error:
        return PlainTextResponse(error.tell(locale) + "\n", 503)
    return None
