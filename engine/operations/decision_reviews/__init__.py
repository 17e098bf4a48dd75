"""Decisions that a person should look at: tasks of kind REVIEW, made by runs and closed by people or later runs."""

from engine.operations.decision_reviews.making import LAPSED, Queued, write_reviews

__all__ = ["LAPSED", "Queued", "write_reviews"]
