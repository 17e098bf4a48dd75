"""Making scheduled rule changes live while a server runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from engine.errors import TouchstoneError, log_fault
from engine.operations.rule_life import activate_due
from engine.store import Database
from engine.vocabulary import Locale
from schema.deadlines import in_thread

LOOK_EVERY: Final = 20
"""Seconds between looks at what is due."""

_LOG: Final = logging.getLogger("touchstone.schedule")


class Activating:
    """Looks for due changes, whatever goes wrong with a look; what became of each is logged, and in the ledger."""

    def __init__(self, database: Callable[[], Database], now: Callable[[], datetime]) -> None:
        """Look in a database, which is opened when it is there.

        Args:
            now: The clock.
        """
        self._database, self._now = database, now

    async def go_on(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Make live what is due."""
        try:
            database = await in_thread(self._database)
            for one in await in_thread(partial(activate_due, database, self._now())):
                _LOG.warning("%s", one.text.within(Locale.EN))
        except TouchstoneError as error:
            _LOG.info("nothing is made live: %s", error.tell(Locale.EN))
        except Exception as error:  # whatever it is, the next look comes
            log_fault(_LOG, "nothing is made live", error)
