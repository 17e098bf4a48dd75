"""Checking rule files: their errors, or else what the analysis finds; nothing is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import Problem
from engine.operations.rule_folder import RuleFolder
from engine.rulebook import Book
from engine.trials.analysis import analyse


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking rule files gave.

    Attributes:
        problems: Errors; without errors the loader's warnings and all findings; by place.
        book: None iff there are errors.
    """

    problems: tuple[Problem, ...]
    book: Book | None


def check_rules(files: RuleFolder, run_days: int | Callable[[], int | None] | None = None) -> Checked:
    """Check rule files, and analyse them when they have no errors.

    Args:
        run_days: Days from one run to the next, or how to find out; asked only if the files have no errors.
    """
    book, problems = files.check()
    if book is None:
        return Checked(problems, None)
    return Checked(findings_of(book, run_days() if callable(run_days) else run_days), book)


def findings_of(book: Book, run_days: int | None) -> tuple[Problem, ...]:
    """The loader's warnings and the findings of the analysis, by place."""
    found = {*book.warnings, *analyse(book, run_days)}
    return tuple(sorted(found, key=lambda problem: (problem.place, problem.code, problem.message.en)))
