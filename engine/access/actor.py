"""Who acts: the name that stands in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.access.people import has_unseen, person_key
from engine.errors import InputError
from engine.vocabulary import Text

SYSTEM: Final = "touchstone"
"""Announces the first signing key, which nobody asks for."""
SCHEDULER: Final = "schedule"
"""Makes live what was scheduled."""
ANYBODY: Final = "api"
"""Acts over HTTP as long as nobody has to prove who they are."""

_LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a role or a program that does something, e.g. `crm-ops`.

    Attributes:
        name: As it stands in the ledger; it never changes and is never erased, so it should be a role or an
            account, not the name of a person.
    """

    name: str

    @staticmethod
    def named(name: str | None) -> Actor:
        """Read a name somebody gave.

        Raises:
            InputError: No name, one longer than 100 characters, or one with line breaks or invisible characters.

        >>> Actor.named("  crm-ops ").name
        'crm-ops'
        """
        stripped = (name or "").strip()
        if not stripped:
            raise InputError(
                Text("It has to be said who acts.", "必须说明操作人。"),
                Text("Give `--by NAME` or set TOUCHSTONE_ACTOR.", "请用 `--by 名称` 或设置 TOUCHSTONE_ACTOR。"),
                code="REQUIRED",
            )
        if len(stripped) > _LONGEST or has_unseen(stripped):
            raise InputError(
                Text(
                    f"The name of who acts has more than {_LONGEST} characters or invisible ones.",
                    f"操作人名称超过 {_LONGEST} 个字符或含有不可见字符。",
                ),
                Text(
                    "Use a short name of a role or account, e.g. `crm-ops`.",
                    "请使用简短的角色或账号名，例如 `crm-ops`。",
                ),
                code="INVALID",
            )
        return Actor(stripped)

    @property
    def is_program(self) -> bool:
        """Whether entries of the product itself stand under this name: nobody may sign in with it.

        >>> Actor("ｓchedule ").is_program, Actor("scheduler").is_program
        (True, False)
        """
        return person_key(self.name) in {SYSTEM, SCHEDULER, ANYBODY}
