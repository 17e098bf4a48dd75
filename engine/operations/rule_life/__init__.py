"""Life of a rule change: proposed, previewed, reviewed by others than its author, published, rolled back."""

from engine.operations.people import Person
from engine.operations.rule_life.activating import RolledBack, publish_change, roll_back
from engine.operations.rule_life.changes import (
    approvals_of,
    change_of,
    crossed_of,
    reviews_of,
    void_change,
    void_review,
)
from engine.operations.rule_life.proposing import Proposal, Proposed, propose
from engine.operations.rule_life.rebasing import files_of_edit
from engine.operations.rule_life.reviewing import Reviewed, Verdict, review, withdraw
from engine.operations.rule_life.scheduling import (
    Activation,
    activate_due,
    schedule_change,
    unschedule_change,
)
from engine.operations.rule_life.seen import Figures, figures_of, seen_again
from engine.operations.rule_life.states import OPEN, STATE_TEXTS, TRANSITIONS, State, Step, after
from engine.operations.rule_life.trail import Trail, Withdrawal, trails_of

__all__ = [
    "OPEN",
    "STATE_TEXTS",
    "TRANSITIONS",
    "Activation",
    "Figures",
    "Person",
    "Proposal",
    "Proposed",
    "Reviewed",
    "RolledBack",
    "State",
    "Step",
    "Trail",
    "Verdict",
    "Withdrawal",
    "activate_due",
    "after",
    "approvals_of",
    "change_of",
    "crossed_of",
    "figures_of",
    "files_of_edit",
    "propose",
    "publish_change",
    "review",
    "reviews_of",
    "roll_back",
    "schedule_change",
    "seen_again",
    "trails_of",
    "unschedule_change",
    "void_change",
    "void_review",
    "withdraw",
]
