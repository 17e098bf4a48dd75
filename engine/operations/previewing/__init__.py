"""Preview: a candidate rule book against the live one over the whole stored base; nothing is written."""

from engine.operations.previewing.comparing import Deciding, compare
from engine.operations.previewing.instants import usual_instant
from engine.operations.previewing.preview import MOST_EDITS, Preview, attribute, preview
from engine.operations.previewing.stored_base import Base, Known, StoredBase
from engine.operations.stale_sources import StaleSource, stale_sources

__all__ = [
    "MOST_EDITS",
    "Base",
    "Deciding",
    "Known",
    "Preview",
    "StaleSource",
    "StoredBase",
    "attribute",
    "compare",
    "preview",
    "stale_sources",
    "usual_instant",
]
