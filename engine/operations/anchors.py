"""What the ledger says of runs: the root each was anchored with, and how much of it was taken away on purpose; and
how it vouches for words about a customer without repeating them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import canonical
from engine.operations.misfit import entries_of
from engine.store import NOBODY
from engine.store.rows import table_of
from engine.store.tables import CustomerRow
from engine.vocabulary import EntryKind


def anchored_roots(session: Session) -> dict[int, bytes]:
    """The root in each run's entry."""
    found: dict[int, bytes] = {}
    for body in _bodies(session, EntryKind.RUN):
        found[int(body["run"])] = bytes.fromhex(body["root"].removeprefix("sha256:"))
    return found


def missing_decisions(session: Session, stored: Mapping[int, int]) -> int:
    """How many decisions the entries of runs tell of beyond those stored.

    Args:
        stored: Rows of chunks by run.
    """
    told = {int(body["run"]): int(body["decided"]) for body in _bodies(session, EntryKind.RUN)}
    return sum(max(0, decided - stored.get(run, 0)) for run, decided in told.items())


def taken_away(session: Session) -> tuple[Counter[int], Counter[int]]:
    """By run, how many decisions were of erased persons, and how many were dropped by policy."""
    erased, dropped = Counter[int](), Counter[int]()
    for body in _bodies(session, EntryKind.ERASURE):
        for name, counted in (("erased", erased), ("dropped", dropped)):
            counted.update({int(run): int(count) for run, count in body.get(name, {}).items()})
    return erased, dropped


def dropped_beside(session: Session) -> set[tuple[int, int]]:
    """By shadow and run, what candidates decided that was dropped by policy."""
    names = [name for body in _bodies(session, EntryKind.ERASURE) for name in body.get("dropped_beside", {})]
    return {(int(shadow), int(run)) for shadow, _, run in (name.partition(":") for name in names)}


def salts_of(session: Session, customers: NDArray[np.int64]) -> dict[int, bytes]:
    """Salts by customer; of the rows of erased persons there are none."""
    present = customers[customers != NOBODY]
    if not len(present):
        return {}
    customer = table_of(CustomerRow)
    near = customer.c.id.between(int(present.min()), int(present.max()))
    return {number: bytes(salt) for number, salt in session.execute(select(customer.c.id, customer.c.salt).where(near))}


def said_digest(session: Session, customer_id: int, words: Sequence[str | None]) -> str:
    """A digest of what somebody wrote about a customer, salted with what goes when the customer is erased."""
    customer = table_of(CustomerRow).c
    salt = session.execute(select(customer.salt).where(customer.id == customer_id)).scalar_one()
    return digest_of_words(bytes(salt), words)


def digest_of_words(salt: bytes, words: Sequence[str | None]) -> str:
    """As `said_digest`, the salt known."""
    return f"sha256:{sha256(salt + canonical(list(words))).hexdigest()}"


def erased_customers(session: Session) -> set[int]:
    """Numbers of those who were erased."""
    return {int(body["customer"]) for body in _bodies(session, EntryKind.ERASURE) if "customer" in body}


def _bodies(session: Session, kind: EntryKind) -> list[dict[str, Any]]:
    return [entry["body"] for _, entry in entries_of(session, kind)]
