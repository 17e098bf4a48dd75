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
from engine.rulebook.by_hand import (
    NearThreshold,
    OverrideRules,
    ReviewQueue,
    SecondApprover,
)
from engine.rulebook.checks import InlineTest, Invariant
from engine.rulebook.difference import EFFECT_TEXTS, Edit, Effect, Portion, applied, diff_books, portions
from engine.rulebook.given import read_given
from engine.rulebook.guardrails import Guardrail, guardrails_of
from engine.rulebook.loader import check_book, load_book, load_published
from engine.rulebook.plain import book_from_plain
from engine.rulebook.revision import revision_of

__all__ = [
    "EFFECT_TEXTS",
    "Book",
    "Edit",
    "Effect",
    "Force",
    "Gate",
    "Guardrail",
    "InlineTest",
    "Invariant",
    "MarketBook",
    "NearThreshold",
    "OverrideRules",
    "Portion",
    "Reason",
    "ReviewQueue",
    "RiskBands",
    "RuleFile",
    "SecondApprover",
    "Stability",
    "StageRule",
    "Tier",
    "applied",
    "book_from_plain",
    "check_book",
    "diff_books",
    "guardrails_of",
    "load_book",
    "load_published",
    "portions",
    "read_given",
    "revision_of",
]
