"""Verifying: the chain, the checkpoints of the database and those kept outside, and what is stored beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from engine.audit import Verification
from engine.audit.notes import read_note
from engine.audit.sealed import verify_sealed
from engine.errors import InputError
from engine.operations.anchored import misfits
from engine.operations.misfit import Misfit, unsaid_misfits
from engine.operations.sealing import notes_outside, stored_notes
from engine.operations.verifying_together import verify_together
from engine.store import ledger_links
from engine.vocabulary import Text

_SHOWN: Final = 5


def verify_everything(
    session: Session, outside: Path | None, *, must_exist: bool = False, url: str | None = None
) -> Verification:
    """Check every entry, every checkpoint of the database and of a file outside, and what is stored beside them.

    Args:
        outside: File that checkpoints were appended to; None: only the database's own are looked at.
        must_exist: Somebody named the file.
        url: Of the same database, if other processes may help with a long ledger; then the session must have changed
            nothing.

    Raises:
        InputError: The file cannot be read as checkpoints, or must exist and does not.
    """
    if must_exist and outside is not None and not outside.exists():
        raise InputError(Text(f"There is no file {outside}.", f"没有文件 {outside}。"))
    stored = stored_notes(session)
    kept = [] if outside is None else notes_outside(outside)
    if must_exist and not kept:
        raise InputError(Text(f"There is no checkpoint in {outside}.", f"{outside} 中没有检查点。"))
    notes = dict.fromkeys([*stored, *kept])
    found = verify_together(session, url, notes) if url is not None else None
    if found is None:
        found = verify_sealed(ledger_links(session), notes)
    if not found.ok:
        return found
    unsaid = list(unsaid_misfits(session))
    wrong = [*unsaid, *misfits(session), *_taken_out(set(kept) - set(stored))]
    if not wrong:
        return found
    # What an entry leaves unsaid shows elsewhere too: at the entry before it, for instance, that is now the last.
    first = min((one.position for one in unsaid or wrong if one.position is not None), default=None)
    told = tuple(one.text for one in wrong)
    return replace(found, ok=False, first_bad=first, problem=told[0], misfits=told)


def _taken_out(notes: set[str]) -> Iterator[Misfit]:
    """Checkpoints that are kept outside and not in the database, where each of them was first."""
    if not notes:
        return
    sizes = sorted(read_note(note).entries for note in notes)
    listed = ", ".join(map(str, sizes[:_SHOWN])) + (" …" if len(sizes) > _SHOWN else "")
    yield Misfit(
        sizes[0],
        Text(
            f"Checkpoints that are kept outside are not in the database any more: over {listed} entries.",
            f"保存在库外的检查点已不在数据库中：覆盖 {listed} 条的检查点。",
        ),
    )
