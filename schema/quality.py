"""Data quality: what is wrong with imported data."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from engine.errors import Severity
from engine.store.reading import IssueFilter, IssueView, Kind, count_issues, issues_page, slice_of
from schema.context import Info
from schema.describing import answered, backed_by, described, given, given_or, identified, read, spoken_pair, told
from schema.lookups import customer_or_none
from schema.pointers import CustomerLater
from schema.relay import After, Before, Connection, First, Last, Node, Paged, listed


def _severity(root: IssueView) -> Severity:
    """How bad it is."""
    return Severity(root.severity.lower())


@described
class DataQualityIssue(Node):
    """Something wrong with imported data; a quarantined row takes part in nothing."""

    is_type_of = backed_by(IssueView)

    id: strawberry.ID = identified(Kind.ISSUE)
    check: str = read("check_name", "Stable name of the check.")
    severity: Severity = answered(_severity)
    message: str = spoken_pair("message", "What is wrong, one sentence.")
    source: str = told("The system the data came from.")
    file: str | None = told("File of an import; null: not from a file.")
    row: int | None = told("Row from 1 of that file; null: not from a file.")
    field: str | None = told("Column or field; null: the whole row.")
    quarantined: bool = told("The row was put aside.")
    customer: CustomerLater | None = answered(customer_or_none)
    found_at: datetime = told("When it was found.")
    resolved_at: datetime | None = told("Null: open.")


@given
class DataQualityFilter:
    """All given parts must hold."""

    severity: list[Severity] | None = given_or(None, "Any of these.")
    source: str | None = given_or(None, "The system the data came from.")
    check: str | None = given_or(None, "Stable name of the check.")
    open: bool | None = given_or(None, "True: not resolved; false: resolved.")


async def _issues(
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    filter: Annotated[DataQualityFilter | None, strawberry.argument(description="Which issues.")] = None,
) -> Paged:
    """What is wrong with imported data, the newest found first."""
    kept = IssueFilter()
    if filter is not None:
        severities = None if filter.severity is None else tuple(severity.name for severity in filter.severity)
        kept = IssueFilter(severities, filter.source, filter.check, filter.open)
    slice_ = slice_of(first, after, last, before)
    return await listed(info, partial(issues_page, filter_=kept, slice_=slice_), partial(count_issues, filter_=kept))


@described
class QualityQueries:
    """Questions about data quality."""

    data_quality_issues: Connection[DataQualityIssue] | None = answered(_issues)
