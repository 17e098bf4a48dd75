"""Division of whole numbers with half to even, exact, for one and for many."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_EXACT_NUMERATOR: Final = 2**53
_EXACT_DENOMINATOR: Final = 2**30
_EXACT_QUOTIENT: Final = 2**21


def half_even(numerator: int, denominator: int) -> int:
    """The whole number nearest to numerator / denominator, half to even.

    Args:
        denominator: Above 0.

    >>> half_even(5, 2), half_even(7, 2), half_even(-5, 2), half_even(-7, 3)
    (2, 4, -2, -2)
    """
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1))


def doubles_are_exact(numerator: int, denominator: int, quotient: int) -> bool:
    """Whether `rint(numerator / denominator)` in doubles is exact, given the greatest absolute values.

    The division is rounded once. A quotient that is no half is at least 1 / (2 · denominator) away from
    the nearest one, i.e. 2**-31 here, and the error of a quotient below 2**21 is at most 2**-33: it never
    becomes a half, and never crosses one because rounding is monotone.
    """
    return numerator <= _EXACT_NUMERATOR and denominator <= _EXACT_DENOMINATOR and quotient <= _EXACT_QUOTIENT


def half_even_many(numerators: NDArray[np.int64], denominators: NDArray[np.int64] | int) -> NDArray[np.int64]:
    """`half_even` in 64-bit whole numbers; twice every denominator must fit.

    >>> half_even_many(np.array([5, 7, -5]), 2).tolist()
    [2, 4, -2]
    """
    quotients, rests = np.divmod(numerators, denominators)
    rests *= 2
    up = rests > denominators
    up |= (rests == denominators) & ((quotients & 1) == 1)
    quotients += up
    return quotients
