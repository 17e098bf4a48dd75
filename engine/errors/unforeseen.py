"""Looking again and again while a server runs: what goes wrong with one look is logged, and the next one comes."""

from __future__ import annotations

import logging
import traceback

from engine.errors import TouchstoneError
from engine.vocabulary import Locale


def log_fault(log: logging.Logger, told: str, error: Exception) -> None:
    """Log what was wrong: our sentence, or of an error nobody foresaw its kind and where it happened.

    Its own message is never logged, for it may hold stored data.
    """
    if isinstance(error, TouchstoneError):
        log.error("%s: %s", told, error.tell(Locale.EN))
    else:
        frames = "".join(traceback.format_tb(error.__traceback__))
        log.error("%s: INTERNAL: %s\n%s", told, type(error).__name__, frames)
