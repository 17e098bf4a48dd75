"""Subtrees put together give the root over all leaves, whatever is cut where."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from engine.audit import PartialTree, merkle_root, spans, subtree_roots


@given(st.integers(0, 70), st.lists(st.integers(0, 70), max_size=6), st.integers(0, 63))
def test_parts_give_the_root(size: int, cuts: list[int], as_roots: int) -> None:
    leaves = [bytes([number]) for number in range(size)]
    edges = sorted({0, size, *(cut for cut in cuts if cut < size)})
    tree = PartialTree(size)
    for place, (start, stop) in enumerate(itertools.pairwise(edges)):
        assert tree.root() is None
        assert tree.start == start
        if as_roots >> place & 1:
            roots = subtree_roots(leaves[start:stop], start, size)
            assert len(roots) <= 2 * size.bit_length()
            tree.add_roots(stop - start, roots)
        else:
            tree.add_leaves(leaves[start:stop])
    assert tree.root() == merkle_root(leaves)


@given(st.integers(1, 300), st.data())
def test_spans_are_the_part_without_gap(size: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    found = spans(start, stop, size)
    assert [number for a, b in found for number in range(a, b)] == list(range(start, stop))


@given(st.integers(2, 40), st.integers(0, 39), st.integers(1, 39))
def test_another_leaf_gives_another_root(size: int, place: int, cut: int) -> None:
    leaves = [bytes([number]) for number in range(size)]
    tree = PartialTree(size)
    leaves[place % size] += b"x"
    edge = cut % size
    tree.add_leaves(leaves[:edge])
    tree.add_leaves(leaves[edge:])
    assert tree.root() != merkle_root([bytes([number]) for number in range(size)])
