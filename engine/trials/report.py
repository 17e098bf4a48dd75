"""What came of a book's tests and invariants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.errors import Place
from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class TestFailure:
    """A test or invariant that failed.

    Attributes:
        text: What was expected and what came out.
        code: `RULE_TEST_FAILED` or `RULE_INVARIANT_FAILED`.
    """

    __test__: ClassVar[bool] = False

    name: str
    text: Text
    place: Place
    code: str = "RULE_TEST_FAILED"


@dataclass(frozen=True, slots=True)
class TestReport:
    """The outcome of all of them.

    Attributes:
        passed: How many tests and invariants hold.
        undecided: Invariants that need a base of customers and were given none.
    """

    __test__: ClassVar[bool] = False

    passed: int
    failed: tuple[TestFailure, ...]
    undecided: tuple[TestFailure, ...] = ()
