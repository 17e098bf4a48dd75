"""What came of a book's tests and invariants."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
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


@dataclass(frozen=True, slots=True)
class Missing:
    """Something of the rules that no test touches; the text says what no test does."""

    place: Place
    text: Text


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the tests touch of one kind of rule.

    Attributes:
        kind: `tier`, `gate`, `or_when`, `force`, `segment`, `risk`, `stage`, `trigger` or `tag`.
    """

    kind: str
    covered: int
    total: int
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class Survivor:
    """A small change of a rule that no test notices; the text says what was changed."""

    place: Place
    text: Text


@dataclass(frozen=True, slots=True)
class Mutation:
    """What the tests notice of small changes of the rules.

    Attributes:
        mutants: Small changes that could be noticed.
        noticed: Those that make some test fail.
        same: Further changes that provably change nothing for anybody.
        survived: By place.
    """

    mutants: int
    noticed: int
    same: int
    survived: tuple[Survivor, ...]

    @property
    def score(self) -> Decimal:
        """Share that is noticed, 0 to 1 in 0.0001, rounded down: 1 only if everything is, or nothing can be."""
        share = Decimal(self.noticed) / self.mutants if self.mutants else Decimal(1)
        return share.quantize(Decimal("0.0001"), ROUND_DOWN)
