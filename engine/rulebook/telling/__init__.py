"""Rule books said back in plain words, and two markets side by side."""

from engine.rulebook.telling.book import tell_book
from engine.rulebook.telling.comparison import SECTIONS, SHORT, Cell, Row, compare_markets
from engine.rulebook.telling.phrases import Line

__all__ = ["SECTIONS", "SHORT", "Cell", "Line", "Row", "compare_markets", "tell_book"]
