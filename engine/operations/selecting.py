"""Which stored decisions are meant: by id, by customer and date, or a sample."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import NotFoundError
from engine.operations.customers import customer_by_ref
from engine.store.reading import Kind, latest_decisions, read_number
from engine.store.rows import table_of
from engine.store.tables import DecisionRow, StandingRow
from engine.vocabulary import Text


def decision_of(session: Session, ref: str, as_of: datetime | None = None) -> int:
    """Row number of a customer's latest decision, at or before an instant.

    Raises:
        NotFoundError: No such customer, or it was not decided by then.
    """
    customer = customer_by_ref(session, ref)
    assert customer.id is not None
    found = latest_decisions(session, [customer.id], as_of, None).get(customer.id)
    if found is None:
        raise NotFoundError(
            Text(f"{ref} was not decided by then.", f"{ref} 在该时点之前没有决定。"),
            Text(
                "Run `touchstone decide` first, or ask for a later date.",
                "请先运行 `touchstone decide`，或查询更晚的日期。",
            ),
        )
    return found.id


def decision_numbers(session: Session, names: Sequence[str]) -> set[int]:
    """Row numbers of decisions named by id, and of every decision of customers named by ref.

    Raises:
        NotFoundError: A customer is not there.
        InputError: Neither an id nor a ref (BAD_ID).
    """
    numbers: set[int] = set()
    for name in names:
        if ":" in name:
            customer = customer_by_ref(session, name)
            query = select(DecisionRow.id).where(DecisionRow.customer_id == customer.id)  # type: ignore[call-overload]
            numbers.update(session.execute(query).scalars())
        else:
            numbers.add(read_number(name, Kind.DECISION))
    return numbers


def decision_ids_of_sample(session: Session, count: int, as_of: datetime | None = None) -> list[int]:
    """Row numbers of the latest decisions of evenly spread customers, both markets and every tier in turn."""
    groups: dict[tuple[str, str], list[int]] = {}
    for number, market, tier in _latest(session, as_of):
        groups.setdefault((market, tier or ""), []).append(number)
    if not groups:
        raise NotFoundError(
            Text("Nobody has been decided yet.", "尚无任何决定。"),
            Text("Run `touchstone decide` first.", "请先运行 `touchstone decide`。"),
        )
    return _in_turn([groups[key] for key in sorted(groups)], count)


def _latest(session: Session, as_of: datetime | None) -> list[tuple[int, str, str | None]]:
    """Row number, market and effective tier of every customer's latest decision, by customer."""
    if as_of is None:
        standing = table_of(StandingRow)
        newest = select(standing.c.decision_id, standing.c.market, standing.c.effective).order_by(
            standing.c.customer_id
        )
        return [(number, market, tier) for number, market, tier in session.execute(newest)]
    decision = table_of(DecisionRow)
    wanted = (decision.c.customer_id, decision.c.id, decision.c.market, decision.c.effective)
    query = select(*wanted).where(decision.c.as_of <= as_of).order_by(decision.c.customer_id, decision.c.as_of)
    latest = {customer: (number, market, tier) for customer, number, market, tier in session.execute(query)}
    return list(latest.values())


def _in_turn(groups: list[list[int]], count: int) -> list[int]:
    """Take from each group in turn, spread over the group, until there are enough."""
    share = -(-count // len(groups))
    spread = [group[:: max(1, len(group) // share)] for group in groups]
    taken: list[int] = []
    for place in range(max(map(len, spread))):
        taken += [group[place] for group in spread if place < len(group)]
    return taken[:count]
