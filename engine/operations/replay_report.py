"""What replaying found."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """How many decisions were made again, how many came out the same, and the ids of the others.

    Attributes:
        other_engines: By engine version the ids of decisions that need it and were not made again here.
        erased: Decisions of persons who were erased; their leaves are there.
        not_kept: Decisions whose facts are gone by policy; the roots of their subtrees are there.
        missing: Decisions that the ledger says were made and that are not there, though nobody took them away.
        damaged: Chunks whose decisions could not be read (they count as different), each with what is wrong.
    """

    checked: int
    identical: int
    different: list[str]
    other_engines: dict[str, list[str]] = field(default_factory=dict)
    erased: int = 0
    not_kept: int = 0
    missing: int = 0
    damaged: tuple[Text, ...] = ()

    @property
    def ok(self) -> bool:
        """Everything there was, was made again and came out the same."""
        return not (self.different or self.other_engines or self.missing or self.damaged)


@dataclass(frozen=True, slots=True)
class Replayed:
    """One decision made again.

    Attributes:
        digest: Of what came out now; None: it could not be made again.
        needed_engine: The engine version that can; None: this one.
    """

    identical: bool
    digest: str | None
    needed_engine: str | None = None
