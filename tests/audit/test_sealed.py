"""Signed heads: published values, growth, and that no falsified ledger passes, ours and the shipped verifier's."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audit import Links, entry_hash, merkle_root
from engine.audit.chain import datum_of
from engine.audit.notes import Head, Signer, read_key, read_note, signed_by
from engine.audit.sealed import verify_sealed
from engine.audit.tree import Tree, consistency_path, grew_from
from tests.audit.ledgers import SECOND, SEED, Sealed, chained, falsified, links, rehashed, sealed, written

SHIPPED = Path(__file__).parents[2] / "engine" / "audit" / "shipped" / "verify_audit.py"


def shipped() -> ModuleType:
    """The verifier as auditors get it, loaded as a file."""
    spec = importlib.util.spec_from_file_location("verify_audit", SHIPPED)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERIFIER = shipped()
DATA = st.lists(st.binary(max_size=8), min_size=1, max_size=40)


def fits(bodies: tuple[bytes, ...], notes: tuple[str, ...], keys: tuple[str, ...] = ()) -> bool:
    """Whether the shipped verifier finds nothing wrong."""
    return fits_in_pieces(bodies, notes, keys, len(bodies))


def fits_in_pieces(bodies: tuple[bytes, ...], notes: tuple[str, ...], keys: tuple[str, ...], size: int) -> bool:
    """The same, so many lines read together."""
    ledger = VERIFIER.Ledger(dict.fromkeys(notes, "kept"), keys, set())
    try:
        for start in range(0, len(bodies), size):
            ledger.take(bodies[start : start + size])
    except VERIFIER.FAULTS:
        return False
    return not ledger.due


@given(DATA, st.data())
def test_a_growing_tree_has_the_roots_of_rfc_6962_and_goes_on_from_its_nodes(data: list[bytes], draw) -> None:
    half = draw.draw(st.integers(0, len(data)))
    tree = Tree()
    tree.extend(data[:half])
    again = Tree(tree.size, tree.nodes)
    again.extend(data[half:])
    assert again.root() == merkle_root(data)
    with pytest.raises(ValueError, match="nodes"):
        Tree(len(data), b"")


@given(DATA, st.data())
def test_consistency_is_shown_for_every_earlier_tree_and_for_no_other(data: list[bytes], draw) -> None:
    earlier = draw.draw(st.integers(1, len(data)))
    path, root, before = consistency_path(data, earlier), merkle_root(data), merkle_root(data[:earlier])
    for check in (grew_from, VERIFIER.grew_from):
        assert check(earlier, before, len(data), root, path)
        assert not check(earlier, bytes(32), len(data), root, path)
        assert not check(earlier, before, len(data), bytes(32), path)
        assert not check(earlier, before, len(data), root, [*path, bytes(32)])
        assert not path or not check(earlier, before, len(data), root, path[:-1])
        assert not check(0, before, len(data), root, path)


def test_a_checkpoint_says_what_was_signed_and_by_whom() -> None:
    signer, other = Signer("first", SEED), Signer("first", SECOND)
    head = Head("touchstone.ledger/x", 7, bytes(32), "2026-03-01T12:00:00.000000Z")
    note = signer.signed(head)
    assert read_note(note) == head
    assert note.startswith("touchstone.ledger/x\n7\n")
    assert signed_by(note, signer.public)
    assert not signed_by(note, other.public)
    assert not signed_by(note.replace("\n7\n", "\n8\n"), signer.public)
    assert read_key(signer.public.text) == signer.public


@pytest.mark.parametrize("text", ["", "a", "a+b", "a+00000000+AA==", Signer("n", SEED).public.text.replace("n+", "m+")])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"key|base64"):
        read_key(text)


@pytest.mark.parametrize("note", ["", "a\n1\n", "o\nx\nAAAA\nat\n\n\u2014 n AAAA\n", "o\n01\nAAAA\nat\n\nx"])
def test_what_is_no_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_note(note)
    assert not verify_sealed([Links.of(links(sealed(3, 2).bodies))], [note]).ok


@pytest.mark.parametrize(("entries", "every", "rotate"), [(1, 1, None), (9, 4, None), (20, 7, 11), (20, 7, 14)])
def test_an_untouched_ledger_fits(entries: int, every: int, rotate: int | None) -> None:
    whole = sealed(entries, every, rotate)
    found = verify_sealed([Links.of(links(whole.bodies))], whole.notes)
    assert (found.ok, found.entries, found.first_bad) == (True, entries, None)
    assert found.checkpoint == whole.notes[-1]
    assert all(fits_in_pieces(whole.bodies, whole.notes, (), size) for size in (1, 4, entries))
    pinned = Signer("first", SEED).public.text
    assert fits(whole.bodies, whole.notes, (pinned,))
    assert not fits(whole.bodies, whole.notes, (Signer("first", SECOND).public.text,))


WHOLE = [sealed(24, 5), sealed(24, 24), sealed(30, 8, rotate_at=13)]


@given(st.sampled_from(WHOLE), st.randoms(use_true_random=False))
def test_no_falsified_ledger_passes(whole: Sealed, random: Random) -> None:
    _none_passes(whole, random)


@pytest.mark.nightly
def test_ten_thousand_falsified_ledgers() -> None:
    random = Random(20261126)
    for _ in range(10_000):
        _none_passes(random.choice(WHOLE), random)


def _none_passes(whole: Sealed, random: Random) -> None:
    bodies = falsified(whole, random)
    if bodies == whole.bodies:
        return
    assert not any(fits_in_pieces(bodies, whole.notes, (), size) for size in (1, random.randint(2, 9), len(bodies)))
    try:
        given_links = links(bodies)
    except ValueError:
        return  # not even JSON: a database could not name its columns
    found = verify_sealed([Links.of(given_links)], whole.notes)
    assert not found.ok
    assert found.first_bad is not None
    assert found.problem is not None


def test_only_a_checkpoint_shows_what_was_edited_and_hashed_anew() -> None:
    whole = WHOLE[0]
    bodies = rehashed(whole.bodies, 7, "mallory")
    assert chained(links(bodies)).ok
    found = verify_sealed([Links.of(links(bodies))], whole.notes)
    assert (found.ok, found.first_bad) == (False, 6)
    assert found.checkpoint == whole.notes[0]


def test_a_ledger_cut_off_is_told_by_the_checkpoint_over_more() -> None:
    whole = WHOLE[0]
    found = verify_sealed([Links.of(links(whole.bodies[:20]))], whole.notes)
    assert (found.ok, found.entries, found.first_bad) == (False, 20, 21)
    assert "24" in found.problem.en


def test_a_key_that_announces_itself_later_signs_nothing() -> None:
    whole = sealed(12, 4)
    stranger = Signer("first", SECOND)
    head = read_note(whole.notes[-1])
    forged = stranger.signed(head)
    assert not verify_sealed([Links.of(links(whole.bodies))], [*whole.notes[:-1], forged]).ok
    assert not fits(whole.bodies, (*whole.notes[:-1], forged))


def test_a_second_key_that_says_it_is_the_first_signs_nothing() -> None:
    whole, stranger = sealed(12, 12), Signer("second", SECOND)
    announced = {"key": stranger.public.text, "before": None, "lost": False}
    last = written(13, entry_hash(whole.bodies[-1]), "KEY_ROTATED", announced)
    bodies, tree = (*whole.bodies, last), Tree()
    tree.extend(datum_of(entry_hash(body)) for body in bodies)
    head = Head(read_note(whole.notes[-1]).origin, 13, tree.root(), "2026-03-01T12:00:00.000000Z")
    forged = (*whole.notes, stranger.signed(head))
    found = verify_sealed([Links.of(links(bodies))], forged)
    assert (found.ok, found.first_bad) == (False, 13)
    assert not fits(bodies, forged)
    assert fits(bodies, (*whole.notes, Signer("first", SEED).signed(head)))


def test_a_key_one_was_told_counts_for_nothing_where_no_signature_can_be_checked(monkeypatch) -> None:
    whole, pinned = sealed(12, 4), (Signer("first", SEED).public.text,)
    assert fits(whole.bodies, whole.notes, pinned)
    monkeypatch.setattr(VERIFIER, "Public", None)
    assert fits(whole.bodies, whole.notes)
    assert not fits(whole.bodies, whole.notes, pinned)


def test_the_shipped_verifier_is_short_and_imports_nothing_of_ours() -> None:
    text = SHIPPED.read_text("utf-8")
    imported = {
        line.split()[1].split(".")[0] for line in text.splitlines() if line.lstrip().startswith(("import ", "from "))
    }
    assert imported - {"cryptography"} <= set(sys.stdlib_module_names)
    assert len(text.splitlines()) < 250
