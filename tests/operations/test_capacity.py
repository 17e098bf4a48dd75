"""Capacity is a day's: over runs, over markets, and the same decisions replay with the room they found."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import text

from engine.operations.publishing import publish
from engine.store import Database
from tests.operations.checks import check_everything
from tests.operations.shop import READERS, SILENT, consent, count, day, decide_at, record, rules

TOLD = "select c.ref, d.state, d.suppressed_by from dispatch d join customer c on c.id = d.customer_id "


def _sent(database: Database, campaign: str, number: int) -> list[str]:
    """Refs of those a campaign dispatches to on a day, in the order of ids."""
    chosen = (
        f"where d.campaign = '{campaign}' and d.as_of_day = {20_513 + number} and d.state = 'PENDING' order by c.id"
    )
    with database.read() as session:
        return [row.ref for row in session.execute(text(TOLD + chosen))]


def test_named_runs_of_one_day_share_its_capacity(crowded: Database) -> None:
    decide_at(crowded, 0.1, READERS[4:7])
    decide_at(crowded, 0.2, READERS[:4])
    decide_at(crowded, 0.2, READERS[7:8])
    assert _sent(crowded, "news", 0) == [READERS[0], *READERS[4:7]]
    assert count(crowded, "dispatch", "suppressed_by = 'CAPACITY'") == 4
    decide_at(crowded, 0.9)
    assert len(_sent(crowded, "news", 0)) == 4
    check_everything(crowded)


def test_the_next_day_has_room_again(crowded: Database) -> None:
    decide_at(crowded, 0.9, READERS)
    decide_at(crowded, 1, READERS)
    assert (_sent(crowded, "news", 0), _sent(crowded, "news", 1)) == (READERS[:4], READERS[4:8])


def test_days_are_those_of_the_books_zone(crowded: Database) -> None:
    """Before and after midnight in UTC, on one day of Shanghai."""
    decide_at(crowded, 0.30, READERS[:4])
    decide_at(crowded, 0.70, READERS[4:8])
    assert (_sent(crowded, "news", 0), _sent(crowded, "news", 1)) == (READERS[:4], [])


def test_an_owner_gets_so_many_a_day(crowded: Database) -> None:
    decide_at(crowded, 0.1, SILENT[4:])
    decide_at(crowded, 0.2, SILENT[:4])
    with crowded.read() as session:
        rows = session.execute(
            text(
                "select c.owner from dispatch d join customer c on c.id = d.customer_id "
                "where d.campaign = 'save' and d.state = 'PENDING' and c.ref like 'shop:S-%'"
            )
        )
        assert Counter(rows.scalars()) == {"lead-a": 3, "lead-b": 3, None: 1}


def test_markets_share_a_campaigns_capacity(crowded: Database) -> None:
    publish(crowded, rules(campaigns=("per_day: 4", "per_day: 2")), "crm-ops", "two a day", day(-1))
    companies = [f"shop:B-{number:04}" for number in range(3)]
    record(crowded, [consent(ref, -3) for ref in companies], day(-1))
    decide_at(crowded, 0, [*READERS, companies[0]])
    assert _sent(crowded, "news", 0) == [companies[0], READERS[0]]


def test_who_was_held_back_for_other_reasons_takes_no_room(crowded: Database) -> None:
    record(crowded, [consent(ref, -2, "withdrawn", 1) for ref in READERS[:3]], day(-1))
    decide_at(crowded, 0, READERS)
    assert _sent(crowded, "news", 0) == READERS[3:7]
