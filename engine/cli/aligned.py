"""Lines of columns that stand under each other, and shares for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from engine.cli.excerpt import width


def percent(share: Decimal) -> str:
    """A share as percent, with one digit behind the point.

    >>> percent(Decimal("0.0819"))
    '8.2%'
    """
    shown = f"{share * 100:.1f}"
    return f"{shown.removesuffix('.0')}%"


def aligned(rows: Sequence[tuple[str, ...]], left: Sequence[int] = ()) -> Iterator[str]:
    """Rows indented, numbers to the right; Chinese characters take two columns."""
    widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = []
        for column, cell in enumerate(row):
            blanks = " " * (widths[column] - width(cell))
            cells.append(cell + blanks if column in left else blanks + cell)
        yield ("  " + "  ".join(cells)).rstrip()
