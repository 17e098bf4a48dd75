"""A candidate that decides beside the live book, stored and never acted on (双轨并行)."""

from engine.operations.shadowing.beside import is_running
from engine.operations.shadowing.comparing import Both, Day, SideBySide, days_of, side_by_side
from engine.operations.shadowing.explaining import candidate_explained
from engine.operations.shadowing.failing import Trouble, last_trouble
from engine.operations.shadowing.starting import end_shadow, newest_shadow, start_shadow

__all__ = [
    "Both",
    "Day",
    "SideBySide",
    "Trouble",
    "candidate_explained",
    "days_of",
    "end_shadow",
    "is_running",
    "last_trouble",
    "newest_shadow",
    "side_by_side",
    "start_shadow",
]
