"""What `touchstone explain` tells of a stored decision, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from engine.cli.explanation import as_json, waiting_as_json
from engine.cli.told_change import told_lines
from engine.cli.told_records import MetricBehind, metrics_behind
from engine.cli.told_stale import stale_lines
from engine.decisions import loss_of_tier, told_loss, told_wait
from engine.decisions.record import TimeAlone
from engine.operations.explaining import ExplainedDecision, explain_decision
from engine.operations.stale_sources import StaleSource, stale_for_run
from engine.operations.waiting import time_alone_after
from engine.vocabulary import Locale


@dataclass(frozen=True, slots=True)
class ToldDecision:
    """An explained decision with what is told beside it.

    Attributes:
        stale: Sources whose metrics were unknown for their age.
        waited: Whether it was looked what waiting alone changes; `waiting` is what was found.
        behind: What stands behind each metric; None: nobody asked.
    """

    answer: ExplainedDecision
    stale: Sequence[StaleSource]
    waited: bool
    waiting: TimeAlone | None
    behind: Sequence[MetricBehind] | None = None

    def document(self) -> dict[str, Any]:
        """The `--json` shape."""
        stale = {"stale_sources": [one.source for one in self.stale]}
        behind = {} if self.behind is None else {"behind": [one.document() for one in self.behind]}
        return {**as_json(self.answer), **stale, **(waiting_as_json(self.waiting) if self.waited else {}), **behind}

    def lines(self, locale: Locale) -> Iterator[str]:
        """For a person: under a dozen, and a line for each source that is too old."""
        told = self.answer.explained
        ahead = [] if told.case is None else [*told_loss(loss_of_tier(told.case), locale)]
        if self.waited:
            ahead.append(told_wait(self.waiting, locale))
        yield from told_lines(self.answer, locale, room=len(ahead))
        yield from ahead
        yield from stale_lines(self.stale, told.timezone, locale)
        for one in self.behind or ():
            yield from one.lines(locale)


def told_decision(session: Session, number: int, waited: bool, records: bool = False) -> ToldDecision:
    """Read what is told of a decision.

    Args:
        waited: Look what waiting alone changes too: deciding two years of days takes its time.
        records: Look what stands behind each metric too.

    Raises:
        NotFoundError: There is none.
        DamagedError: A chunk does not fit its hash, or its outcome does not follow from its inputs.
    """
    answer = explain_decision(session, number)
    stale = stale_for_run(session, answer.run_id or 0, answer.explained.market)
    waiting = time_alone_after(session, answer) if waited else None
    return ToldDecision(answer, stale, waited, waiting, metrics_behind(session, answer) if records else None)
