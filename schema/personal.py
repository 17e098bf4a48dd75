"""Personal data in answers: masked, unless whoever asks has the right and says what for; then it is on record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

import strawberry
from sqlalchemy.orm import Session

from engine.access import Permission
from engine.operations.personal import PersonalRead, note_personal_reads, read_purpose
from engine.store.reading import LARGEST_PAGE, CustomerFilter, Slice, count_customers, customers_page, personal_fields
from schema.context import Context, Info
from schema.deadlines import to_the_end

Purpose = Annotated[
    str | None,
    strawberry.argument(description="Why personal data are looked at, for the ledger; without it they are masked."),
]


def shown_plainly(context: Context, purpose: str | None) -> bool | None:
    """Whether personal data are shown without more ado; None: it takes a look at rights, and a record."""
    if purpose is None or not purpose.strip():
        return context.caller.local
    return None if context.caller.may(Permission.SEE_PERSONAL) else False


async def unmasked(context: Context, customer: int, fields: Sequence[str], purpose: str | None) -> bool:
    """Whether these fields may be shown as they are; then it will be on record before they are.

    Raises:
        InputError: A purpose that is none.
    """
    plainly, asked = shown_plainly(context, purpose), read_purpose(purpose)
    if plainly is not None or asked is None:
        return bool(plainly)
    await _keep(context, [PersonalRead(customer, field, asked) for field in fields])
    return True


async def note_search(context: Context, kept: CustomerFilter, purpose: str | None) -> None:
    """Names were looked into: on record before the answer leaves, with whom they found, whichever part is shown.

    A purpose is kept without what was looked for.

    Raises:
        InputError: A purpose that is none.
    """
    text, asked = re.escape((kept.text or "").strip()), read_purpose(purpose) or ""
    # A word in ASCII stands between others; in Chinese nothing does.
    word = rf"(?<!\w){text}(?!\w)" if text.isascii() else text
    asked = re.sub(word, "…", asked, flags=re.IGNORECASE) if text else asked
    found, customers = await context.read(partial(_found_by, kept))
    reads = [PersonalRead(customer, "name", asked) for customer in customers]
    await _keep(context, [*reads, PersonalRead(None, "name", asked, found)])


def _found_by(kept: CustomerFilter, session: Session) -> tuple[int, list[int]]:
    """How many customers a search found, and the first of them."""
    page = customers_page(session, kept, "UPDATED", True, Slice(LARGEST_PAGE))
    return count_customers(session, kept), [view.id for view in page.rows]


async def _keep(context: Context, reads: Sequence[PersonalRead]) -> None:
    """Remember what an answer shows until it leaves; on a connection that stays open, put it on record at once."""
    if context.keeps:
        context.personal_reads += reads
    else:
        await _note(context, reads)


async def note_shown(context: Context) -> None:
    """Put on record, in one entry, what the request is about to show; an answer leaves only after that."""
    reads, context.personal_reads = context.personal_reads, []
    await _note(context, reads)


async def _note(context: Context, reads: Sequence[PersonalRead]) -> None:
    if reads:
        command = partial(note_personal_reads, context.services.database, reads, context.actor, context.now)
        await to_the_end(command)


async def declared_fields(info: Info) -> frozenset[str]:
    """Names of the fields that mappings marked as personal."""
    return await info.context.load(_declared, None) or frozenset()


def _declared(session: Session, keys: Sequence[None]) -> Mapping[None, frozenset[str]]:
    return dict.fromkeys(keys, personal_fields(session))
