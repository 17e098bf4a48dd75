"""Whether a rule folder on disk is what decides: the live revision, or something else."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from engine.errors import InputError, TouchstoneError
from engine.operations.publishing import live_change
from engine.operations.rule_folder import look_into
from engine.rulebook import revision_of
from engine.store import open_database
from engine.vocabulary import Text


def differing_folder(session: Session, folder: Path) -> Text | None:
    """What to say of a folder that is not the live revision; None: it is, there is none, or nothing is live."""
    live = live_change(session)
    if live is None or not folder.is_dir():
        return None
    try:
        found = look_into(folder)
    except InputError:
        return None  # no rule file in it
    if not found.problems and (not found.files or revision_of(found.files) == live.revision):
        return None
    return Text(
        f"The rule files in {folder} are not the live rules ({live.revision[:19]}); the live ones decide.",
        f"{folder} 中的规则文件不是生效规则（{live.revision[:19]}）；评级以生效规则为准。",
    )


def differing_folder_at(url: str, folder: Path) -> Text | None:
    """The same for a database that need not be there."""
    try:
        with open_database(url) as database, database.read() as session:
            return differing_folder(session, folder)
    except TouchstoneError:
        return None  # without a database to compare with there is nothing to say; other commands tell what is wrong
