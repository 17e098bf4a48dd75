"""A database of one engine, for tests whose question is not the engine's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.store import Database, open_database


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """An open, empty SQLite database."""
    with open_database(sqlite_url) as opened:
        yield opened
