"""Who acts and who may do what; where the server may listen while it cannot tell who calls."""

from engine.access.actor import ANYBODY, SCHEDULER, SYSTEM, Actor
from engine.access.caller import Caller, forbidden
from engine.access.files import open_private
from engine.access.listening import is_loopback, require_loopback
from engine.access.people import person_key
from engine.access.personal import is_personal, mask
from engine.access.roles import (
    EXCLUSIVE,
    MATRIX,
    PERMISSION_TEXTS,
    Permission,
    Role,
    implies,
    permissions_of,
    read_roles,
    refuse_exclusive,
    refuse_own,
    roles_with,
)
from engine.access.secret import PREFIX, Secret, digest_of_secret, handle_of, is_secret_of, new_secret, seal_of_secret

__all__ = [
    "ANYBODY",
    "EXCLUSIVE",
    "MATRIX",
    "PERMISSION_TEXTS",
    "PREFIX",
    "SCHEDULER",
    "SYSTEM",
    "Actor",
    "Caller",
    "Permission",
    "Role",
    "Secret",
    "digest_of_secret",
    "forbidden",
    "handle_of",
    "implies",
    "is_loopback",
    "is_personal",
    "is_secret_of",
    "mask",
    "new_secret",
    "open_private",
    "permissions_of",
    "person_key",
    "read_roles",
    "refuse_exclusive",
    "refuse_own",
    "require_loopback",
    "roles_with",
    "seal_of_secret",
]
