"""Curves and bins, for one number and for arrays: exact whole numbers, in doubles where provably the same."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.expressions.rounding import doubles_are_exact, half_even, half_even_many
from engine.expressions.tree import Bins, Curve


def curve_points(node: Curve, value: int) -> int:
    """Points of a curve in 0.0001, exact in whole numbers.

    >>> from engine.expressions.tree import Name
    >>> from engine.vocabulary import Unit
    >>> curve_points(Curve(Name("n", Unit.COUNT), (0, 2), (2, 1)), 1)
    2
    """
    xs, ys = node.xs, node.ys
    x = min(max(value, xs[0]), xs[-1])
    last = len(xs) - 2
    i = min(bisect_right(xs, x) - 1, last)
    if last < 0:
        return ys[0]
    width = xs[i + 1] - xs[i]
    return half_even(ys[i] * width + (ys[i + 1] - ys[i]) * (x - xs[i]), width)


def bin_points(node: Bins, value: int) -> int:
    """Points of the interval a value lies in.

    >>> from engine.expressions.tree import Name
    >>> from engine.vocabulary import Unit
    >>> bin_points(Bins(Name("n", Unit.COUNT), (1, 31), (100, 70, 30)), 31)
    30
    """
    return node.ys[bisect_right(node.edges, value)]


def points_of(node: Curve | Bins, values: NDArray[np.int64], out: NDArray[np.int32]) -> None:
    """Points in 0.0001 of stored numbers, written to `out`, (customers,)."""
    if isinstance(node, Bins):
        np.take(np.array(node.ys, np.int32), _interval(node.edges, values), out=out, mode="clip")
    elif len(node.xs) == 1:
        out[:] = node.ys[0]
    else:
        out[:] = _curve(_lines(node), values)


@dataclass(frozen=True, slots=True)
class _Lines:
    """A curve as straight lines (slope * x + shift) / width, one per segment."""

    xs: tuple[int, ...]
    slopes: NDArray[Any]
    shifts: NDArray[Any]
    widths: NDArray[Any]
    starts: NDArray[np.int64]
    exact: bool


@lru_cache(maxsize=1_024)
def _lines(node: Curve) -> _Lines:
    pairs = list(zip(node.xs, node.ys, strict=True))
    segments = list(pairwise(pairs))
    widths = [b[0] - a[0] for a, b in segments]
    slopes = [b[1] - a[1] for a, b in segments]
    # In doubles everything is taken from zero, in whole numbers from the segment's start (smaller products).
    from_zero = [a[1] * width - slope * a[0] for (a, _), width, slope in zip(segments, widths, slopes, strict=True)]
    largest = max(
        max(abs(slope * a[0]), abs(slope * b[0])) + abs(shift)
        for (a, b), slope, shift in zip(segments, slopes, from_zero, strict=True)
    )
    exact = doubles_are_exact(max(largest, abs(node.xs[0]), abs(node.xs[-1])), max(widths), max(map(abs, node.ys)))
    kind = np.float64 if exact else np.int64
    shifts = from_zero if exact else [a[1] * width for (a, _), width in zip(segments, widths, strict=True)]
    return _Lines(
        node.xs,
        np.array(slopes, kind),
        np.array(shifts, kind),
        np.array(widths, kind),
        np.array([a[0] for a, _ in segments], np.int64),
        exact,
    )


def _curve(lines: _Lines, values: NDArray[np.int64]) -> NDArray[Any]:
    x = np.maximum(values, lines.xs[0])
    np.minimum(x, lines.xs[-1], out=x)
    segment = _interval(lines.xs[1:-1], x)
    if lines.exact:
        total: NDArray[Any] = lines.slopes.take(segment)
        total *= x
        total += lines.shifts.take(segment)
        total /= lines.widths.take(segment)
        np.rint(total, out=total)
        return total
    x -= lines.starts.take(segment)
    x *= lines.slopes.take(segment)
    x += lines.shifts.take(segment)
    return half_even_many(x, lines.widths.take(segment))


def _interval(edges: tuple[int, ...], values: NDArray[np.int64]) -> NDArray[np.intp]:
    """How many edges lie at or below each value: comparing with a handful of edges beats a search."""
    if len(edges) > 24:
        return np.searchsorted(np.array(edges, np.int64), values, side="right")
    count = np.zeros(len(values), np.int8)
    for edge in edges:
        count += values >= edge
    return count.astype(np.int64)
