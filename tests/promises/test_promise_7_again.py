"""Promise 7: the same run again writes nothing and sends nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from engine.operations.deciding import decide
from engine.operations.dispatching import LEASE, deliver_pending
from engine.store import Database
from tests.operations.life import Life
from tests.operations.shop import READERS, contents, count, day, decide_at

MANY = [pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 30)]


def delivered(database: Database, at: float, lines: list[str]) -> int:
    """Hand over what is due, a lease later than anybody else could still be at it."""
    return deliver_pending(database, day(at) + 2 * LEASE, lines.append).total


@pytest.mark.parametrize("seed", [0, 1, *MANY])
def test_deciding_and_delivering_again_changes_and_sends_nothing(crowded: Database, seed: int) -> None:
    """At whatever point of a life by chance: everybody, some of them, the latest run's instant, much later."""
    life, lines = Life(crowded, 200 + seed), list[str]()
    life.people += READERS
    decide_at(crowded, 0)
    sent = delivered(crowded, 0.5, lines)
    for _ in range(3):
        for _ in range(4):
            life.happen()
        life.now += 1.4
        first = decide_at(crowded, life.now)
        assert first.decided == len(set(life.people)) + count_of_others(crowded, life)
        sent += delivered(crowded, life.now + 0.5, lines)
        known, told = contents(crowded), list(lines)
        for later in (timedelta(seconds=1), timedelta(days=2)):
            again = decide(crowded, None, day(life.now), "schedule", day(life.now) + later)
            named = decide(
                crowded, life.chance.sample(life.people, 5), day(life.now), "somebody", day(life.now) + later
            )
            assert (again.run_id, again.decided, named.run_id, named.decided) == (None, 0, None, 0)
            assert deliver_pending(crowded, day(life.now + 0.5) + later + 2 * LEASE, lines.append).total == 0
        assert contents(crowded) == known
        assert lines == told
        life.now += 0.6
    assert sent == count(crowded, "dispatch", "state = 'SENT'")
    assert len(lines) == len(lines_by_dispatch(crowded)) > 0


def count_of_others(database: Database, life: Life) -> int:
    """Customers that the life does not know of."""
    return count(database, "customer") - len(set(life.people))


def lines_by_dispatch(database: Database) -> list[int]:
    """Dispatches that were printed, each once."""
    with database.read() as session:
        query = "select id from dispatch where state = 'SENT' and channel <> 'owner_task'"
        return list(session.execute(text(query)).scalars())
