"""The states of a rule change and what leads from one to another; pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from engine.errors import InputError
from engine.vocabulary import Text


class State(StrEnum):
    """How far a rule change has come."""

    DRAFT = "DRAFT"
    VALIDATED = "VALIDATED"
    PREVIEWED = "PREVIEWED"
    IN_REVIEW = "IN_REVIEW"
    APPROVED = "APPROVED"
    SCHEDULED = "SCHEDULED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"
    LIVE = "LIVE"
    SUPERSEDED = "SUPERSEDED"
    ROLLED_BACK = "ROLLED_BACK"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class Step(StrEnum):
    """What happens to a rule change."""

    EDIT = "EDIT"
    VALIDATE = "VALIDATE"
    PREVIEW = "PREVIEW"
    SUBMIT = "SUBMIT"
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    WITHDRAW = "WITHDRAW"
    PUBLISH = "PUBLISH"
    SCHEDULE = "SCHEDULE"
    UNSCHEDULE = "UNSCHEDULE"
    ACTIVATE = "ACTIVATE"
    STOP = "STOP"
    SUPERSEDE = "SUPERSEDE"
    ROLL_BACK = "ROLL_BACK"


OPEN: Final = (
    State.DRAFT,
    State.VALIDATED,
    State.PREVIEWED,
    State.IN_REVIEW,
    State.APPROVED,
    State.SCHEDULED,
    State.NEEDS_ATTENTION,
)
"""States of a change that may still go live."""

TRANSITIONS: Final[Mapping[tuple[State, Step], State]] = {
    **{(state, Step.EDIT): State.DRAFT for state in OPEN},
    **{(state, Step.WITHDRAW): State.WITHDRAWN for state in OPEN},
    (State.DRAFT, Step.VALIDATE): State.VALIDATED,
    (State.VALIDATED, Step.PREVIEW): State.PREVIEWED,
    (State.PREVIEWED, Step.SUBMIT): State.IN_REVIEW,
    (State.IN_REVIEW, Step.APPROVE): State.APPROVED,
    (State.IN_REVIEW, Step.REJECT): State.REJECTED,
    (State.APPROVED, Step.PUBLISH): State.LIVE,
    (State.APPROVED, Step.SCHEDULE): State.SCHEDULED,
    (State.SCHEDULED, Step.UNSCHEDULE): State.APPROVED,
    (State.SCHEDULED, Step.ACTIVATE): State.LIVE,
    (State.SCHEDULED, Step.STOP): State.NEEDS_ATTENTION,
    (State.LIVE, Step.SUPERSEDE): State.SUPERSEDED,
    (State.LIVE, Step.ROLL_BACK): State.ROLLED_BACK,
}
"""Every step there is; what is not here is refused.

What stopped is edited or withdrawn, and nothing else: what stopped it (a guardrail crossed by the customers of then,
say) is not in the preview that was approved, so that approval may not come back.
"""

STATE_TEXTS: Final[Mapping[State, Text]] = {
    State.DRAFT: Text("a draft", "草稿"),
    State.VALIDATED: Text("checked", "已校验"),
    State.PREVIEWED: Text("previewed", "已预览"),
    State.IN_REVIEW: Text("in review", "审批中"),
    State.APPROVED: Text("approved", "已批准"),
    State.SCHEDULED: Text("scheduled", "待定时生效"),
    State.NEEDS_ATTENTION: Text("stopped and needs attention", "已中止，需处理"),
    State.LIVE: Text("live", "生效中"),
    State.SUPERSEDED: Text("superseded", "已被取代"),
    State.ROLLED_BACK: Text("rolled back", "已回退"),
    State.REJECTED: Text("rejected", "已驳回"),
    State.WITHDRAWN: Text("withdrawn", "已撤回"),
}
"""States in words."""


def after(state: State, step: Step) -> State:
    """The state a step leads to.

    Raises:
        InputError: The state does not allow the step (WRONG_STATE).

    >>> after(State.IN_REVIEW, Step.APPROVE).value
    'APPROVED'
    """
    found = TRANSITIONS.get((state, step))
    if found is None:
        told = STATE_TEXTS[state]
        raise InputError(
            Text(f"This change is {told.en}; that is not possible now.", f"该变更{told.zh}，当前不能执行此操作。"),
            Text("`touchstone rules log` shows every change.", "`touchstone rules log` 可查看所有变更。"),
            code="WRONG_STATE",
        )
    return found
