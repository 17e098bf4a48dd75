"""What changed between two rule books, in words."""

from engine.rulebook.difference.compare import diff_books
from engine.rulebook.difference.edit import Edit, Effect

__all__ = ["Edit", "Effect", "diff_books"]
