"""Verifying: the chain, the checkpoints of the database and those kept outside, and what is stored beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy.orm import Session

from engine.audit import Verification
from engine.audit.sealed import verify_sealed
from engine.errors import InputError
from engine.operations.anchored import misfits
from engine.operations.misfit import unsaid_misfits
from engine.operations.sealing import notes_outside, stored_notes
from engine.store import ledger_links
from engine.vocabulary import Text


def verify_everything(session: Session, outside: Path | None, *, must_exist: bool = False) -> Verification:
    """Check every entry, every checkpoint of the database and of a file outside, and what is stored beside them.

    Args:
        outside: File that checkpoints were appended to; None: only the database's own are looked at.
        must_exist: Somebody named the file.

    Raises:
        InputError: The file cannot be read as checkpoints, or must exist and does not.
    """
    if must_exist and outside is not None and not outside.exists():
        raise InputError(Text(f"There is no file {outside}.", f"没有文件 {outside}。"))
    notes = dict.fromkeys(stored_notes(session))
    if outside is not None:
        notes |= dict.fromkeys(notes_outside(outside))
    found = verify_sealed(ledger_links(session), notes)
    if not found.ok:
        return found
    unsaid = list(unsaid_misfits(session))
    wrong = unsaid + list(misfits(session))
    if not wrong:
        return found
    # What an entry leaves unsaid shows elsewhere too: at the entry before it, for instance, that is now the last.
    first = min((one.position for one in unsaid or wrong if one.position is not None), default=None)
    told = tuple(one.text for one in wrong)
    return replace(found, ok=False, first_bad=first, problem=told[0], misfits=told)
