"""Which rows are new, which are there already, which correct a record and which contradict it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from engine.metrics.sources import COLUMNS

if TYPE_CHECKING:
    import polars as pl

CONTENT: Final = ("customer_id", "occurred_at", "currency", *COLUMNS)
"""What makes two records of one key the same; when they were recorded does not."""

ADDED, LINKED, CORRECTED, CONFLICTING = "added", "linked", "corrected", "conflicting"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a record: its content (a hash), when it was recorded, and where it is.

    Attributes:
        stored: Id in the store; None: a row of the import.
        order: Row of the import.
    """

    content: int
    recorded: int
    number: int
    stored: int | None
    order: int | None = None


@dataclass(slots=True)
class Verdicts:
    """What is to be done with the rows of an import.

    Attributes:
        verdict: By row order, one of added, linked, corrected, conflicting.
        number: Version numbers of rows to be stored; 1 unless said.
        recorded: Instants that differ from those of the rows: corrections of assumed clocks.
        corrects: Row → stored id it corrects.
        follows: Row → row of the same import it corrects.
        superseded: Stored id → from when on another version holds.
        closed: Row → from when on a later row holds.
    """

    verdict: dict[int, str] = field(default_factory=dict)
    number: dict[int, int] = field(default_factory=dict)
    recorded: dict[int, int] = field(default_factory=dict)
    corrects: dict[int, int] = field(default_factory=dict)
    follows: dict[int, int] = field(default_factory=dict)
    superseded: dict[int, int] = field(default_factory=dict)
    closed: dict[int, int] = field(default_factory=dict)


def judge(rows: pl.DataFrame, stored: pl.DataFrame, accept: bool, now: int) -> Verdicts:
    """Judge rows against what is stored and against one another.

    A row is there already when its content is that of the version in force, or that of an older version
    recorded at the same instant (with an assumed clock: of any version). Otherwise, if corrections are
    accepted, it is a new version from the instant at which it was recorded; with an assumed clock that is
    `now`. A row recorded before the version in force contradicts it.

    Args:
        rows: `order key recorded_at assumed` and `CONTENT`; keys of one source and kind.
        stored: `key id version recorded_at` and `CONTENT`: every version of those keys.
        accept: The mapping accepts corrections.
        now: Microseconds; when assumed corrections become known.
    """
    import polars as pl

    content = pl.struct(CONTENT).hash().alias("content")
    fresh = rows.select("order", "key", "recorded_at", "assumed", content)
    known = stored.select("key", "id", "version", "recorded_at", content)
    contested = fresh.filter(pl.col("key").is_duplicated() | pl.col("key").is_in(known["key"].implode()))
    verdicts = Verdicts()
    history: dict[str, list[Version]] = {}
    for key, id_, number, recorded, hashed in known.sort("key", "version").iter_rows():
        history.setdefault(key, []).append(Version(hashed, recorded, number, id_))
    for order, key, recorded, assumed, hashed in _in_turn(contested):
        versions = history.setdefault(key, [])
        at = _correction_instant(versions, recorded, assumed, now)
        verdict = _verdict(versions, hashed, recorded, assumed, accept)
        verdicts.verdict[order] = verdict
        if verdict in (ADDED, CORRECTED):
            _append(versions, Version(hashed, at, len(versions) + 1, None, order), verdicts)
            if at != recorded:
                verdicts.recorded[order] = at
    return verdicts


def _in_turn(contested: pl.DataFrame) -> Iterator[tuple[int, str, int, bool, int]]:
    """Rows in the order in which they became known; with an assumed clock in the order of the file."""
    import polars as pl

    turn = pl.when(pl.col("assumed")).then(0).otherwise(pl.col("recorded_at"))
    yield from contested.sort(turn, "order").iter_rows()


def _correction_instant(versions: list[Version], recorded: int, assumed: bool, now: int) -> int:
    if not versions or not assumed:
        return recorded
    return max(now, versions[-1].recorded)


def _verdict(versions: list[Version], hashed: int, recorded: int, assumed: bool, accept: bool) -> str:
    if not versions:
        return ADDED
    if versions[-1].content == hashed:
        return LINKED
    if any(past.content == hashed and (assumed or past.recorded == recorded) for past in versions):
        return LINKED
    late = not assumed and recorded < versions[-1].recorded
    return CORRECTED if accept and not late else CONFLICTING


def _append(versions: list[Version], version: Version, verdicts: Verdicts) -> None:
    order = version.order
    assert order is not None
    verdicts.number[order] = version.number
    if versions:
        before = versions[-1]
        if before.stored is not None:
            verdicts.corrects[order] = before.stored
            verdicts.superseded[before.stored] = version.recorded
        elif before.order is not None:
            verdicts.follows[order] = before.order
            verdicts.closed[before.order] = version.recorded
    versions.append(version)
