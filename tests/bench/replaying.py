"""100,000 stored decisions made again and compared."""

from __future__ import annotations

from tests.bench.filled import decided
from tests.bench.measure import Measured
from tests.bench.stored import CUSTOMERS, seconds_to_replay


def measure() -> Measured:
    """Seconds to replay one run, its root and every standing."""
    with decided(CUSTOMERS) as database:
        seconds = seconds_to_replay(database, CUSTOMERS)
    detail = f"{CUSTOMERS / seconds:,.0f} decisions/s, the run's root and every standing compared too"
    return Measured(f"{CUSTOMERS:,} decisions replayed", round(seconds, 2), "s", 5, False, detail)
