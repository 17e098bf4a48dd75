"""Where the command line works: the database and the rule folder that settings name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.store import Database

_opened: list[Database] = []


def database() -> Database:
    """The database of the settings, ready to use; open until the command ends.

    Raises:
        NotReadyError: It is missing, older or newer than this program; the sentence says what to do.
    """
    from engine.settings import load_settings
    from engine.store import open_database

    _opened.append(open_database(load_settings().database_url))
    return _opened[-1]


def close_databases() -> None:
    """Close what `database` opened, at the end of a command."""
    while _opened:
        _opened.pop().close()


def rule_folder(asked: Path | None) -> Path:
    """The rule folder given, or that of the settings."""
    from engine.settings import load_settings

    return asked if asked is not None else Path(load_settings().rules)
