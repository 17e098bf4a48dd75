"""Who acts, and where the server may listen while it cannot tell who calls."""

from engine.access.actor import Actor
from engine.access.listening import is_loopback, require_loopback
from engine.access.people import person_key

__all__ = ["Actor", "is_loopback", "person_key", "require_loopback"]
