"""A digest of the facts and states a preview was computed on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from hashlib import sha256
from typing import Any

from numpy.typing import NDArray

from engine.decisions import States
from engine.decisions.rows import stored_values
from engine.trials.preview.sides import Pair, Side


def snapshot_of(pairs: Sequence[Pair]) -> str:
    """`sha256:` and 64 hex digits over customers, facts and states, market by market.

    The same customers with the same facts and states give the same digest, whatever instant was asked about; the
    instant shows where a fact or a state depends on it. What both books read alike is taken once.
    """
    digest = sha256()
    for pair in pairs:
        digest.update(f"{pair.market.value} {len(pair)}\n".encode())
        digest.update(_bytes(pair.ids))
        for name, array in _arrays(pair):
            digest.update(f"{name} {array.dtype.newbyteorder('<').str} {array.shape}\n".encode())
            digest.update(_bytes(array))
    return f"sha256:{digest.hexdigest()}"


def _arrays(pair: Pair) -> Iterator[tuple[str, NDArray[Any]]]:
    yield from _of_side("live", pair.live, None)
    yield from _of_side("candidate", pair.candidate, pair.live)


def _of_side(word: str, side: Side | None, known: Side | None) -> Iterator[tuple[str, NDArray[Any]]]:
    if side is None:
        return
    for name, column in sorted(side.columns.items()):
        if known is None or known.columns.get(name) is not column:
            yield f"{word}.{name}.value", stored_values(column)
            yield f"{word}.{name}.cause", column.causes
    if known is None or known.states is not side.states:
        for field in fields(States):
            if field.name != "full":  # an outcome of the capacity step
                yield f"{word}.{field.name}", getattr(side.states, field.name)


def _bytes(array: NDArray[Any]) -> bytes:
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
