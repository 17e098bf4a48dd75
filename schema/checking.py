"""Checking rule files without storing anything."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import strawberry

from engine.operations.publishing import merge_with_live
from engine.rulebook import check_book
from schema.context import Info
from schema.deadlines import in_thread
from schema.describing import answered, described, told
from schema.publishing import RuleFileInput
from schema.rule_problems import ProblemSource, RuleProblem, problems_of
from schema.rulebooks import BookSource, Rulebook


@dataclass(frozen=True, slots=True)
class CheckSource:
    """Source of `RulebookCheck`."""

    ok: bool
    problems: list[ProblemSource]
    rulebook: BookSource | None


@described
class RulebookCheck:
    """Result of checking rule files; nothing is stored."""

    ok: bool = told("There are no errors.")
    problems: list[RuleProblem] = told("All at once, by place.")
    rulebook: Rulebook | None = told("Null iff there are errors.")


async def _check_rulebook(
    info: Info, files: Annotated[list[RuleFileInput], strawberry.argument(description="Files as edited.")]
) -> CheckSource:
    """Checks rule files, stores nothing; the book it gives answers tests, preview, diff, back-test and health."""
    edits = {file.path: file.text for file in files}
    merged = await info.context.read(partial(merge_with_live, edits=edits))
    book, problems = await in_thread(partial(check_book, merged))
    if book is None:
        return CheckSource(False, [ProblemSource(problem, None) for problem in problems], None)
    return CheckSource(True, await problems_of(info, book), BookSource(book))


@described
class CheckQueries:
    """Questions about rule files that are not stored."""

    check_rulebook: RulebookCheck | None = answered(_check_rulebook)
