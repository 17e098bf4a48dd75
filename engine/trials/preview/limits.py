"""Guardrails: whether a candidate moves more customers than the rule book allows without a second look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.rulebook import Guardrail
from engine.trials.preview.sides import Pair
from engine.vocabulary import SHARE_SCALE, Market

_SHARE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Judged:
    """What a preview found of one guardrail.

    Attributes:
        market: A tier belongs to a market; None: the whole base is judged.
        moved, customers: How many of how many count.
    """

    guardrail: Guardrail
    market: Market | None
    moved: int
    customers: int

    @property
    def limit(self) -> Decimal:
        """The share that may move, 0 to 1."""
        return Decimal(self.guardrail.limit) / SHARE_SCALE

    @property
    def found(self) -> Decimal:
        """The share that moves, 0 to 1."""
        return (Decimal(self.moved) / self.customers).quantize(_SHARE) if self.customers else Decimal(0)

    @property
    def crossed(self) -> bool:
        """More move than may, exactly."""
        return self.moved * SHARE_SCALE > self.guardrail.limit * self.customers


def judge(guardrails: Sequence[Guardrail], pairs: Sequence[Pair]) -> tuple[Judged, ...]:
    """Every guardrail judged; one about a tier in each market that has the tier, so that a large market hides none."""
    found = []
    for guardrail in guardrails:
        if guardrail.tier is None:
            moved = sum(int(pair.moved.sum()) for pair in pairs)
            found.append(Judged(guardrail, None, moved, sum(map(len, pairs))))
            continue
        for pair in pairs:
            if guardrail.tier in pair.keys:
                of_tier = pair.before == pair.keys.index(guardrail.tier)
                down = int((of_tier & pair.worse).sum())
                found.append(Judged(guardrail, pair.market, down, int(of_tier.sum())))
    return tuple(found)
