"""Which stored decisions are meant: by id, by customer and date, or a sample."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from engine.errors import NotFoundError
from engine.operations.customers import customer_by_ref
from engine.store import Window, locate_all, read_customers, read_standings
from engine.store.reading import Kind, latest_decision_ids, read_number
from engine.store.tables import to_microseconds
from engine.vocabulary import Text


def decision_of(session: Session, ref: str, as_of: datetime | None = None, as_known_at: datetime | None = None) -> int:
    """Row number of a customer's latest decision, at or before an instant.

    Args:
        as_known_at: Of those that had been made by then; None: of all.

    Raises:
        NotFoundError: No such customer, or it was not decided by then.
    """
    customer = customer_by_ref(session, ref)
    assert customer.id is not None
    found = latest_decision_ids(session, [customer.id], as_of, as_known_at).get(customer.id)
    if found is None:
        raise NotFoundError(
            Text(f"{ref} was not decided by then.", f"{ref} 在该时点之前没有决定。"),
            Text(
                "Run `touchstone decide` first, or ask for a later date.",
                "请先运行 `touchstone decide`，或查询更晚的日期。",
            ),
        )
    return found[0]


def named_decision(
    session: Session, name: str, as_of: datetime | None = None, as_known_at: datetime | None = None
) -> int:
    """Row number of the decision with this id, or of the customer with this ref as of `decision_of`.

    Raises:
        NotFoundError: No such customer, or it was not decided by then.
        InputError: It begins like an id and is none (BAD_ID).
    """
    if ":" not in name and name.startswith("dec_"):
        return read_number(name, Kind.DECISION)
    return decision_of(session, name, as_of, as_known_at)


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
            assert customer.id is not None
            numbers.update(number for number, _ in locate_all(session, [customer.id])[customer.id])
        else:
            numbers.add(read_number(name, Kind.DECISION))
    return numbers


def decision_ids_of_sample(
    session: Session, count: int, as_of: datetime | None = None, as_known_at: datetime | None = None
) -> list[int]:
    """Row numbers of the latest decisions of evenly spread customers, both markets and every tier in turn.

    Args:
        as_of, as_known_at: As of `decision_of`.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for number, market, tier in _latest(session, as_of, as_known_at):
        groups.setdefault((market, tier or ""), []).append(number)
    if not groups:
        raise NotFoundError(
            Text("Nobody has been decided yet.", "尚无任何决定。"),
            Text("Run `touchstone decide` first.", "请先运行 `touchstone decide`。"),
        )
    return _in_turn([groups[key] for key in sorted(groups)], count)


def _latest(
    session: Session, as_of: datetime | None, as_known_at: datetime | None
) -> list[tuple[int, str, str | None]]:
    """Number, market and effective tier of every customer's latest decision, by customer."""
    window = Window(*(None if one is None else to_microseconds(one) for one in (as_of, as_known_at)))
    found = read_standings(session, read_customers(session).ids, ("market", "effective"), window)
    markets, tiers = (found.columns[name].listed() for name in ("market", "effective"))
    rows = zip(found.located.numbers.tolist(), markets, tiers, strict=True)
    return [(number, market, tier) for number, market, tier in rows if number >= 0]


def _in_turn(groups: list[list[int]], count: int) -> list[int]:
    """Take from each group in turn, spread over the group, until there are enough."""
    share = -(-count // len(groups))
    spread = [group[:: max(1, len(group) // share)] for group in groups]
    taken: list[int] = []
    for place in range(max(map(len, spread))):
        taken += [group[place] for group in spread if place < len(group)]
    return taken[:count]
