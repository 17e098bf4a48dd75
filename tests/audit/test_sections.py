"""A chain checked section by section: everything fits exactly where it does as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audit import Link, Links
from engine.audit.sealed import Watch, verify_sealed
from engine.audit.sections import Section, check_section, verify_sections
from engine.audit.tree import Tree
from tests.audit.ledgers import Sealed, falsified, links, rehashed, sealed
from tests.promises.sizes import sizes

WHOLE = [sealed(37, 5), sealed(64, 16, rotate_at=40), sealed(1, 1), sealed(50, 7, rotate_at=9)]


def sections(given_links: Sequence[Link], notes: Sequence[str], size: int) -> list[Section | None]:
    """Each by itself, told the hash that a store has of the entry before; entries by position, as it finds them."""
    watch, stored = Watch(notes), {link.position: link for link in given_links}
    found = []
    for first in range(1, max(stored, default=0) + 1, size):
        mine = [link for link in given_links if (first <= link.position or first == 1) and link.position < first + size]
        before = stored.get(first - 1)
        pieces = [Links.of(mine[start : start + 3]) for start in range(0, len(mine), 3)]
        found.append(check_section(pieces, first, None if before is None else before.hash, watch.sizes))
    return found


@pytest.mark.parametrize("size", [1, 2, 4, 8, 16, 64, 128])
@pytest.mark.parametrize("whole", WHOLE)
def test_what_fits_is_told_as_it_is_of_the_whole(whole: Sealed, size: int) -> None:
    chain = links(whole.bodies)
    expected = verify_sealed([Links.of(chain)], whole.notes)
    assert expected.ok
    assert verify_sections(sections(chain, whole.notes, size), whole.notes) == expected
    assert verify_sections(sections(chain, [], size), []) == verify_sealed([Links.of(chain)], [])


@sizes(300, 4_000)
def test_what_does_not_fit_gets_a_closer_look(size: int) -> None:
    random, caught = Random(size), 0
    for _ in range(size):
        whole, width = random.choice([one for one in WHOLE if len(one.bodies) > 1]), 1 << random.randint(0, 6)
        bodies = falsified(whole, random)
        try:
            chain = sorted(links(bodies), key=lambda link: link.position)  # as a store gives them
        except (ValueError, TypeError):
            continue  # not even JSON, or no position: a database could not name its columns
        expected = verify_sealed([Links.of(chain)], whole.notes)
        found = verify_sections(sections(chain, whole.notes, width), whole.notes)
        assert found == (expected if expected.ok else None)
        caught += found is None
    assert caught > size // 2


def test_a_section_that_lies_about_its_beginning_does_not_join() -> None:
    whole = WHOLE[0]
    found = sections(links(whole.bodies), whole.notes, 8)
    other = sections(links(rehashed(whole.bodies, 3, "mallory")), whole.notes, 8)
    assert verify_sections([found[0], other[1], *found[2:]], whole.notes) is None
    assert verify_sections([found[0], *found[2:]], whole.notes) is None
    assert verify_sections([*found[:2], None, *found[3:]], whole.notes) is None
    assert verify_sections(found[:-1], whole.notes) is None, "a checkpoint was signed over more"
    assert verify_sections(found, [*whole.notes, "no checkpoint"]) is None


@given(st.integers(0, 40), st.integers(0, 6), st.data())
def test_a_joined_tree_is_the_tree_over_all(blocks: int, level: int, data: st.DataObject) -> None:
    width = 1 << level
    before = [bytes([at % 256]) * 32 for at in range(blocks * width)]
    after = [bytes([at]) * 32 for at in range(data.draw(st.integers(0, width)))]
    left, right, whole = Tree(), Tree(), Tree()
    left.extend(before)
    right.extend(after)
    whole.extend([*before, *after])
    joined = left.grown(right.size, right.nodes)
    assert (joined.size, joined.nodes, joined.root()) == (whole.size, whole.nodes, whole.root())


def test_a_tree_that_begins_elsewhere_is_not_joined() -> None:
    with pytest.raises(ValueError, match="cannot be joined"):
        Tree(1, bytes(32)).grown(2, bytes(32))
