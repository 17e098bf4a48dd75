"""Ready tokens of the demo: one actor for each role, to try what each may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from engine.access import Role
from engine.cli import terminal
from engine.operations.granting import RolesGiven, TokenGiven, issue_token, set_roles
from engine.store import Database
from engine.vocabulary import Locale, Text

LIFE: Final = timedelta(days=7)

_BANNER: Final = (
    Text(
        "DEMO: this machine only, made-up customers. Without a token you are its user and may do everything;",
        "演示：仅限本机，客户均为虚构。不带令牌即为本机用户，拥有全部权限；",
    ),
    Text(
        "with one of these (Authorization: Bearer …) you may do what the role may (docs/access.md):",
        "带上以下令牌（Authorization: Bearer …）则只有相应角色的权限（docs/access.md）：",
    ),
)


def print_tokens(database: Database, locale: Locale) -> None:
    """Issue a token for each role and print them under a banner."""
    rows = [(role.lower(), _token(database, role)) for role in Role]
    terminal.say()
    for line in _BANNER:
        terminal.say(line.within(locale))
    terminal.table(("", ""), [(f"  {role}", token) for role, token in rows])
    terminal.say()


def _token(database: Database, role: Role) -> str:
    now, name = terminal.now(), f"demo-{role.lower()}"
    set_roles(database, RolesGiven(name, [role], "demo"), "demo", now)
    issued = issue_token(database, TokenGiven(name, "demo", [role], now + LIFE), "demo", now)
    assert issued.secret is not None
    return issued.secret
