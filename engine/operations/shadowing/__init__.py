"""A candidate that decides beside the live book, stored and never acted on (双轨并行)."""

from engine.operations.shadowing.comparing import Beside, Both, Day, beside_of
from engine.operations.shadowing.starting import end_shadow, newest_shadow, start_shadow

__all__ = ["Beside", "Both", "Day", "beside_of", "end_shadow", "newest_shadow", "start_shadow"]
