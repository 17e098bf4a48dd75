"""The explanation of a decision as a document: one printable page for a customer or an auditor."""

from engine.operations.documents.gathering import MOST_RECORDS, Documented, documented
from engine.operations.documents.page import page_of, policy, refusal_page

__all__ = ["MOST_RECORDS", "Documented", "documented", "page_of", "policy", "refusal_page"]
