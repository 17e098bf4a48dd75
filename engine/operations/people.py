"""Whether two names are one person's, as far as names can tell."""

from __future__ import annotations

from dataclasses import dataclass

from engine.access import Actor, person_key


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, and for whom; both count as having acted.

    Attributes:
        key, on_behalf_key: As compared; `on_behalf_key` is empty when nobody else is meant.
    """

    name: str
    on_behalf_of: str | None
    key: str
    on_behalf_key: str

    @staticmethod
    def named(name: str, on_behalf_of: str | None = None) -> Person:
        """Read names somebody gave.

        Raises:
            InputError: No name.
        """
        own = Actor.named(name).name
        other = Actor.named(on_behalf_of).name if on_behalf_of and on_behalf_of.strip() else None
        return Person(own, other, person_key(own), person_key(other) if other else "")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those who act."""
        return (self.name,) if self.on_behalf_of is None else (self.name, self.on_behalf_of)

    def is_one_of(self, *keys: str) -> bool:
        """Either name is one of these."""
        known = {key for key in keys if key}
        return self.key in known or self.on_behalf_key in known
