"""Who is erased: every word by which others may know the person."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.intake import shortened
from engine.operations.customers import customer_by_ref
from engine.store import locate_all
from engine.store.rows import table_of
from engine.store.tables import IdentityRow, RecordRow

_PARTS: Final = re.compile(r"""[,;|\t"'{}\[\]]+""")
"""What stands between the cells of a row that could not be cut into cells."""
_SHORTEST: Final = 4
"""Characters of a word that is looked for inside others; a shorter one would be found by chance."""


@dataclass(frozen=True)
class Person:
    """A customer and its names.

    Attributes:
        refs: All identities, `source:key`.
        records: Keys of its records in their sources.
        decisions: Numbers of all its decisions, dropped ones too.
    """

    id: int
    salt: bytes
    name: str | None
    refs: tuple[str, ...]
    records: tuple[str, ...]
    decisions: tuple[int, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The refs without their sources."""
        return tuple(ref.split(":", 1)[-1] for ref in self.refs)

    @cached_property
    def _words(self) -> frozenset[str]:
        named = [] if self.name is None else [self.name]
        words = (*self.refs, *self.keys, *self.records, *named)
        return frozenset(one for word in words for one in (word.casefold(), shortened(word).casefold()))

    def is_shown_by(self, value: str) -> bool:
        """Whether a cell, or a row of cells, is one of the person's names or keys."""
        parts = (part.strip() for part in _PARTS.split(value.casefold()))
        return value.casefold() in self._words or any(part in self._words for part in parts)

    def is_named_in(self, text: str) -> bool:
        """Whether a text has one of the names or keys in it."""
        within = text.casefold()
        return within in self._words or any(word in within for word in self._words if len(word) >= _SHORTEST)


def person_by_ref(session: Session, ref: str) -> Person:
    """A customer with all its names.

    Raises:
        NotFoundError: There is no such customer.
    """
    customer = customer_by_ref(session, ref)
    assert customer.id is not None
    decisions = locate_all(session, [customer.id], dropped=True)[customer.id]
    return Person(
        id=customer.id,
        salt=bytes(customer.salt),
        name=customer.name,
        refs=_all(session, IdentityRow, "ref", customer.id, [customer.ref]),
        records=_all(session, RecordRow, "key", customer.id),
        decisions=tuple(number for number, _ in decisions),
    )


def _all(
    session: Session, row: type[IdentityRow | RecordRow], column: str, customer: int, further: Iterable[str] = ()
) -> tuple[str, ...]:
    table = table_of(row)
    found = session.execute(select(table.c[column]).where(table.c.customer_id == customer)).scalars()
    return tuple(sorted({*found, *further}))
