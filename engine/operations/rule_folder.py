"""The rule files of a folder as bytes, read within bounds whatever stands there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import InputError, Place, Problem, RuleBookError
from engine.rulebook import Book, check_book
from engine.rulebook.strict import Findings
from engine.rulebook.strict.limits import LIMITS
from engine.vocabulary import Text

_SUFFIXES: Final = (".yaml", ".yml")
_LOOKED_AT: Final = 5_000
"""Names in the folder and below it; nobody keeps rules among more."""

_DIRECTORY: Final = Text("a folder", "文件夹")
_SPECIAL: Final = Text("a device, pipe or socket", "设备、管道或套接字")


@dataclass(frozen=True, slots=True)
class RuleFolder:
    """What a folder of rule files holds.

    Attributes:
        files: Content by path relative to the folder; of a file that is too large, just enough to see that.
        problems: Of what could not be read.
    """

    files: Mapping[str, bytes]
    problems: tuple[Problem, ...]

    def check(self) -> tuple[Book | None, tuple[Problem, ...]]:
        """Check the book; a file that could not be read is reported as that, not as missing."""
        if not self.files:
            return None, self.problems
        book, found = check_book(self.files)
        refused = {problem.place.file for problem in self.problems}
        every = [*self.problems, *(problem for problem in found if problem.place.file not in refused)]
        ordered = sorted(every, key=lambda problem: (problem.place, problem.code))
        return None if self.problems else book, tuple(ordered)


def read_rule_folder(folder: Path) -> dict[str, bytes]:
    """The YAML files of a rule folder by path relative to it.

    Raises:
        InputError: There is no such folder, or no rule file in it.
        RuleBookError: Something named like a rule file cannot be read.
    """
    found = look_into(folder)
    if found.problems:
        raise RuleBookError(found.problems)
    return dict(found.files)


def look_into(folder: Path) -> RuleFolder:
    """Read the YAML files of a folder, and note those that cannot be read.

    Names that begin with a point (of version control, of editors, of mounted configuration) are passed
    over. Links are followed to files, never to folders.

    Raises:
        InputError: There is no such folder, or no rule file in it.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(
            Text(f"{folder} is a file; a rule folder is expected.", f"{folder} 是文件，这里应为规则文件夹。"),
            Text(f"Name the folder it is in: {folder.parent}", f"请给出它所在的文件夹：{folder.parent}"),
        )
    if not folder.is_dir():
        raise InputError(
            Text(f"There is no rule folder {folder}.", f"没有规则文件夹 {folder}。"),
            Text("Name it as argument or in TOUCHSTONE_RULES.", "请作为参数给出，或设置 TOUCHSTONE_RULES。"),
        )
    findings = Findings()
    files: dict[str, bytes] = {}
    for path in _rule_paths(folder, findings):
        name = _named(path.relative_to(folder))
        content = _content(path, name, findings)
        if content is not None:
            files[name] = content
    if not files and not findings.problems:
        raise InputError(
            Text(f"The folder {folder} holds no rule file.", f"文件夹 {folder} 中没有规则文件。"),
            Text("A rule book has at least rulebook.yaml.", "规则库至少要有 rulebook.yaml。"),
        )
    return RuleFolder(files, findings.problems)


def _rule_paths(folder: Path, findings: Findings) -> list[Path]:
    """Everything named like a rule file, in order; reported and cut short when that is too much."""
    paths: list[Path] = []
    looked_at = 0
    for looked_at, path in enumerate(_names(folder), 1):
        if path.name.endswith(_SUFFIXES):
            paths.append(path)
        if len(paths) > LIMITS.files or looked_at > _LOOKED_AT:
            findings.add("too_many_files", Place(_named(path.relative_to(folder)), 1, 1), limit=LIMITS.files)
            return []
    return sorted(paths)


def _names(folder: Path) -> Iterator[Path]:
    for here, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield from (Path(here, name) for name in [*below, *sorted(names)] if not name.startswith("."))


def _content(path: Path, name: str, findings: Findings) -> bytes | None:
    """The bytes of one file, no more than one beyond the limit; None after a report."""
    place = Place(name, 1, 1)
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = _DIRECTORY if stat.S_ISDIR(mode) else _SPECIAL
            findings.add("not_a_file", place, file=name, kind=kind)
            return None
        with path.open("rb") as file:
            return file.read(LIMITS.bytes + 1)
    except OSError as error:
        findings.add("file_refused", place, file=name, why=error.strerror or type(error).__name__)
        return None


def _named(path: Path) -> str:
    """A path as text that can be printed and stored, whatever bytes its name has."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")
