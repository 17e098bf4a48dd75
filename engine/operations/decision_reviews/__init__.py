"""Decisions that a person should look at: made and closed by runs, assigned and closed by people."""

from engine.operations.decision_reviews.making import Queued, write_reviews
from engine.operations.decision_reviews.working import OUTCOMES, assign_review, close_review

__all__ = ["OUTCOMES", "Queued", "assign_review", "close_review", "write_reviews"]
