"""Problems of rule files and findings about rules, each at its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache, partial

from engine.errors import Given, Problem, Severity
from engine.operations.checking import findings_of
from engine.operations.run_rhythm import days_between_runs
from engine.rulebook import Book
from engine.vocabulary import Text, Unit
from schema.basics import Place
from schema.commands import user_code
from schema.context import Info, LocaleArgument
from schema.deadlines import in_thread
from schema.describing import answered, described, spoken, told
from schema.error_codes import ErrorCode
from schema.records import NamedSource, NamedValue
from schema.scalars import Value


@dataclass(frozen=True, slots=True)
class ProblemSource:
    """Source of `RuleProblem`."""

    problem: Problem
    currency: str | None

    @property
    def code(self) -> ErrorCode:
        """As on the closed list."""
        return user_code(self.problem.code)

    @property
    def severity(self) -> Severity:
        """As found."""
        return self.problem.severity

    @property
    def message(self) -> Text:
        """The sentence."""
        return self.problem.message

    @property
    def place(self) -> object:
        """Where."""
        return self.problem.place


def _hint(root: ProblemSource, info: Info, locale: LocaleArgument = None) -> str | None:
    """What to do."""
    return root.problem.hint.within(info.context.in_locale(locale)) or None


def _witness(root: ProblemSource) -> list[NamedSource]:
    """A customer's facts that show it; empty: none needed, or not decided."""
    return [_named(one, root.currency) for one in root.problem.witness]


def _named(one: Given, currency: str | None) -> NamedSource:
    value = None if one.value is None else Value(one.value)
    return NamedSource(one.name, value, one.unit, currency if one.unit is Unit.MONEY else None)


@described
class RuleProblem:
    """A problem or finding in a rule file."""

    code: ErrorCode = told("Stable code.")
    severity: Severity = told("Whether it forbids publishing.")
    message: str = spoken("message", "One sentence.")
    place: Place = told("Where in the files.")
    hint: str | None = answered(_hint)
    witness: list[NamedValue] = answered(_witness)


@dataclass(frozen=True, slots=True)
class _Analysed:
    """A book under analysis; the same revision has the same findings."""

    revision: str
    run_days: int | None
    book: Book = field(compare=False)


@lru_cache(maxsize=32)
def _findings(asked: _Analysed) -> tuple[Problem, ...]:
    return findings_of(asked.book, asked.run_days)


async def problems_of(info: Info, book: Book) -> list[ProblemSource]:
    """Warnings and notes about a book without errors, for the runs as they were so far."""
    run_days = await info.context.read(days_between_runs)
    found = await in_thread(partial(_findings, _Analysed(book.revision, run_days, book)))
    return [ProblemSource(problem, book.currency) for problem in found]
