"""What is wrong with imported data."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.store.tables import IssueRow


def newest_issues(session: Session, limit: int) -> list[IssueRow]:
    """The newest findings, newest first."""
    query = select(IssueRow).order_by(IssueRow.id.desc()).limit(limit)  # type: ignore[union-attr]
    return list(session.execute(query).scalars())


def count_issues(session: Session) -> list[tuple[str, str, int]]:
    """Findings by source and check, most frequent first."""
    number = func.count()
    query = (
        select(IssueRow.source, IssueRow.check_name, number)  # type: ignore[call-overload]
        .group_by(IssueRow.source, IssueRow.check_name)
        .order_by(number.desc(), IssueRow.source, IssueRow.check_name)
    )
    return [(source, check, int(count)) for source, check, count in session.execute(query)]
