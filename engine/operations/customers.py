"""Finding a customer by one of its names outside."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import NotFoundError
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, IdentityRow
from engine.vocabulary import Text

_SHORTEST: Final = 4
"""Characters of a key that is looked for in a sentence; a shorter one would be found by chance."""


def find_customer(session: Session, ref: str) -> CustomerRow | None:
    """The customer with this identity (`source:key`), or None."""
    identity = session.get(IdentityRow, ref)
    return None if identity is None else session.get(CustomerRow, identity.customer_id)


def customer_by_ref(session: Session, ref: str) -> CustomerRow:
    """The customer with this identity (`source:key`).

    Raises:
        NotFoundError: There is none; the hint names a ref that begins alike.
    """
    customer = find_customer(session, ref)
    if customer is not None:
        return customer
    near = _near(session, ref)
    raise NotFoundError(
        Text(f"There is no customer {ref}.", f"没有客户 {ref}。"),
        Text(f"Did you mean {near}?", f"是否指 {near}？")
        if near
        else Text(
            "A reference is `source:key`, as imported, e.g. demo:B-0007.",
            "客户标识的形式是“来源:编号”，例如 demo:B-0007。",
        ),
    )


def without_names(session: Session, customer_id: int, text: str) -> str:
    """A text for the ledger, which is for ever: a customer's refs, keys and name become `customer:<number>`."""
    customer = session.get(CustomerRow, customer_id)
    assert customer is not None
    identity = table_of(IdentityRow)
    refs = session.execute(select(identity.c.ref).where(identity.c.customer_id == customer_id)).scalars()
    words = {*refs, customer.ref}
    words |= {key for key in (ref.split(":", 1)[-1] for ref in words) if len(key) >= _SHORTEST}
    words |= {customer.name} if customer.name and len(customer.name) > 1 else set()
    for word in sorted(words, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)" if word.isascii() else re.escape(word),
                      f"customer:{customer_id}", text, flags=re.IGNORECASE)  # fmt: skip
    return text


def _near(session: Session, ref: str) -> str | None:
    """The same key under another source or in another case."""
    key = ref.split(":", 1)[-1]
    lowered = key.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    query = select(IdentityRow.ref).where(IdentityRow.ref.ilike(f"%:{lowered}", escape="\\"))  # type: ignore[attr-defined,call-overload]
    found: str | None = session.execute(query.limit(1)).scalars().first()
    return found
