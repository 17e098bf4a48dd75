"""Which edit moves whom: each portion of the edits decided by itself, beside all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.rulebook import Edit
from engine.trials.preview.movers import Mover
from engine.trials.preview.sides import Codes, Flags, Pair
from engine.vocabulary import Market


@dataclass(frozen=True)
class Impact:
    """What one portion of the edits does by itself.

    Attributes:
        edits: The edit it is told by, then those it cannot stand without.
        moved: Customers whose effective tier it alone changes.
        contacts: Contacts in one run more (or, negative, fewer) than by the live book.
        after: By market (customers,) the effective tiers with it alone, by the codes of the pair. Empty when
            nothing was decided.
    """

    edits: tuple[Edit, ...]
    moved: int
    contacts: int
    after: Mapping[Market, Codes]

    def explains(self, mover: Mover) -> bool:
        """It alone moves the customer to where all edits together do."""
        codes = self.after.get(mover.market)
        return codes is not None and bool(codes[mover.row] == mover.pair.after[mover.row])


@dataclass(frozen=True)
class Attribution:
    """All portions; what they move one by one, with `interaction`, sums to what they move together.

    Attributes:
        too_many: So many edits that none was tried alone; 0: they were.
    """

    impacts: tuple[Impact, ...]
    interaction: int
    too_many: int = 0


def moved_by(pairs: Sequence[Pair], after: Mapping[Market, Codes]) -> int:
    """Customers whose tier differs from the live book's."""
    return sum(int(_moved(pair, after).sum()) for pair in pairs)


def _moved(pair: Pair, after: Mapping[Market, Codes]) -> Flags:
    codes = after.get(pair.market)
    found: Flags = pair.before != (np.full(len(pair), pair.unrated, np.int16) if codes is None else codes)
    return found


def attributed(impacts: Sequence[Impact], moved: int) -> Attribution:
    """Impacts with their interaction.

    Args:
        moved: Customers moved by all edits together.
    """
    return Attribution(tuple(impacts), moved - sum(impact.moved for impact in impacts))
