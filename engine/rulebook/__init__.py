"""Rule files with places, checked and linked into one rule book."""

from engine.rulebook.book import (
    Book,
    Force,
    Gate,
    MarketBook,
    Reason,
    RiskBands,
    RuleFile,
    Stability,
    StageRule,
    Tier,
)
from engine.rulebook.checks import InlineTest, Invariant
from engine.rulebook.difference import Edit, Effect, diff_books
from engine.rulebook.loader import check_book, load_book
from engine.rulebook.plain import book_from_plain
from engine.rulebook.revision import revision_of

__all__ = [
    "Book",
    "Edit",
    "Effect",
    "Force",
    "Gate",
    "InlineTest",
    "Invariant",
    "MarketBook",
    "Reason",
    "RiskBands",
    "RuleFile",
    "Stability",
    "StageRule",
    "Tier",
    "book_from_plain",
    "check_book",
    "diff_books",
    "load_book",
    "revision_of",
]
