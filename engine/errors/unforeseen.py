"""Faults that must not end what they happen in: a look of the server, a run beside the live rules."""

from __future__ import annotations

import logging
import traceback

from engine.errors.kinds import TouchstoneError
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
