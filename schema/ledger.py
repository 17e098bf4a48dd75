"""The ledger: the hash chain of everything that was done."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from engine.audit import Verification
from engine.audit.notes import read_note
from engine.operations.auditing import told_entry
from engine.operations.verifying import verify_everything
from engine.store.reading import (
    CheckpointView,
    EntryFilter,
    EntryView,
    Kind,
    count_entries,
    entries_page,
    global_id,
    read_id,
    read_subject,
    slice_of,
    subject_of,
)
from schema.basics import Actor, ActorSource
from schema.context import Info, LocaleArgument
from schema.describing import answered, backed_by, described, given, given_or, read, told
from schema.entry_kinds import EntryKindName
from schema.relay import After, Before, Connection, First, Last, Node, Paged, listed
from schema.scalars import Hash


def _entry_id(root: EntryView) -> strawberry.ID:
    """Opaque, sortable by creation."""
    return strawberry.ID(global_id(Kind.ENTRY, root.position))


def _actor(root: EntryView) -> ActorSource:
    """Who did it."""
    return ActorSource(root.actor)


async def _subject(root: EntryView, info: Info) -> object | None:
    """What it is about; null: erased, or not a thing with an id."""
    from schema.nodes import thing_by_id

    named = read_subject(root.subject) if root.subject is not None else None
    return None if named is None else await thing_by_id(info, *named)


def _text(root: EntryView, info: Info, locale: LocaleArgument = None) -> str:
    """What was done, one sentence."""
    return told_entry(root).within(info.context.in_locale(locale))


@described
class LedgerEntry(Node):
    """One link of the hash chain: one operation, written in its transaction; holds no personal data."""

    is_type_of = backed_by(EntryView)

    id: strawberry.ID = answered(_entry_id)
    position: int = told("From 1, without gaps.")
    kind: EntryKindName = told("What was done.")
    at: datetime = told("When.")
    actor: Actor = answered(_actor)
    reason: str | None = told("Null where none was asked for.")
    subject: Node | None = answered(_subject)
    text: str = answered(_text)
    body: str = told("The exact stored bytes, canonical JSON; `hash` is over them.")
    hash: Hash = told("Of `body`.")
    previous_hash: Hash | None = told("Null for the first.")


def _root(root: CheckpointView) -> str:
    """RFC 6962 root over the entries' hashes."""
    return f"sha256:{root.root.hex()}"


@described
class Checkpoint:
    """A signed head of the Merkle tree over the entries (RFC 6962)."""

    is_type_of = backed_by(CheckpointView)

    entries: int = told("How many entries it covers.")
    root: Hash = answered(_root)
    at: datetime = told("When it was signed.")
    text: str = read("note", "Signed note, C2SP tlog-checkpoint.")


def _newest_proven(root: Verification) -> CheckpointView | None:
    """The newest checkpoint it agrees with; what came after it is proven by the chain alone."""
    if root.checkpoint is None:
        return None
    head = read_note(root.checkpoint)
    return CheckpointView(head.entries, head.root, datetime.fromisoformat(head.at), root.checkpoint)


def _problems(root: Verification, info: Info, locale: LocaleArgument = None) -> list[str]:
    """What is wrong: with an entry, or with runs, decisions and rules that are not as an entry says; empty: nothing."""
    found = root.misfits or ((root.problem,) if root.problem is not None else ())
    return [text.within(info.context.in_locale(locale)) for text in found]


@described
class AuditVerification:
    """Result of checking the whole ledger."""

    is_type_of = backed_by(Verification)

    ok: bool = told("Every entry fits, every checkpoint, and what is stored is as the entries say.")
    entries: int = told("Entries checked.")
    head: Hash | None = told("Hash of the last entry; null: empty.")
    first_bad: int | None = told("First entry that does not fit, or says otherwise than what is stored; null: none.")
    checkpoint: Checkpoint | None = answered(_newest_proven)
    problems: list[str] = answered(_problems)


@given
class AuditFilter:
    """`from`/`to` are about `at`, `subject` is its id."""

    kind: list[EntryKindName] | None = given_or(None, "Any of these.")
    actor: str | None = given_or(None, "Who did it.")
    subject: strawberry.ID | None = given_or(
        None, "Global id of what it is about; of a customer also who saw their personal data."
    )
    from_: datetime | None = given_or(None, "At or after.", name="from")
    to: datetime | None = given_or(None, "Before.")


async def _audit_log(
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    filter: Annotated[AuditFilter | None, strawberry.argument(description="Which entries.")] = None,
) -> Paged:
    """The ledger, newest entry first."""
    kept = EntryFilter()
    if filter is not None:
        kept = EntryFilter(
            kinds=None if filter.kind is None else tuple(filter.kind),
            actor=filter.actor,
            subject=None if filter.subject is None else _subject_text(filter.subject),
            from_at=await info.context.instant_or_none(filter.from_),
            to_at=await info.context.instant_or_none(filter.to),
        )
    slice_ = slice_of(first, after, last, before)
    return await listed(info, partial(entries_page, filter_=kept, slice_=slice_), partial(count_entries, filter_=kept))


def _subject_text(id_: str) -> str:
    kind, number = read_id(id_)
    return subject_of(kind, number) if isinstance(number, int) else f"{kind}:{number}"


async def _verify(info: Info) -> object:
    """Checks the whole ledger now: every hash and link, every checkpoint here and outside."""
    return await info.context.read(partial(verify_everything, outside=info.context.services.checkpoints))


@described
class LedgerQueries:
    """Questions about the ledger."""

    audit_log: Connection[LedgerEntry] | None = answered(_audit_log)
    verify_audit_log: AuditVerification | None = answered(_verify)
