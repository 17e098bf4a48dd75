"""How long an operation may run, and worker threads that nobody waits for longer than that.

Blocking work cannot be stopped once it runs. So time is looked at before each piece of it begins (a field's work, a
question to the store): none begins too late, nobody waits for one that takes too long, and that one ends in its thread
with nobody to take its answer. What a command had begun is done all the same; its idempotency key gives the answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final, TypeVar

from anyio import to_thread

from engine.errors import TouchstoneError
from engine.vocabulary import Text

V = TypeVar("V")

SECONDS = 5.0
"""How long a query may run; subscriptions go on."""
COMMANDS: Final = 6
"""A mutation may run so many times as long: it is done anyway once it has begun, and its caller needs the answer."""

_UNTIL: ContextVar[float | None] = ContextVar("until", default=None)


def length(given: float | None, *, command: bool) -> float:
    """Seconds an operation may run, by the setting or `SECONDS`."""
    return (SECONDS if given is None else given) * (COMMANDS if command else 1)


def begin(seconds: float | None) -> None:
    """Begin an operation in this task and all it starts; None: one without an end."""
    _UNTIL.set(None if seconds is None else time.monotonic() + seconds)


def late() -> TouchstoneError:
    """The fault of what is not through in time."""
    return TouchstoneError(
        Text("This was not through in time.", "处理超时。"),
        Text(
            "Ask for less at once. A command may be done all the same: send it again with the same idempotency key.",
            "请减少一次查询的内容。命令可能仍会完成：请用同一幂等键重发。",
        ),
        "DEADLINE",
    )


def check() -> None:
    """Look at the time before something begins; also in a worker thread.

    Raises:
        TouchstoneError: DEADLINE.
    """
    until = _UNTIL.get()
    if until is not None and time.monotonic() >= until:
        raise late()


async def in_thread(work: Callable[[], V]) -> V:
    """Run blocking work in a worker thread; it is finished even if nobody waits for it any more.

    Raises:
        TouchstoneError: DEADLINE.
    """
    check()
    until, loop = _UNTIL.get(), asyncio.get_running_loop()
    at = None if until is None else loop.time() + (until - time.monotonic())
    try:
        async with asyncio.timeout_at(at) as limit:
            return await to_the_end(work)
    except TimeoutError:
        if limit.expired():
            raise late() from None
        raise


async def to_the_end(work: Callable[[], V]) -> V:
    """The same without a deadline, for what goes on in the background or must be on record before an answer."""
    return await to_thread.run_sync(work, abandon_on_cancel=True)
