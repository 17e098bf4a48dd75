"""Enumerations of the API's own: states, causes, kinds and the codes of user errors."""

from __future__ import annotations

from enum import StrEnum

from engine.rulebook import Effect as EditEffect
from schema.enums import declare


class TierResult(StrEnum):
    """What became of one tier in a decision."""

    TAKEN = "TAKEN"
    OUTRANKED = "OUTRANKED"
    SCORE = "SCORE"
    GATE = "GATE"
    UNKNOWN = "UNKNOWN"
    FORCED = "FORCED"


declare(
    TierResult,
    "What became of one tier in a decision.",
    TAKEN="this is the computed tier",
    OUTRANKED="its conditions hold, a better tier was taken",
    SCORE="score too low",
    GATE="a gate does not hold",
    UNKNOWN="score bounds or a gate leave it open",
    FORCED="a force rule decided instead",
)


class TierRoute(StrEnum):
    """By which door a tier was taken."""

    SCORE = "SCORE"
    OR_WHEN = "OR_WHEN"
    FORCE = "FORCE"
    LAST = "LAST"
    HELD = "HELD"
    STEP_DOWN = "STEP_DOWN"
    STEP_UP = "STEP_UP"
    BEST_POSSIBLE = "BEST_POSSIBLE"
    WORST_POSSIBLE = "WORST_POSSIBLE"


declare(
    TierRoute,
    "By which door a tier was taken: its score, its `or_when`, a force rule, being last, the stored tier being kept, "
    "a step on the way to another tier, or what missing data leave open.",
    SCORE="its score",
    OR_WHEN="its `or_when`",
    FORCE="a force rule",
    LAST="it takes everybody else",
    HELD="the stored tier was kept",
    STEP_DOWN="one step down on the way to the tier the rules ask for (`down: one_step`)",
    STEP_UP="one step up on the way to the tier the rules ask for (`up: one_step`)",
    BEST_POSSIBLE="a fall to the best tier that missing data leave open",
    WORST_POSSIBLE="a rise to the worst tier that missing data leave open",
)


class ChangeCause(StrEnum):
    """Cause of a part of a change."""

    BEHAVIOUR = "BEHAVIOUR"
    DATA_CORRECTION = "DATA_CORRECTION"
    RULE = "RULE"
    MODEL = "MODEL"
    OVERRIDE = "OVERRIDE"
    TIME = "TIME"


declare(
    ChangeCause,
    "Cause of a part of a change, in the fixed order in which inputs are swapped.",
    BEHAVIOUR="new records of the customer",
    DATA_CORRECTION="earlier facts became known or were corrected",
    RULE="another revision of the rule book",
    MODEL="another model or value estimate",
    OVERRIDE="a tier set by hand, or its end",
    TIME="time passing",
)


class DispatchState(StrEnum):
    """State of a dispatch."""

    PENDING = "PENDING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SUPPRESSED = "SUPPRESSED"


declare(
    DispatchState,
    "State of a dispatch.",
    PENDING="waits in the outbox",
    SENT="handed to its channel",
    DELIVERED="the channel confirmed it",
    FAILED="the channel gave up",
    CANCELLED="taken back before it left",
    SUPPRESSED="not made, see `suppressedBy`",
)


class TaskState(StrEnum):
    """State of a task."""

    OPEN = "OPEN"
    DONE = "DONE"
    DISMISSED = "DISMISSED"
    EXPIRED = "EXPIRED"


declare(
    TaskState,
    "State of a task.",
    OPEN="somebody has to do it",
    DONE="done, see `outcome`",
    DISMISSED="not to be done, see `outcome`",
    EXPIRED="nobody did it in time",
)


class TaskKind(StrEnum):
    """What a task is about."""

    CAMPAIGN = "CAMPAIGN"
    REVIEW = "REVIEW"


declare(
    TaskKind,
    "What a task is about: a campaign's owner task, or (D) a decision that needs a person.",
    CAMPAIGN="a campaign's owner task",
    REVIEW="a decision that needs a person",
)


class ChangeState(StrEnum):
    """State of a rule change."""

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


declare(
    ChangeState,
    "State of a rule change.",
    DRAFT="being edited",
    VALIDATED="checked without errors",
    PREVIEWED="its effect was computed",
    IN_REVIEW="waits for an approver",
    APPROVED="may be published",
    SCHEDULED="goes live at a set time",
    NEEDS_ATTENTION="stopped; somebody has to look",
    LIVE="decides now",
    SUPERSEDED="another revision took its place",
    ROLLED_BACK="an earlier revision was published again instead",
    REJECTED="an approver refused it",
    WITHDRAWN="its author took it back",
)


declare(
    EditEffect,
    "Effect of one semantic edit.",
    name="EditEffect",
    NO_OP="none",
    NON_MOVING="none on tiers",
    MOVING="may move somebody",
    BREAKING="removes or retypes something others use",
)


class RunState(StrEnum):
    """State of a run."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


declare(
    RunState,
    "State of a run.",
    RUNNING="deciding",
    DONE="all decisions are stored",
    FAILED="stopped, see `problem`; nothing of it is stored",
    CANCELLED="stopped by somebody; nothing of it is stored",
)


class ReviewReason(StrEnum):
    """Why a decision needs a person."""

    MISSING_DATA = "MISSING_DATA"
    NEAR_THRESHOLD = "NEAR_THRESHOLD"
    GUARDRAIL = "GUARDRAIL"


declare(
    ReviewReason,
    "Why a decision needs a person.",
    MISSING_DATA="missing data keep the tier, or it is provisional for want of them",
    NEAR_THRESHOLD="the score is close to a tier's start, and the customer among the most valuable",
    GUARDRAIL="a move of a run that moves more than a guardrail allows",
)


class OverrideState(StrEnum):
    """State of an override."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    ENDED = "ENDED"
    REFUSED = "REFUSED"


declare(
    OverrideState,
    "State of an override. PENDING waits for a second approver (D).",
    PENDING="waits for a second person",
    ACTIVE="in force",
    EXPIRED="its time is over",
    ENDED="ended before its time",
    REFUSED="a second person refused it",
)


class CustomerOrderKey(StrEnum):
    """Sort key of customers."""

    SCORE = "SCORE"
    CLV = "CLV"
    CHURN = "CHURN"
    UPDATED = "UPDATED"


declare(
    CustomerOrderKey,
    "Sort key of customers: ties are broken by id.",
    SCORE="score of the latest decision",
    CLV="lifetime value of the latest decision",
    CHURN="churn probability of the latest decision",
    UPDATED="last record, edit or decision",
)


class Direction(StrEnum):
    """Sort direction."""

    ASC = "ASC"
    DESC = "DESC"


declare(Direction, "Sort direction; unknown sorts last in both.", ASC="smallest first", DESC="largest first")

__all__ = [
    "ChangeCause",
    "ChangeState",
    "CustomerOrderKey",
    "Direction",
    "DispatchState",
    "EditEffect",
    "OverrideState",
    "ReviewReason",
    "RunState",
    "TaskKind",
    "TaskState",
    "TierResult",
    "TierRoute",
]
