"""Why a decision came out so: criteria, tiers, holds, reasons, the way up, what changed, in words."""

from engine.decisions.explanation.change import CHANGE_CAUSES, Inputs, change_parts, moved_by_rules
from engine.decisions.explanation.explain import explain_row
from engine.decisions.explanation.losses import loss_of_tier
from engine.decisions.explanation.narration import CAUSE_TEXTS, MOST_LINES, narrate
from engine.decisions.explanation.outlook import told_loss, told_wait

__all__ = [
    "CAUSE_TEXTS",
    "CHANGE_CAUSES",
    "MOST_LINES",
    "Inputs",
    "change_parts",
    "explain_row",
    "loss_of_tier",
    "moved_by_rules",
    "narrate",
    "told_loss",
    "told_wait",
]
