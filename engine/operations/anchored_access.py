"""Roles, API tokens and which fields are personal, beside what the ledger says of them.

Whoever could write these three tables unnoticed could do everything else in another's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.access import seal_of_secret
from engine.operations.granting import GRACE
from engine.operations.misfit import Misfit, compared, entries_of, gone, never_begun, without_entry
from engine.store.rows import table_of
from engine.store.tables import ActorRow, ApiTokenRow, PersonalFieldRow, RoleGrantRow
from engine.vocabulary import EntryKind, Text

Said = dict[str, Any]

_ACTORS: Final = table_of(ActorRow).c


@dataclass(slots=True)
class _Ledger:
    """What the entries say, one after another.

    Attributes:
        roles: By actor, the last entry about their roles and, role by role, who gave it when.
        tokens: By number, the last entry about a token and what its row has to hold since.
    """

    roles: dict[str, tuple[int, dict[str, Said]]] = field(default_factory=dict)
    tokens: dict[int, tuple[int, Said]] = field(default_factory=dict)

    def take(self, position: int, entry: Mapping[str, Any]) -> Misfit | None:
        """Go one entry on; gives what is wrong with it, if it goes on with what never began."""
        body, at = entry["body"], datetime.fromisoformat(entry["at"])
        if entry["kind"] == EntryKind.ROLE:
            _, held = self.roles.get(body["actor"], (0, {}))
            fresh = {"by": entry["actor"], "at": at}
            self.roles[body["actor"]] = (position, {role: held.get(role, fresh) for role in body["roles"]})
            return None
        number = int(body["token"])
        if "revoked" not in body:
            self.tokens[number] = (position, _issued(entry, at))
            return self._replace(position, body, at) if "replaces" in body else None
        return self._end(position, number, at)

    def _replace(self, position: int, body: Mapping[str, Any], at: datetime) -> Misfit | None:
        """The token that was replaced has a day of grace, unless it ends before."""
        number = int(body["replaces"])
        before = self.tokens[number][1]["revoked_at"] if number in self.tokens else None
        until = datetime.fromisoformat(body["replaced_until"]) if "replaced_until" in body else at + GRACE
        return self._end(position, number, until if before is None else min(before, until))

    def _end(self, position: int, number: int, until: datetime) -> Misfit | None:
        if number not in self.tokens:
            return never_begun(position, _token(number))
        self.tokens[number] = (position, {**self.tokens[number][1], "revoked_at": until})
        return None


def access_misfits(session: Session) -> Iterator[Misfit]:
    """Roles, tokens and personal fields that are not as the ledger says."""
    ledger = _Ledger()
    for position, entry in entries_of(session, EntryKind.ROLE, EntryKind.TOKEN):
        wrong = ledger.take(position, entry)
        if wrong is not None:
            yield wrong
    yield from _role_misfits(session, ledger)
    yield from _token_misfits(session, ledger)
    yield from _field_misfits(session)


def _role_misfits(session: Session, ledger: _Ledger) -> Iterator[Misfit]:
    """Roles of actors; one without an entry counts as an actor without roles."""
    grant = table_of(RoleGrantRow).c
    stored: dict[str, dict[str, Said]] = {name: {} for (name,) in session.execute(select(_ACTORS.name))}
    query = select(grant.actor_id, _ACTORS.name, grant.role, grant.granted_by, grant.granted_at)
    for number, name, role, by, at in session.execute(query.outerjoin(ActorRow, _ACTORS.id == grant.actor_id)):
        stored.setdefault(f"#{number}" if name is None else name, {})[role] = {"by": by, "at": at}
    for name, (position, roles) in ledger.roles.items():
        found = stored.pop(name, None)
        if found is None:
            yield gone(position, _actor(name))
        elif found != roles:
            yield _other_roles(position, name, roles, found)
    yield from (without_entry(_actor(name)) for name in sorted(stored))


def _other_roles(position: int, name: str, said: Mapping[str, Said], found: Mapping[str, Said]) -> Misfit:
    """Which roles differ: had and not given, given and not had, or given by somebody else or at another time."""
    wrong = sorted(role for role in {*said, *found} if said.get(role) != found.get(role))
    signs = {role: "" if role in said and role in found else "+" if role in found else "−" for role in wrong}
    told = ", ".join(f"{signs[role]}{role.lower()}" for role in wrong)
    return Misfit(
        position,
        Text(f"The roles of {name} are not as their entry says: {told}.", f"{name} 的角色与其账本记录不符：{told}。"),
    )


def _token_misfits(session: Session, ledger: _Ledger) -> Iterator[Misfit]:
    query = select(ApiTokenRow, _ACTORS.name).outerjoin(ActorRow, _ACTORS.id == table_of(ApiTokenRow).c.actor_id)
    rows = {row.id or 0: _stored(row, name) for row, name in session.execute(query)}
    yield from compared(ledger.tokens, rows, _token)


def _field_misfits(session: Session) -> Iterator[Misfit]:
    """Fields that an import marked as personal are so for good; the import's entry names them."""
    said = {
        name: position
        for position, entry in reversed(entries_of(session, EntryKind.IMPORT))
        for name in entry["body"].get("personal", ())
    }
    stored = set(session.execute(select(table_of(PersonalFieldRow).c.name)).scalars())
    yield from (gone(said[name], _field(name)) for name in sorted(said.keys() - stored))
    yield from (without_entry(_field(name)) for name in sorted(stored - said.keys()))


def _issued(entry: Mapping[str, Any], at: datetime) -> Said:
    """What a token's first entry says; older ones say less."""
    body = entry["body"]
    said = {
        "actor": body["actor"],
        "roles": body["roles"],
        "expires_at": datetime.fromisoformat(body["expires_at"]),
        "by": entry["actor"],
        "at": at,
        "replaces": body.get("replaces"),
        "revoked_at": None,
    }
    return said | {name: body[name] for name in ("handle", "secret") if name in body}


def _stored(row: ApiTokenRow, name: str | None) -> Said:
    """A row under the names entries use."""
    return {
        "actor": name,
        "roles": row.roles.split(),
        "expires_at": row.expires_at,
        "by": row.created_by,
        "at": row.created_at,
        "replaces": row.replaces_id,
        "revoked_at": row.revoked_at,
        "handle": row.handle,
        "secret": seal_of_secret(row.secret_hash),
    }


def _actor(name: str) -> tuple[str, str]:
    return f"the actor {name}", f"操作人 {name}"


def _token(number: int) -> tuple[str, str]:
    return f"API token {number}", f"API 令牌 {number}"


def _field(name: str) -> tuple[str, str]:
    return f"the personal field {name}", f"个人数据字段 {name}"
