"""Whether a tier set by hand needs a second person, and whether its reason is one of the book's."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import UserProblem, UserProblemsError
from engine.rulebook import Book
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, StandingRow
from engine.vocabulary import Market, Text

TIERS_APART = "TIERS_APART"
BEST_TIER = "BEST_TIER"
VALUE = "VALUE"
"""Why a second person is needed, as ledger entries say it."""

_WHY: Final = {
    TIERS_APART: Text("it lies far from the computed tier", "与计算等级相差较大"),
    BEST_TIER: Text("it lifts somebody into the best tier", "升入最高等级"),
    VALUE: Text("the customer's value is high or unknown", "客户价值高或未知"),
}


def why_text(why: str) -> Text:
    """Why a second person is needed, in words.

    >>> why_text("BEST_TIER").en
    'it lifts somebody into the best tier'
    """
    return _WHY.get(why, Text(why, why))


def computed_tier(session: Session, customer_id: int) -> tuple[str | None, str | None]:
    """The tier the latest decision computed, and the rule that gave it; None: there is none."""
    standing = table_of(StandingRow).c
    query = select(standing.market, standing.computed, standing.forced).where(standing.customer_id == customer_id)
    found = session.execute(query).one_or_none()
    return (None, None) if found is None else (found.computed, rule_of(*found))


def rule_of(market: str, computed: str | None, forced: str | None) -> str | None:
    """The rule that gave a computed tier, as `rules health` names it: a force rule, or the tier's own line.

    >>> rule_of("B2B", "A", None), rule_of("B2C", "D", "fraud"), rule_of("B2C", None, None)
    ('b2b.tiers.A', 'b2c.force.fraud', None)
    """
    if computed is None:
        return None
    return f"{market.lower()}.tiers.{computed}" if forced is None else f"{market.lower()}.force.{forced}"


def why_second(session: Session, book: Book, customer: CustomerRow, tier: str) -> list[str]:
    """Why somebody else has to agree to this tier; empty: nobody has to.

    A lifetime value that is unknown cannot be shown to be below the limit, so it asks for the second person too. Who
    has no computed tier stands one below the last.
    """
    rule = None if book.overrides is None else book.overrides.second_approver
    if rule is None:
        return []
    standing = table_of(StandingRow).c
    found = session.execute(
        select(standing.computed, standing.clv).where(standing.customer_id == customer.id)
    ).one_or_none()
    computed, value = (None, None) if found is None else found
    keys = [one.key for one in book.markets[Market(customer.market)].tiers]
    place, was = keys.index(tier), keys.index(computed) if computed in keys else len(keys)
    why = []
    if abs(place - was) >= rule.tiers_apart:
        why.append(TIERS_APART)
    if rule.best_tier and place == 0 and was != 0:
        why.append(BEST_TIER)
    if rule.value_above is not None and (value is None or value > rule.value_above):
        why.append(VALUE)
    return why


def check_reason(book: Book, reason: str) -> None:
    """Refuse a reason that is none of the book's, where it declares reasons.

    Raises:
        UserProblemsError: INVALID, about `reason`.
    """
    if book.overrides is None or not book.overrides.reasons or reason in book.overrides.reasons:
        return
    codes = book.overrides.reasons
    message = Text(f"There is no reason {reason!r}.", f"没有原因代码 {reason!r}。")
    hint = Text(
        f"Reasons are {', '.join(codes)}; say more in the note.",
        f"可用的原因代码：{'、'.join(codes)}；其余说明请写在备注中。",
    )
    raise UserProblemsError([UserProblem("INVALID", message, ("reason",), hint)])
