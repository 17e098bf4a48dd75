"""The loader's key tables, as it asks for them: every key of every thing, and where cases write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import Place, Problem
from engine.rulebook import check_book
from engine.rulebook.keys import Keys

CASES = Path(__file__).parents[1] / "cases"
SMALLEST = {file.name: file.read_bytes() for file in (CASES / "rules" / "smallest").glob("*.yaml")}
STATED = re.compile(r"^#! (\d+):(\d+) (RULE_[A-Z_]+)(?: (\S+))?$", re.MULTILINE)

Pair = tuple[str, str]
"""What a key belongs to (in English, without names in quotes), and the key."""


@dataclass
class Reading:
    """What one check of a book asked for.

    Attributes:
        asked: Every key the loader knows, of the things that stand in the book.
        written: Keys that are written, with the place of the key.
        problems: What it found.
    """

    asked: dict[Pair, None] = field(default_factory=dict)
    written: list[tuple[Place, Pair]] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()

    def faulty(self) -> set[Pair]:
        """Keys the problems are about: the last one written before each, or the one that is missing."""
        found: set[Pair] = set()
        for problem in self.problems:
            missing = re.fullmatch(r"(.+) needs the key `(\w+)`\.", problem.message.en)
            if missing:
                found.add((plain_owner(missing[1]), missing[2]))
                continue
            before = [
                (place, pair)
                for place, pair in self.written
                if place.file == problem.place.file and place <= problem.place
            ]
            if before:
                found.add(max(before, key=lambda item: item[0])[1])
        return found


def plain_owner(owner: str) -> str:
    """Whose keys, without the name of the very thing: `the metric `revenue`` is a metric."""
    lowered = owner[:1].lower() + owner[1:]
    return "a metric" if lowered.startswith("the metric `") else lowered


def read(files: Mapping[str, bytes | str]) -> Reading:
    """Check a book and note every key asked for."""
    reading = Reading()
    with _noting(reading):
        _, reading.problems = check_book(files)
    return reading


@contextmanager
def _noting(reading: Reading) -> Iterator[None]:
    done = Keys.done

    def noting(keys: Keys) -> None:
        owner = plain_owner(keys.owner.en)
        reading.asked.update(dict.fromkeys((owner, key) for key in keys._asked))
        reading.written.extend((entry.key.place, (owner, key)) for key, entry in keys._entries.items())
        done(keys)

    Keys.done = noting  # type: ignore[method-assign]
    try:
        yield
    finally:
        Keys.done = done  # type: ignore[method-assign]


def rule_folders() -> dict[str, dict[str, bytes]]:
    """The right rule folders of the cases, by name."""
    folders = sorted(path for path in (CASES / "rules").iterdir() if path.is_dir())
    return {path.name: {file.name: file.read_bytes() for file in path.glob("*.yaml")} for path in folders}


def broken_files() -> dict[str, dict[str, bytes]]:
    """The books with one broken file each, by the name of the case."""
    return {
        path.name: {**SMALLEST, ".".join(path.name.split(".")[1:]): path.read_bytes()}
        for path in sorted((CASES / "invalid_rules").iterdir())
    }


def every_key() -> set[Pair]:
    """Every key the loader knows: those it asks for in the right rule folders of the cases."""
    return {pair for files in rule_folders().values() for pair in read(files).asked}
