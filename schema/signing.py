"""Signing the ledger while a server runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from engine.errors import log_fault
from engine.operations.sealing import EVERY_ENTRIES, EVERY_SECONDS, Seal, take_checkpoint, unsealed
from engine.store import Database
from schema.deadlines import in_thread

_LOOK_EVERY: Final = 5
"""Seconds between looks at what is unsigned."""

_LOG: Final = logging.getLogger("touchstone.signing")


class Signing:
    """Signs at the latest a minute after a write, or a thousand entries later, and when the server stops.

    What was written stays written when it cannot be signed: that is logged, and tried again.
    """

    def __init__(self, database: Callable[[], Database | None], seal: Seal | None, now: Callable[[], datetime]) -> None:
        """Sign what a database holds once it is open.

        Args:
            seal: None: nothing is signed.
            now: The clock.
        """
        self._database, self._seal, self._now = database, seal, now

    async def go_on(self) -> None:
        """Look every few seconds, until cancelled."""
        waited = 0
        while self._seal is not None:
            await asyncio.sleep(_LOOK_EVERY)
            waited += _LOOK_EVERY
            due = await self._due()
            if due >= EVERY_ENTRIES or (due and waited >= EVERY_SECONDS):
                await self.sign()
                waited = 0

    async def sign(self) -> None:
        """Sign what is unsigned."""
        try:
            database = self._database()
            if database is not None and self._seal is not None:
                await in_thread(partial(take_checkpoint, database, self._seal, self._now()))
        except Exception as error:  # whatever it is, the next look comes
            log_fault(_LOG, "no checkpoint", error)

    async def _due(self) -> int:
        try:
            database = self._database()
            return 0 if database is None else await in_thread(partial(_unsealed, database))
        except Exception as error:  # whatever it is, the next look comes
            log_fault(_LOG, "no checkpoint", error)
            return 0


def _unsealed(database: Database) -> int:
    with database.read() as session:
        return unsealed(session)
