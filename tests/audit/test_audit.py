"""Canonical bytes, the chain and the Merkle tree, against published values and by properties."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audit import (
    Link,
    canonical,
    digest,
    entry_hash,
    inclusion_path,
    leaf,
    leaves,
    merkle_root,
    root_of_path,
)
from tests.audit.ledgers import chained

EXACT = st.integers(-(2**53) + 1, 2**53 - 1)
KEYS = st.text(st.characters(max_codepoint=127), max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | EXACT | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_canonical_bytes_are_the_standard_librarys_own_in_the_same_form(value) -> None:
    expected = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert canonical(value).decode() == expected
    assert canonical(json.loads(canonical(value))) == canonical(value)


def test_control_characters_are_written_as_rfc_8785_says() -> None:
    assert canonical('\b\t\n\f\r\x00\x1f\x7f"\\/é€😂') == '"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f\\"\\\\/é€😂"'.encode()


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (0.5, r"\$: float"), ([1, float("nan")], r"\$\[1\]"), ({"a": {"b": 2**53}}, r"\$\.a\.b"), (-(2**53), r"\$"),
        ({"é": 1}, "not ASCII"), ({1: 1}, "not ASCII"), ({"a": b"x"}, "bytes"), ({"a": {1}}, "set"), ("\ud800", "JSON"),
    ],
)  # fmt: skip
def test_what_serialisers_disagree_on_is_refused(value, place: str) -> None:
    with pytest.raises(ValueError, match=place):
        canonical(value)


BESIDE = {"kind": "RUN", "at": "2026-03-01T12:00:00.000000Z", "actor": "crm-ops", "reason": None, "subject": "run:1"}


def chain(count: int) -> list[Link]:
    links: list[Link] = []
    for position in range(1, count + 1):
        previous = links[-1].hash if links else None
        entry = {"position": position, "previous_hash": previous, **BESIDE, "text": "客户"}
        body = canonical(entry)
        links.append(Link(position, body, entry_hash(body), previous, **BESIDE))
    return links


@given(st.integers(0, 12), st.data())
def test_any_changed_byte_is_found_at_its_entry(count: int, data) -> None:
    links = chain(count)
    verified = chained(links)
    assert (verified.ok, verified.entries) == (True, count)
    assert verified.head == (links[-1].hash if links else None)
    if not links:
        return
    index = data.draw(st.integers(0, count - 1))
    link = links[index]
    place = data.draw(st.integers(0, len(link.body) - 1))
    changed = bytearray(link.body)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    links[index] = link._replace(body=bytes(changed))
    verified = chained(links)
    assert (verified.ok, verified.first_bad) == (False, index + 1)
    rehashed = link._replace(body=bytes(changed), hash=entry_hash(bytes(changed)))
    links[index] = rehashed
    if index < count - 1:
        assert chained(links).first_bad in (index + 1, index + 2), "its follower names the old hash"


@given(st.integers(2, 12), st.data())
def test_entries_deleted_or_swapped_are_found(count: int, data) -> None:
    links = chain(count)
    index = data.draw(st.integers(0, count - 2))
    deleted = [*links[:index], *links[index + 1 :]]
    assert chained(deleted).first_bad == index + 1
    links[index], links[index + 1] = links[index + 1], links[index]
    assert chained(links).first_bad == index + 1


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{", b'{"position": 1}', b'{"position":true,"previous_hash":null}', b'{"position":1}', b"[" * 5_000,
     b'{"kind":"RUN","kind":"RUN","position":1,"previous_hash":null}'],
)  # fmt: skip
def test_a_body_that_says_nothing_sure_is_bad_even_with_its_hash(body: bytes) -> None:
    assert chained([Link(1, body, entry_hash(body), None, **BESIDE)]).first_bad == 1


RFC_DATA = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
RFC_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_certificate_transparency_reference_code(size: int) -> None:
    assert merkle_root(RFC_DATA[:size]).hex() == RFC_ROOTS[size - 1]


def by_definition(data: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if len(data) <= 1:
        return sha256(b"\0" + data[0]).digest() if data else sha256().digest()
    split = 1 << (len(data) - 1).bit_length() - 1
    return sha256(b"\1" + by_definition(data[:split]) + by_definition(data[split:])).digest()


@given(st.lists(st.binary(max_size=3), max_size=70), st.data())
def test_the_tree_is_that_of_the_definition_and_every_path_leads_to_its_root(data: list[bytes], draw) -> None:
    root = by_definition(data)
    assert merkle_root(data) == root
    assert merkle_root(iter(data)) == root
    if data:
        index = draw.draw(st.integers(0, len(data) - 1))
        path = inclusion_path(data, index)
        assert root_of_path(data[index], index, len(data), path) == root
        assert root_of_path(data[index] + b"x", index, len(data), path) != root
        assert root_of_path(data[index], index, len(data), [*path, root]) is None
    with pytest.raises(IndexError):
        inclusion_path(data, len(data))


def test_a_leaf_is_the_hash_over_salt_and_row() -> None:
    assert leaf(b"salt", b"row") == sha256(b"saltrow").digest()
    assert leaves([b"salt", b""], [b"row", b""]) == [leaf(b"salt", b"row"), leaf(b"", b"")]
    with pytest.raises(ValueError, match="shorter"):
        leaves([b"salt"], [])
    assert digest(b"row") == "sha256:" + sha256(b"row").hexdigest()
