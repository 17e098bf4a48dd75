"""What changed between two rule books, in words."""

from engine.rulebook.difference.applying import applied
from engine.rulebook.difference.compare import diff_books
from engine.rulebook.difference.edit import EFFECT_TEXTS, Edit, Effect
from engine.rulebook.difference.portions import Portion, portions

__all__ = ["EFFECT_TEXTS", "Edit", "Effect", "Portion", "applied", "diff_books", "portions"]
