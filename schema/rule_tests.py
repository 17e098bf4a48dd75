"""The tests in rule files: what failed, what they touch of the rules, and what they notice."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from engine import trials
from engine.rulebook import Book
from schema.basics import Place
from schema.deadlines import in_thread
from schema.describing import answered, described, spoken, told


@described
class TestFailure:
    """A test or invariant that failed; the text shows expected and found."""

    name: str = told("Of the test, or the invariant itself.")
    text: str = spoken("text", "What was expected and what came out.")
    place: Place = told("Where it is written.")


@described
class TestCoverage:
    """What the tests touch of one kind: tier, gate, or_when, force, segment, risk, stage, trigger, tag."""

    kind: str = told("The kind; a condition counts once each for false, true and unknown.")
    covered: int = told("How many a test touches.")
    total: int = told("How many there are.")
    missing: list[Place] = told("Those no test touches, by place.")


@dataclass(frozen=True, slots=True)
class ReportSource:
    """Source of `TestReport`."""

    book: Book
    report: trials.TestReport

    @property
    def passed(self) -> int:
        """How many hold."""
        return self.report.passed

    @property
    def failed(self) -> tuple[trials.TestFailure, ...]:
        """Those that do not."""
        return self.report.failed


@dataclass(frozen=True, slots=True)
class CoverageSource:
    """Source of `TestCoverage`."""

    kind: str
    covered: int
    total: int
    missing: list[object]


async def _coverage(root: ReportSource) -> list[CoverageSource]:
    """What the tests touch, by kind of rule."""
    found = await in_thread(partial(trials.coverage_of, root.book))
    return [CoverageSource(one.kind, one.covered, one.total, [item.place for item in one.missing]) for one in found]


async def _mutation_score(root: ReportSource) -> Decimal:
    """Share of moved thresholds, edges and weights some test notices, 0 to 1."""
    return (await in_thread(partial(trials.mutation_of, root.book))).score


@described
class TestReport:
    """Outcome of a book's inline tests and invariants.

    Invariants are tried on made-up customers; those about shares need a base and are not counted.
    """

    passed: int = told("How many hold.")
    failed: list[TestFailure] = told("Those that do not.")
    coverage: list[TestCoverage] = answered(_coverage)
    mutation_score: Decimal = answered(_mutation_score)


async def tests_of(book: Book) -> ReportSource:
    """The tests and invariants of a book, tried in a worker thread."""
    return ReportSource(book, await in_thread(partial(trials.run_tests, book)))
