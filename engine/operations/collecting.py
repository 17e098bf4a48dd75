"""Bulk work without the collector of reference cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_cycle_collection() -> Iterator[None]:
    """Keep the collector of reference cycles from looking through bulk rows again and again.

    Rows by the hundred thousand are tuples of numbers and texts: they make no cycles and go away by themselves,
    yet each new batch of them starts a collection that walks over all others (a fifth of a run's time).
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
