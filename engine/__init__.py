"""Touchstone's engine: rule books, metrics, decisions, store and operations."""

__version__ = "0.1.0"
