"""Touchstone's engine: rule books, metrics, decisions, store and operations."""

__version__ = "0.1.0"

REPLAYED_VERSIONS = frozenset((__version__,))
"""Engine versions whose stored decisions this code makes again bit for bit: its own, and earlier ones that it is known
to agree with. A release that decides anything otherwise leaves them out; what they decided then needs that version."""
