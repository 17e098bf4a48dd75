"""What a review asks in a few words; the customer's name stands behind the colon, where it can be masked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.operations.doubts import Why
from engine.store.rows import table_of
from engine.store.tables import CustomerRow
from engine.vocabulary import Text

_AT_ONCE: Final = 500

_TITLES: Final[Mapping[Why, Callable[[str], Text]]] = {
    Why.MISSING_DATA: lambda tier: Text(f"Missing data keep tier {tier}", f"因数据缺失保持等级 {tier}"),
    Why.NEAR_THRESHOLD: lambda tier: Text(f"Score close to the start of tier {tier}", f"得分接近等级 {tier} 的门槛"),
    Why.GUARDRAIL: lambda tier: Text(f"Moved to tier {tier}, beyond a guardrail", f"变为等级 {tier}，越过护栏"),
}


def titles_of(session: Session, customers: Sequence[int], reasons: Sequence[Why], tiers: Sequence[str]) -> list[Text]:
    """A title for each review; (reviews,) each."""
    names = _names(session, customers)
    asked = [_TITLES[reason](tier) for reason, tier in zip(reasons, tiers, strict=True)]
    return [
        Text(f"{title.en}: {names[number]}", f"{title.zh}：{names[number]}")
        for title, number in zip(asked, customers, strict=True)
    ]


def _names(session: Session, customers: Sequence[int]) -> dict[int, str]:
    """Names by customer, the ref where there is none."""
    row = table_of(CustomerRow).c
    found: dict[int, str] = {}
    for start in range(0, len(customers), _AT_ONCE):
        query = select(row.id, row.name, row.ref).where(row.id.in_(customers[start : start + _AT_ONCE]))
        found.update((number, name or ref) for number, name, ref in session.execute(query))
    return found
