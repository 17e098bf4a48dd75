"""What is stored and not as the ledger says, and reading what the ledger says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.operations.entry_shapes import unsaid
from engine.store.rows import table_of
from engine.store.tables import LedgerRow
from engine.vocabulary import EntryKind, Text

_BATCH: Final = 2_000


@dataclass(frozen=True, slots=True)
class Misfit:
    """Something stored that is not as the ledger says.

    Attributes:
        position: The entry that says otherwise; None: the ledger has none about it.
    """

    position: int | None
    text: Text


def entries_of(session: Session, *kinds: EntryKind, holding: str = "") -> list[tuple[int, Mapping[str, Any]]]:
    """Entries with their positions, in order, that say what one of their kind says; the others are `unsaid_misfits`.

    What cannot be read is the chain's business.

    Args:
        holding: Only those with this text; of kinds with very many entries not all are read at once.
    """
    entry = table_of(LedgerRow).c
    names = [kind.value for kind in kinds]
    query = select(entry.position, entry.body).where(entry.kind.in_(names), entry.body.contains(holding))
    query = query.order_by(entry.position)
    read = ((position, orjson.loads(body)) for position, body in session.execute(query))
    return [(position, said) for position, said in read if unsaid(position, said) is None]


def unsaid_misfits(session: Session) -> Iterator[Misfit]:
    """Entries that do not say what one of their kind says, whatever the kind."""
    entry, last = table_of(LedgerRow).c, 0
    query = select(entry.position, entry.body).order_by(entry.position).limit(_BATCH)
    while batch := session.execute(query.where(entry.position > last)).all():  # not all in memory at once
        for position, body in batch:
            text = unsaid(position, orjson.loads(body))
            if text is not None:
                yield Misfit(position, text)
        last = batch[-1][0]


def differences(
    position: int, name: tuple[str, str], said: Mapping[str, Any], found: Mapping[str, Any]
) -> Iterator[Misfit]:
    """One misfit that names whatever differs, if anything does.

    Args:
        name: Of the thing, in English and Chinese.
        said: What the entry says, by name; `found` may hold more.
    """
    wrong = [key for key, value in said.items() if found[key] != value]
    if wrong:
        told_wrong = ", ".join(wrong)
        yield Misfit(
            position,
            Text(
                f"{_upper(name[0])} is not as its entry says: {told_wrong}.",
                f"{name[1]}与其账本记录不符：{told_wrong}。",
            ),
        )


def compared(
    said: Mapping[Any, tuple[int, Mapping[str, Any]]],
    stored: Mapping[Any, Mapping[str, Any]],
    name: Callable[[Any], tuple[str, str]],
) -> Iterator[Misfit]:
    """Things that differ, that are not stored any more, and that the ledger knows nothing of.

    Args:
        said: By what names a thing, the last entry about it and what that says.
        stored: By the same, what is stored; keys can be ordered.
        name: Of a thing, in English and Chinese.
    """
    for key, (position, wanted) in said.items():
        if key in stored:
            yield from differences(position, name(key), wanted, stored[key])
        else:
            yield gone(position, name(key))
    yield from (without_entry(name(key)) for key in sorted(stored.keys() - said.keys()))


def gone(position: int, name: tuple[str, str]) -> Misfit:
    """A thing with an entry that is not stored any more."""
    return Misfit(position, Text(f"{_upper(name[0])} is not there any more.", f"{name[1]}已不存在。"))


def never_begun(position: int, name: tuple[str, str]) -> Misfit:
    """An entry that goes on with a thing of which no entry before tells the beginning."""
    return Misfit(
        position,
        Text(
            f"Entry {position} goes on with {name[0]}, and no entry before it says how that began.",
            f"第 {position} 条是{name[1]}的后续，此前却没有说明其开始的记录。",
        ),
    )


def without_entry(name: tuple[str, str]) -> Misfit:
    """A stored thing of which the ledger knows nothing."""
    return Misfit(None, Text(f"The ledger has no entry of {name[0]}.", f"账本中没有{name[1]}的记录。"))


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]
