"""Who asks, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from engine.access.roles import Permission, Role, permissions_of, roles_with
from engine.errors import ForbiddenError
from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever makes a request.

    Attributes:
        name: As it stands in the ledger.
        roles: Those that count in this request: of the actor, narrowed by the token.
        local: Nobody had to prove anything: this machine's own user, who could read the database file as well.
        until: When what was shown as proof ends; None: it does not.
    """

    name: str
    roles: frozenset[Role]
    local: bool = False
    until: datetime | None = None
    permissions: frozenset[Permission] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "permissions", permissions_of(self.roles))

    @staticmethod
    def on_this_machine(name: str) -> Caller:
        """The caller as long as nobody has to prove who they are: everything is allowed."""
        return Caller(name, frozenset(Role), local=True)

    @staticmethod
    def nobody() -> Caller:
        """A caller without any right."""
        return Caller("", frozenset())

    def may(self, permission: Permission) -> bool:
        """Whether this is allowed."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Refuse what is not allowed.

        Raises:
            ForbiddenError: It is not; the sentence names the roles that could.
        """
        if permission not in self.permissions:
            raise forbidden(roles_with(permission))


def forbidden(roles: Iterable[Role]) -> ForbiddenError:
    """The refusal of what only these roles may do.

    >>> str(forbidden([Role.AUTHOR, Role.OPERATOR]))
    'This needs the role author or operator.'
    """
    names = [role.lower() for role in roles]
    return ForbiddenError(
        Text(f"This needs the role {' or '.join(names)}.", f"此操作需要角色 {' 或 '.join(names)}。"),
        Text(
            "Ask an administrator for it, or use a token that carries it.", "请向管理员申请，或使用带有该角色的令牌。"
        ),
    )
