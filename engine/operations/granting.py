"""Roles of actors, and their API tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.access import Actor, Role, Secret, new_secret, read_roles, refuse_exclusive, seal_of_secret
from engine.audit import Json
from engine.errors import InputError, UserProblem, UserProblemsError
from engine.operations.actor_names import read_name, refuse_lookalike, refuse_program
from engine.operations.idempotency import recall, remember
from engine.store import Database, append_entry
from engine.store.rows import table_of
from engine.store.tables import ActorRow, ApiTokenRow, RoleGrantRow
from engine.vocabulary import EntryKind, Text

GRACE: Final = timedelta(days=1)
"""How long a token goes on after another one has replaced it."""
LONGEST: Final = timedelta(days=400)
"""A token lives no longer: secrets that never change are the ones that leak."""
LONGEST_LABEL: Final = 100


@dataclass(frozen=True, slots=True)
class RolesGiven:
    """All roles an actor is to have from now on."""

    actor: str
    roles: Sequence[str]
    reason: str


@dataclass(frozen=True, slots=True)
class TokenGiven:
    """A token to be issued.

    Attributes:
        actor: Whose it is; must have roles already.
        label: What it is for, as people recognise it in a list.
        roles: A part of the actor's roles.
        replaces: Row number of a token of the same actor that ends after `GRACE`.
    """

    actor: str
    label: str
    roles: Sequence[str]
    expires_at: datetime
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """Row number of a token, and its secret: None when the same call is repeated."""

    token: int
    secret: str | None


def set_roles(database: Database, given: RolesGiven, actor: str, now: datetime, key: str | None = None) -> str:
    """Give an actor exactly these roles, none too; gives the actor's name as stored.

    Raises:
        InputError: No name, one of the product's own or one that looks like another actor's, no reason, a role there
            is not, or two that exclude each other.
    """
    named = read_name(given.actor)
    name, roles = named.name, read_roles(given.roles)
    refuse_exclusive(roles)
    if not given.reason.strip():
        raise _problem("REQUIRED", "reason", Text("A change of roles needs a reason.", "变更角色必须说明原因。"))
    asked = [name, sorted(roles), given.reason, actor]
    with database.write() as session:
        if recall(session, actor, key, "setRoles", asked, now) is None:
            row = _actor(session, name, now)
            before = _roles_of(session, row)
            if roles - before:  # taking roles away is always possible
                refuse_program(named)
                refuse_lookalike(session, name)
            _replace_roles(session, row, roles, actor, now)
            body: dict[str, Json] = {"actor": name, "before": _names(before), "roles": _names(roles)}
            append_entry(session, EntryKind.ROLE, actor, given.reason, f"actor:{row.id}", body, now)
            remember(session, actor, key, "setRoles", asked, {"actor": name}, now)
    return name


def issue_token(database: Database, given: TokenGiven, actor: str, now: datetime, key: str | None = None) -> Issued:
    """Issue a token; its secret is in the answer and nowhere else, and not in the answer to a repetition.

    Raises:
        InputError: No such actor or token to replace (NOT_FOUND), no label, roles beyond the actor's, or an end that
            is not within `LONGEST`.
    """
    named = Actor.named(given.actor)
    refuse_program(named)
    name, roles = named.name, read_roles(given.roles)
    asked = [name, given.label, sorted(roles), given.expires_at.astimezone(UTC).isoformat(), given.replaces, actor]
    with database.write() as session:
        known = recall(session, actor, key, "issueToken", asked, now)
        if known is not None:
            return Issued(int(known["token"]), None)
        owner = _known_actor(session, name)
        _check_token(given, roles, now)
        _check_roles(_roles_of(session, owner), roles)
        replaced = None if given.replaces is None else _end_later(session, owner, given.replaces, now)
        secret = new_secret()
        row = _new_token(owner, given, roles, secret, actor, now)
        session.add(row)
        session.flush()
        assert row.id is not None
        body: dict[str, Json] = {
            "token": row.id,
            "actor": name,
            "roles": _names(roles),
            "expires_at": given.expires_at.astimezone(UTC).isoformat(),
            "handle": secret.handle,
            "secret": seal_of_secret(secret.digest),
        }
        if replaced is not None:
            body |= {"replaces": replaced, "replaced_until": (now + GRACE).astimezone(UTC).isoformat()}
        append_entry(session, EntryKind.TOKEN, actor, None, f"token:{row.id}", body, now)
        remember(session, actor, key, "issueToken", asked, {"token": row.id}, now)
        return Issued(row.id, secret.text)


def revoke_token(database: Database, token: int, reason: str, actor: str, now: datetime, key: str | None = None) -> int:
    """End a token at once; gives its row number.

    Raises:
        InputError: No such token (NOT_FOUND), no reason, or it has ended already (WRONG_STATE).
    """
    if not reason.strip():
        raise _problem("REQUIRED", "reason", Text("Revoking needs a reason.", "吊销必须说明原因。"))
    asked = [token, reason, actor]
    with database.write() as session:
        if recall(session, actor, key, "revokeToken", asked, now) is not None:
            return token
        row = session.get(ApiTokenRow, token)
        if row is None:
            raise _no_token("token")
        owner = session.get(ActorRow, row.actor_id)
        assert owner is not None
        if row.revoked_at is not None and row.revoked_at <= now:
            message = Text("The token was revoked already.", "该令牌已被吊销。")
            raise _problem("WRONG_STATE", "token", message)
        row.revoked_at = now
        body: dict[str, Json] = {"token": token, "actor": owner.name, "revoked": True}
        append_entry(session, EntryKind.TOKEN, actor, reason, f"token:{token}", body, now)
        remember(session, actor, key, "revokeToken", asked, {"token": token}, now)
        return token


def note_use(database: Database, token: int, now: datetime) -> None:
    """Keep when a token was last used; that changes nothing anybody decided, so it is no entry of the ledger."""
    with database.write() as session:
        row = session.get(ApiTokenRow, token)
        if row is not None and (row.last_used_at is None or row.last_used_at < now):
            row.last_used_at = now


def _actor(session: Session, name: str, now: datetime) -> ActorRow:
    row = _find(session, name)
    if row is None:
        row = ActorRow(name=name, created_at=now)
        session.add(row)
        session.flush()
    return row


def _find(session: Session, name: str) -> ActorRow | None:
    return session.execute(select(ActorRow).where(table_of(ActorRow).c.name == name)).scalar_one_or_none()


def _known_actor(session: Session, name: str) -> ActorRow:
    row = _find(session, name)
    if row is None:
        message = Text(f"No actor {name!r} was given roles yet.", f"操作人 {name!r} 尚未获得角色。")
        hint = Text("Give roles first: `touchstone actors roles`.", "请先授予角色：`touchstone actors roles`。")
        raise UserProblemsError([UserProblem("NOT_FOUND", message, ("actor",), hint)])
    return row


def _roles_of(session: Session, row: ActorRow) -> frozenset[Role]:
    grant = table_of(RoleGrantRow)
    names = session.execute(select(grant.c.role).where(grant.c.actor_id == row.id)).scalars()
    return frozenset(Role(name) for name in names)


def _replace_roles(session: Session, row: ActorRow, roles: frozenset[Role], actor: str, now: datetime) -> None:
    grant = table_of(RoleGrantRow)
    held = _roles_of(session, row)
    gone, fresh = held - roles, roles - held
    assert row.id is not None
    session.execute(delete(RoleGrantRow).where(grant.c.actor_id == row.id, grant.c.role.in_(_names(gone))))
    session.add_all(
        RoleGrantRow(actor_id=row.id, role=name, granted_by=actor, granted_at=now) for name in _names(fresh)
    )


def _names(roles: frozenset[Role]) -> tuple[str, ...]:
    return tuple(role.value for role in Role if role in roles)


def _check_token(given: TokenGiven, roles: frozenset[Role], now: datetime) -> None:
    problems = []
    if not 0 < len(given.label.strip()) <= LONGEST_LABEL or not given.label.isprintable():
        message = Text(f"A label has 1 to {LONGEST_LABEL} characters.", f"名称须为 1 到 {LONGEST_LABEL} 个字符。")
        hint = Text("Say what the token is for.", "请写明令牌的用途。")
        problems.append(UserProblem("INVALID", message, ("label",), hint))
    if not roles:
        message = Text("A token without a role could do nothing.", "没有角色的令牌无法使用。")
        hint = Text("Name one or more of the actor's roles.", "请指定该操作人的一个或多个角色。")
        problems.append(UserProblem("REQUIRED", message, ("roles",), hint))
    if not now < given.expires_at <= now + LONGEST:
        message = Text(
            f"A token ends in the future, within {LONGEST.days} days.", f"令牌须在 {LONGEST.days} 天内的未来失效。"
        )
        hint = (
            Text("Give a nearer date; tokens can be replaced.", "请给出更近的日期；令牌可以轮换。")
            if given.expires_at > now
            else Text("Give a date that lies ahead.", "请给出将来的日期。")
        )
        problems.append(UserProblem("INVALID", message, ("expiresAt",), hint))
    if problems:
        raise UserProblemsError(problems)


def _check_roles(held: frozenset[Role], asked: frozenset[Role]) -> None:
    beyond = asked - held
    if beyond:
        names = ", ".join(role.lower() for role in Role if role in beyond)
        message = Text(f"The actor does not have the role {names}.", f"该操作人没有角色 {names}。")
        hint = Text("A token carries a part of its actor's roles.", "令牌只能带有其操作人的部分或全部角色。")
        raise UserProblemsError([UserProblem("INVALID", message, ("roles",), hint)])


def _end_later(session: Session, owner: ActorRow, token: int, now: datetime) -> int:
    """Let a token end after the day of grace."""
    row = session.get(ApiTokenRow, token)
    if row is None or row.actor_id != owner.id:
        raise _no_token("replaces")
    until = now + GRACE
    if row.revoked_at is None or row.revoked_at > until:
        row.revoked_at = until
    return token


def _new_token(
    owner: ActorRow, given: TokenGiven, roles: frozenset[Role], secret: Secret, actor: str, now: datetime
) -> ApiTokenRow:
    assert owner.id is not None
    return ApiTokenRow(
        actor_id=owner.id,
        handle=secret.handle,
        secret_hash=secret.digest,
        label=given.label.strip(),
        roles=" ".join(_names(roles)),
        created_by=actor,
        created_at=now,
        expires_at=given.expires_at,
        replaces_id=given.replaces,
    )


def _no_token(part: str) -> InputError:
    message = Text("There is no such token.", "没有这个令牌。")
    hint = Text("`touchstone tokens list` shows them.", "`touchstone tokens list` 可列出令牌。")
    return UserProblemsError([UserProblem("NOT_FOUND", message, (part,), hint)])


def _problem(code: str, part: str, message: Text) -> InputError:
    hint = (
        Text(f"Fill in `{part}`.", f"请填写 `{part}`。")
        if code == "REQUIRED"
        else Text("Nothing is left to do.", "无需再处理。")
    )
    return UserProblemsError([UserProblem(code, message, (part,), hint)])
