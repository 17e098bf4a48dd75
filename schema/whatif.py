"""What-if: one customer decided with changed inputs; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

import strawberry
from sqlalchemy.orm import Session

from engine.errors import InputError, Problem, RuleBookError, Severity, UserProblemsError
from engine.operations.publishing import merge_with_live
from engine.operations.whatif import Asked, try_out
from engine.rulebook import Book, load_book
from engine.vocabulary import Text
from schema.context import Info
from schema.describing import answered, described, given, given_or, told
from schema.explaining import WhatIfSource
from schema.explanations import Explanation
from schema.publishing import RuleFileInput
from schema.scalars import Ref, Value

Edits = tuple[tuple[str, str], ...]
"""Paths and texts of a draft."""

_MOST_TOLD: Final = 50
_LISTED: Final = Text(
    "`checkRulebook` lists every problem with its place and what to do.",
    "`checkRulebook` 可列出每个问题的位置和处理办法。",
)


@given
class FactInput:
    """A metric set by hand."""

    metric: str = told("As in the rule book; expressions that read it follow.")
    value: Value | None = given_or(None, "Null: unknown.")


@given
class WhatIfInput:
    """`asOf` default: now. `files` default: the live revision; with problems the fault is BAD_USER_INPUT (see
    `checkRulebook`)."""

    customer: Ref = told("Whom to decide.")
    as_of: datetime | None = given_or(None, "May lie before the latest decision. Default: now.")
    as_known_at: datetime | None = given_or(None, "Only what was recorded by then counts. Default: all that is known.")
    facts: list[FactInput] = given_or([], "Metrics set by hand, each once.")
    files: list[RuleFileInput] | None = given_or(None, "Draft rule files. Default: the live revision.")


async def _what_if(
    info: Info, input: Annotated[WhatIfInput, strawberry.argument(description="Whom to decide, and what to change.")]
) -> WhatIfSource:
    """Decides for one customer with changed inputs; writes nothing."""
    context = info.context
    asked = Asked(
        ref=input.customer,
        as_of=await context.instant_or_none(input.as_of),
        as_known_at=await context.instant_or_none(input.as_known_at),
        facts=[(fact.metric, fact.value) for fact in input.facts],
        book=await _draft(info, input.files),
    )
    try:
        tried = await context.read(partial(try_out, asked=asked, now=context.now))
    except UserProblemsError as error:
        raise _together([problem.message for problem in error.problems], error.problems[0].hint) from error
    context.keep_book(tried.book)
    decision = tried.decision
    who = (decision.customer_id, decision.ref)
    return WhatIfSource(
        decision.explained, *who, tried.clocks.as_known_at, churn=decision.churn, set_by_hand=tried.by_hand
    )


async def _draft(info: Info, files: Sequence[RuleFileInput] | None) -> Book | None:
    """The book that the files make with those of the live revision; None: nothing is edited."""
    if not files:
        return None
    edits = {file.path: file.text for file in files}
    try:
        book: Book | None = await info.context.load(_drafts, tuple(sorted(edits.items())))
    except RuleBookError as error:
        wrong = [_told(problem) for problem in error.problems if problem.severity is Severity.ERROR]
        raise _together(wrong, _LISTED) from error
    return book


def _drafts(session: Session, keys: Sequence[Edits]) -> Mapping[Edits, Any]:
    """The books of drafts, each read once in a request; one that is broken is its own fault alone."""
    return {key: _loaded(merge_with_live(session, dict(key))) for key in keys}


def _loaded(files: Mapping[str, str]) -> Book | RuleBookError:
    try:
        return load_book(files)
    except RuleBookError as error:
        return error


def _told(problem: Problem) -> Text:
    return Text(f"{problem.place}: {problem.message.en}", f"{problem.place}：{problem.message.zh}")


def _together(messages: Sequence[Text], hint: Text) -> InputError:
    """One fault that tells all mistakes; of very many only so that they can still be read."""
    shown, more = messages[:_MOST_TOLD], len(messages) - _MOST_TOLD
    en, zh = " ".join(one.en for one in shown), "".join(one.zh or one.en for one in shown)
    return InputError(
        Text(f"{en} … {more} more." if more > 0 else en, f"{zh}另有 {more} 个。" if more > 0 else zh), hint
    )


@described
class WhatIfQueries:
    """Questions about decisions that are not stored."""

    what_if: Explanation | None = answered(_what_if)
