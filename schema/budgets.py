"""What an actor may ask for over time: a leaky bucket of rows, filled by each operation's cost, emptied steadily.

Kept in this process: another process has its own, and a restart begins anew.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from engine.access import Caller
from engine.errors import TouchstoneError
from engine.vocabulary import Text

ROWS: Final = 200_000
"""Ten of the dearest operations at once."""
ROWS_PER_SECOND: Final = 20_000
MOST_ACTORS: Final = 10_000
"""Beyond that the one who asked longest ago begins anew."""


class OverBudgetError(TouchstoneError):
    """An operation for which the budget does not suffice now."""

    code = "LIMIT_RATE"

    def __init__(self, rows: int, remaining: int, retry_after: int) -> None:
        super().__init__(
            Text(
                f"The operation counts as {rows:,} rows; {remaining:,} are left of the budget.",
                f"该操作计为 {rows:,} 行，预算仅剩 {remaining:,} 行。",
            ),
            Text(
                f"Try again in {retry_after} s, or ask for less; `extensions.cost` of every answer tells what is left.",
                f"请在 {retry_after} 秒后重试，或减少查询内容；每个响应的 `extensions.cost` 给出剩余预算。",
            ),
        )
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Standing:
    """Source of `Budget`.

    Attributes:
        limit, remaining: Rows.
        restored: Rows per second.
    """

    limit: int
    remaining: int
    restored: int

    def told(self, requested: int) -> dict[str, Any]:
        """`extensions` of an answer to an operation that counts as so many rows."""
        left = {"limit": self.limit, "remaining": self.remaining, "restored": self.restored}
        return {"cost": {"requested": requested, **left}}


@dataclass(slots=True)
class Budgets:
    """The buckets of all actors; those nobody has to prove anything to share one.

    Attributes:
        limit: Rows a bucket holds.
        restored: Rows per second that leave it.
        clock: Seconds that never go back.
    """

    limit: int = ROWS
    restored: int = ROWS_PER_SECOND
    clock: Callable[[], float] = time.monotonic
    _levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def standing(self, caller: Caller) -> Standing:
        """What is left to a caller."""
        return self._standing(self._level(_name(caller)))

    def take(self, caller: Caller, rows: int) -> Standing:
        """Take what an operation costs; gives what is left then.

        Raises:
            OverBudgetError: It is not there now; nothing is taken.
        """
        name = _name(caller)
        level = self._level(name)
        over = level + rows - self.limit
        if over > 0:
            wait = max(1, math.ceil(over / self.restored))
            raise OverBudgetError(rows, self._standing(level).remaining, wait)
        self._levels[name] = (level + rows, self.clock())
        self._levels.move_to_end(name)
        while len(self._levels) > MOST_ACTORS:
            self._levels.popitem(last=False)
        return self._standing(level + rows)

    def _level(self, name: str) -> float:
        """Rows in the bucket now."""
        level, at = self._levels.get(name, (0.0, 0.0))
        return max(0.0, level - max(0.0, self.clock() - at) * self.restored)

    def _standing(self, level: float) -> Standing:
        return Standing(self.limit, math.floor(self.limit - level), self.restored)


def _name(caller: Caller) -> str:
    """Whose bucket it is; a name is never empty."""
    return "" if caller.local else caller.name
