"""Many entries checked together: never a yes where one of them alone is a no."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audit import Link, Links, entry_hash
from engine.audit.batches import BATCH, data_that_fit
from tests.audit.ledgers import chained, written

BESIDE = ("kind", "at", "actor", "reason", "subject")
Writer = Callable[[dict[str, Any]], bytes]


def chain(bodies: list[Any], write: Writer | None = None, odd: int = 1) -> list[Link]:
    """A chain in which every hash is right, whatever the bodies; one entry's bytes may be written in another way."""
    links: list[Link] = []
    for position, body in enumerate(bodies, 1):
        previous = links[-1].hash if links else None
        entry = json.loads(written(position, previous, "RUN", {}))
        entry["body"] = body
        raw = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)
        if write is not None and position - 1 == odd:
            raw = write(entry)
        links.append(Link(position, raw, entry_hash(raw), previous, *(entry[name] for name in BESIDE)))
    return links


def _dumped(entry: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False, **more).encode()


def all_fit(links: list[Link], first: int, head: str | None) -> bool:
    """Whether together they fit; then the tree is over their hashes."""
    data = data_that_fit(Links.of(links), first, head)
    assert data is None or [f"sha256:{datum.hex()}" for datum in data] == [link.hash for link in links]
    return data is not None


ODD: dict[str, Writer] = {
    "two values": lambda entry: _dumped(entry) + b',"x"',
    "an open list": lambda entry: b"[" + _dumped(entry),
    "nothing": lambda entry: b"",
    "a space": lambda entry: _dumped(entry).replace(b",", b", ", 1),
    "unsorted": lambda entry: b'{"subject":"x",' + _dumped(entry)[1:],
    "a float": lambda entry: _dumped({**entry, "body": {"a": 1.5}}),
    "a whole float": lambda entry: _dumped({**entry, "body": {"a": [1.0]}}),
    "a large number": lambda entry: _dumped({**entry, "body": {"a": {"b": 2**53}}}),
    "a foreign key": lambda entry: _dumped({**entry, "body": {"a": [{"é\n": 1}]}}),
    "true for one": lambda entry: _dumped({**entry, "position": True}),
    "another actor": lambda entry: _dumped({**entry, "actor": "somebody"}),
    "escaped": lambda entry: json.dumps({**entry, "body": "é"}, sort_keys=True, separators=(",", ":")).encode(),
    "a key twice": lambda entry: _dumped(entry).replace(b'"body":', b'"body":1,"body":', 1),
    "no text": lambda entry: _dumped(entry).replace(b"RUN", b"R\xff\xfeN"),
    "a list": lambda entry: b"[]",
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("odd", [0, 1, 2])
def test_an_entry_written_in_another_way_is_found(name: str, odd: int) -> None:
    links = chain([{"decided": 1}, {"decided": 2}, {"decided": 3}], ODD[name], odd)
    assert all_fit(chain([{"decided": 1}, {"decided": 2}, {"decided": 3}]), 1, None)
    assert not all_fit(links, 1, None)
    found = chained(links)
    assert (found.ok, found.first_bad) == (False, odd + 1)


def test_other_members_get_a_closer_look_and_fit() -> None:
    more = chain([{}, {}, {}], lambda entry: _dumped({**entry, "zebra": 1}))
    less = chain([{}, {}, {}], lambda entry: _dumped({name: entry[name] for name in entry if name != "body"}))
    for links in (more, less):
        assert not all_fit(links, 1, None)
        assert chained(links).ok


def test_two_entries_that_share_a_value_are_found() -> None:
    """Bytes that are JSON only together, as if the comma between two entries were part of them."""
    links = chain([{}, {}, {}])
    for left, right in ((b'{"a":[', b"]}"), (b'{"a":"', b'"}'), (b"[1", b"2]")):
        torn = [links[0]]
        for position, raw in ((2, left), (3, right)):
            torn.append(links[position - 1]._replace(body=raw, hash=entry_hash(raw), previous_hash=torn[-1].hash))
        assert not all_fit(torn, 1, None)
        assert chained(torn).first_bad == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**54), 2**54) | st.text(max_size=6) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(json_values, min_size=1, max_size=6))
def test_together_is_as_one_by_one(bodies: list[Any]) -> None:
    links = chain(bodies)
    one_by_one = [chained(chain([body])).ok for body in bodies]
    found = chained(links)
    assert found.ok == all(one_by_one)
    assert found.first_bad == (None if all(one_by_one) else one_by_one.index(False) + 1)
    assert all_fit(links, 1, None) == all(one_by_one)


@pytest.mark.parametrize("place", [0, BATCH - 1, BATCH, 2 * BATCH - 1, 2 * BATCH])
def test_the_first_bad_one_is_named_in_every_batch(place: int) -> None:
    links = chain([{"decided": number} for number in range(2 * BATCH + 3)])
    assert chained(links).entries == 2 * BATCH + 3
    links[place] = links[place]._replace(actor="somebody")
    assert chained(links).first_bad == place + 1
