"""Sealing: signed heads of the ledger, in the database and in a file outside of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.access import SYSTEM
from engine.audit import Json
from engine.audit.chain import datum_of
from engine.audit.notes import Head, PublicKey, Signer, read_note
from engine.audit.sealed import announcement_of, origin_of
from engine.audit.tree import Tree
from engine.errors import DamagedError, InputError
from engine.operations.signing_keys import new_signer, signer_of
from engine.settings import Settings
from engine.store import Database, append_entry, instant_text
from engine.store.location import database_location, is_sqlite, sqlite_file
from engine.store.reading import head_position, newest_checkpoint
from engine.store.rows import table_of
from engine.store.tables import CheckpointRow, LedgerRow
from engine.vocabulary import EntryKind, Text

EVERY_ENTRIES: Final = 1_000
EVERY_SECONDS: Final = 60
"""How often a server seals at the latest while entries are written."""


@dataclass(frozen=True, slots=True)
class Seal:
    """Where checkpoints are signed and kept.

    Attributes:
        key: File of the signing key; made with the first checkpoint.
        outside: File that checkpoints are appended to; None: they are kept in the database alone.
    """

    key: Path
    outside: Path | None


def seal_of(settings: Settings) -> Seal | None:
    """The seal that settings describe; None: no key file is named (PostgreSQL), so nothing is signed."""
    location = database_location(settings.database_url)
    beside = sqlite_file(location) if is_sqlite(location) else None
    key = settings.signing_key or (beside and beside.with_name(f"{beside.name}.signing-key"))
    outside = settings.checkpoints or (beside and beside.with_name(f"{beside.name}.checkpoints"))
    return None if key is None else Seal(key, outside)


def is_new(database_url: str) -> bool:
    """Whether the database is a SQLite file that is not there yet."""
    location = database_location(database_url)
    return is_sqlite(location) and not sqlite_file(location).exists()


def take_checkpoint(database: Database, seal: Seal, now: datetime) -> CheckpointRow | None:
    """Sign the ledger as it stands, if anything was written since the last time, and keep it outside too.

    The first checkpoint makes the key and announces it in an entry of its own.

    Returns:
        The new checkpoint; None: everything was signed already.

    Raises:
        InputError: The key cannot be read or written, or is not the one the ledger announced; or the file outside is
            another ledger's.
        DamagedError: The file outside has a checkpoint over more entries than there are.
    """
    row = None
    with database.write() as session:
        if unsealed(session):
            row = _sealed(session, [_signer(session, seal, now)], now)
    if seal.outside is not None:
        with database.read() as session:
            _keep_outside(session, seal.outside)
    return row


def unsealed(session: Session) -> int:
    """Entries that no checkpoint covers."""
    return head_position(session) - _sealed_entries(session)


def announced_key(session: Session) -> PublicKey | None:
    """The key that the ledger announced last; None: none yet."""
    table = table_of(LedgerRow)
    query = select(table.c.body).where(table.c.kind == EntryKind.KEY_ROTATED.value)
    body = session.execute(query.order_by(table.c.position.desc()).limit(1)).scalar()
    said = None if body is None else announcement_of(body.encode())
    return None if said is None else said.key


def rotate_key(database: Database, seal: Seal, actor: str, reason: str, now: datetime, *, lost: bool) -> PublicKey:
    """Announce a new key, signed by the old one, and sign with it from now on.

    Args:
        lost: The old key is not there any more, so it does not sign; the entry says so.

    Raises:
        InputError: The old key is not there (and was not said to be lost), or the new one cannot be written.
    """
    coming = seal.key.with_name(f"{seal.key.name}.next")
    with database.write() as session:
        announced = announced_key(session)
        old = None if lost else signer_of(seal.key)
        if announced is not None and (old is None or old.public != announced) and not lost:
            raise _not_the_key(seal.key, announced)
        coming.unlink(missing_ok=True)
        new = new_signer(coming)
        _announce(session, new, announced, actor, reason, now, lost=lost)
        _sealed(session, [signer for signer in (old, new) if signer is not None], now)
    coming.replace(seal.key)
    if seal.outside is not None:
        with database.read() as session:
            _keep_outside(session, seal.outside)
    return new.public


def stored_notes(session: Session) -> list[str]:
    """Every checkpoint of the database, the oldest first."""
    table = table_of(CheckpointRow)
    return list(session.execute(select(table.c.note).order_by(table.c.entries)).scalars())


def notes_outside(file: Path) -> list[str]:
    """Every checkpoint of a file outside, in its order; of a file that is not there: none.

    Raises:
        InputError: A line that is no checkpoint, or a file that cannot be read.
    """
    return [note for _, note in _lines_outside(file)]


def _signer(session: Session, seal: Seal, now: datetime) -> Signer:
    """The key in force; a first one is made and announced."""
    coming = seal.key.with_name(f"{seal.key.name}.next")
    announced = announced_key(session)
    found = signer_of(seal.key)
    if announced is None:
        signer = found or new_signer(seal.key)
        _announce(session, signer, None, SYSTEM, None, now, lost=False)
        return signer
    if found is None or found.public != announced:
        following = signer_of(coming)  # rotated, but stopped before the file took its place
        if following is None or following.public != announced:
            raise _not_the_key(seal.key, announced)
        coming.replace(seal.key)
        return following
    return found


def _announce(
    session: Session, signer: Signer, before: PublicKey | None, actor: str, reason: str | None, now: datetime, *,
    lost: bool,
) -> None:  # fmt: skip
    body: dict[str, Json] = {
        "key": signer.public.text, "before": None if before is None else before.text, "lost": lost,
    }  # fmt: skip
    append_entry(session, EntryKind.KEY_ROTATED, actor, reason, f"key:{signer.public.name}", body, now)


def _sealed(session: Session, signers: list[Signer], now: datetime) -> CheckpointRow:
    """The checkpoint over every entry there is, stored."""
    table, entry = table_of(CheckpointRow), table_of(LedgerRow)
    last = session.execute(select(table.c.entries, table.c.nodes).order_by(table.c.entries.desc()).limit(1)).first()
    tree = Tree(last[0], bytes(last[1])) if last is not None else Tree()
    query = select(entry.c.hash).where(entry.c.position > tree.size).order_by(entry.c.position)
    for batch in session.execute(query).scalars().partitions(EVERY_ENTRIES):
        tree.extend(datum_of(one) for one in batch)
    first = session.execute(select(entry.c.hash).order_by(entry.c.position).limit(1)).scalar_one()
    head = Head(origin_of(first), tree.size, tree.root(), instant_text(now))
    note = signers[0].signed(head)
    for more in signers[1:]:
        note += more.signed(head).rpartition("\n\n")[2]
    row = CheckpointRow(entries=tree.size, root=head.root, nodes=tree.nodes, note=note, at=now)
    session.add(row)
    session.flush()
    return row


def _sealed_entries(session: Session) -> int:
    newest = newest_checkpoint(session)
    return 0 if newest is None else newest.entries


def _keep_outside(session: Session, file: Path) -> None:
    """Append what the file does not have yet; it is never shortened."""
    table = table_of(CheckpointRow)
    stored = list(session.execute(select(table.c.entries, table.c.note).order_by(table.c.entries)))
    kept = list(_lines_outside(file))
    known = max((entries for entries, _ in kept), default=0)
    if kept and stored and read_note(kept[-1][1]).origin != read_note(stored[-1][1]).origin:
        raise _unreadable(file, "it is another ledger's", "属于另一账本")
    if kept and (not stored or known > stored[-1][0]):
        raise DamagedError(
            Text(
                f"{file} has a checkpoint over {known} entries, more than the ledger's own checkpoints cover.",
                f"{file} 中有覆盖 {known} 条的检查点，多于账本自身检查点所覆盖的条数。",
            ),
            Text("Run `touchstone audit verify`.", "请运行 `touchstone audit verify`。"),
        )
    lines = [orjson.dumps({"entries": entries, "note": note}) + b"\n" for entries, note in stored if entries > known]
    if not lines:
        return
    try:
        with file.open("ab") as opened:
            opened.write(b"".join(lines))
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise _unreadable(file, str(error.strerror), str(error.strerror)) from error


def set_aside(seal: Seal) -> Path | None:
    """Rename the file of checkpoints of a database that is not there any more; gives the new name, None: no file."""
    if seal.outside is None or not seal.outside.exists():
        return None
    number = 1
    while (aside := seal.outside.with_name(f"{seal.outside.name}.{number}")).exists():
        number += 1
    return seal.outside.replace(aside)


def _lines_outside(file: Path) -> Iterator[tuple[int, str]]:
    try:
        text = file.read_bytes() if file.exists() else b""
    except OSError as error:
        raise _unreadable(file, str(error.strerror), str(error.strerror)) from error
    for number, line in enumerate(text.splitlines(), 1):
        try:
            found = orjson.loads(line)
            note = str(found["note"])  # alone on a line of an export
            yield int(found["entries"]) if "entries" in found else read_note(note).entries, note
        except (ValueError, KeyError, TypeError) as error:
            raise _unreadable(file, f"line {number} is no checkpoint", f"第 {number} 行不是检查点") from error


def _unreadable(file: Path, why: str, why_zh: str) -> InputError:
    return InputError(
        Text(f"The file of checkpoints {file} cannot be used: {why}.", f"检查点文件 {file} 无法使用：{why_zh}。"),
        Text(
            "Give this ledger's file in TOUCHSTONE_CHECKPOINTS; never edit it, it is what proves the ledger.",
            "请用 TOUCHSTONE_CHECKPOINTS 指定本账本的文件；切勿编辑，它是账本的证明。",
        ),
    )


def _not_the_key(file: Path, announced: PublicKey) -> InputError:
    return InputError(
        Text(
            f"The key in {file} is not {announced.name}, which the ledger announced: nothing was signed.",
            f"{file} 中的密钥不是账本所公布的 {announced.name}：未签署。",
        ),
        Text(
            "Bring that key back. If it is lost: touchstone audit rotate-key --lost --by NAME --reason WHY",
            "请恢复该密钥；若已丢失：touchstone audit rotate-key --lost --by 名字 --reason 原因",
        ),
    )
