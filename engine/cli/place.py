"""Where the command line works: the database and the rule folder that settings name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.store import Database
    from engine.vocabulary import Locale

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


def close_databases(locale: Locale) -> None:
    """Sign what was written to what `database` opened, and close it, at the end of a command.

    What was done is done: a checkpoint that cannot be signed is told and changes no exit status.
    """
    while _opened:
        opened = _opened.pop()
        try:
            if opened.written:
                _seal(opened, locale)
        finally:
            opened.close()


def _seal(opened: Database, locale: Locale) -> None:
    from datetime import UTC, datetime

    from engine.cli import terminal
    from engine.errors import TouchstoneError
    from engine.operations.sealing import seal_of, take_checkpoint
    from engine.settings import load_settings

    try:
        seal = seal_of(load_settings())
        if seal is not None:
            take_checkpoint(opened, seal, datetime.now(UTC))
    except TouchstoneError as error:
        terminal.complain(error.tell(locale))


def rule_folder(asked: Path | None) -> Path:
    """The rule folder given, or that of the settings."""
    from engine.settings import load_settings

    return asked if asked is not None else Path(load_settings().rules)
