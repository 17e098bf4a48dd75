"""Exact SHAP values of shallow trees from tables: what each feature adds to a customer's log-odds.

Lundberg, S. M. et al. (2020). From local explanations to global understanding with explainable AI for trees.
Nature Machine Intelligence 2, 56–67 (path-dependent values, as XGBoost's `pred_contribs`). A tree of depth 3
has at most seven splits, so a customer falls into one of at most 128 patterns of "left or right at every
split"; the values of every pattern are worked out once per tree, then looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.churn.features import Matrix
from engine.value.frame import Flags, Floats


@dataclass(frozen=True, slots=True)
class _Split:
    """One split: `members` are the categories that go right, None for a number that goes left below `limit`."""

    column: int
    limit: np.float32
    members: frozenset[int] | None
    missing_left: bool


@dataclass(frozen=True, slots=True)
class _Table:
    """One tree: its splits, the columns it reads, and (patterns, columns) values."""

    splits: tuple[_Split, ...]
    columns: tuple[int, ...]
    values: Floats


@dataclass(frozen=True, slots=True)
class Tables:
    """All trees of a model."""

    trees: tuple[_Table, ...]
    features: int


def tabulate(body: dict[str, Any], features: int) -> Tables:
    """Tables of checked XGBoost JSON."""
    trees = body["learner"]["gradient_booster"]["model"]["trees"]
    return Tables(tuple(_table(tree) for tree in trees), features)


def attribute(tables: Tables, matrix: Matrix) -> Floats:
    """(features, rows): what each feature adds to the uncalibrated log-odds of each row."""
    out = np.zeros((tables.features, len(matrix)))
    columns = np.ascontiguousarray(matrix.T)
    for tree in tables.trees:
        pattern = np.zeros(len(matrix), np.uint8)
        for bit, split in enumerate(tree.splits):
            pattern |= _goes_left(columns[split.column], split).astype(np.uint8) << np.uint8(bit)
        for index, column in enumerate(tree.columns):
            out[column] += tree.values[:, index][pattern]
    return out


def _goes_left(values: NDArray[np.float32], split: _Split) -> Flags:
    members = split.members
    left = values < split.limit if members is None else ~np.isin(values, list(members))
    return np.where(np.isnan(values), split.missing_left, left)


def _table(tree: dict[str, Any]) -> _Table:
    inner = [node for node, left in enumerate(tree["left_children"]) if left != -1]
    splits = tuple(_split(tree, node) for node in inner)
    columns = tuple(sorted({split.column for split in splits}))
    patterns = np.arange(2 ** len(splits))
    lefts = {node: (patterns >> bit) & 1 == 1 for bit, node in enumerate(inner)}
    values = np.zeros((len(patterns), len(columns)))
    for leaf, left in enumerate(tree["left_children"]):
        if left == -1:
            for column, value in _leaf_values(tree, leaf, lefts).items():
                values[:, columns.index(column)] += value
    return _Table(splits, columns, values)


def _leaf_values(tree: dict[str, Any], leaf: int, lefts: dict[int, Flags]) -> dict[int, Floats]:
    """Shapley values (patterns,) one leaf gives to each column on the way down to it.

    Per column, `agrees` (patterns,): all its splits lead here; `share`: of the training rows that come by,
    those that are led here when the column is not known.
    """
    agrees: dict[int, Flags] = {}
    share: dict[int, float] = {}
    node = leaf
    while node != 0:
        parent = tree["parents"][node]
        here = lefts[parent] if tree["left_children"][parent] == node else ~lefts[parent]
        column = tree["split_indices"][parent]
        agrees[column] = agrees[column] & here if column in agrees else here
        share[column] = share.get(column, 1.0) * tree["sum_hessian"][node] / tree["sum_hessian"][parent]
        node = parent
    weight = float(np.float32(tree["split_conditions"][leaf]))
    return {
        column: weight * (agreed - share[column]) * _coalitions(column, agrees, share)
        for column, agreed in agrees.items()
    }


def _coalitions(column: int, agrees: dict[int, Flags], share: dict[int, float]) -> Floats:
    """How far a row comes towards the leaf without `column`, weighed over all sets of the other columns."""
    others = [other for other in agrees if other != column]
    total = np.zeros(len(agrees[column]))
    for size in range(len(others) + 1):
        chance = factorial(size) * factorial(len(others) - size) / factorial(len(others) + 1)
        for chosen in combinations(others, size):
            term = np.full(len(total), chance)
            for other in others:
                term *= agrees[other] if other in chosen else share[other]
            total += term
    return total


def _split(tree: dict[str, Any], node: int) -> _Split:
    members = None
    if tree["split_type"][node] == 1:
        place = tree["categories_nodes"].index(node)
        start, size = tree["categories_segments"][place], tree["categories_sizes"][place]
        members = frozenset(tree["categories"][start : start + size])
    limit = np.float32(tree["split_conditions"][node])
    return _Split(tree["split_indices"][node], limit, members, tree["default_left"][node] == 1)
