"""Actors, their roles and API tokens: lists, and the commands of administrators."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry
from sqlalchemy.orm import Session

from engine.access import Role, person_key
from engine.errors import ForbiddenError
from engine.operations.granting import RolesGiven, TokenGiven, issue_token, revoke_token, set_roles
from engine.store.reading import Kind, Page, Slice, TokenView, actors_page, read_number, slice_of, tokens_by_ids
from engine.vocabulary import Text
from schema.basics import Actor, ActorSource, UserError
from schema.commands import Payload, Refused, attempt
from schema.context import Info
from schema.describing import answered, backed_by, described, given, given_or, identified, told
from schema.relay import After, Before, First, Last, Node, Paged, UncountedConnection, listed

_KEY = "The same key with the same input gives the first answer again; kept 24 hours."
_ERRORS = "What the caller can correct; empty: it was done."


def _roles(root: TokenView) -> list[Role]:
    """Subset of the actor's roles."""
    held = root.roles.split()
    return [role for role in Role if role in held]


@described
class Token(Node):
    """An API token; its secret is shown once, by `issueToken`."""

    is_type_of = backed_by(TokenView)

    id: strawberry.ID = identified(Kind.TOKEN)
    label: str = told("What it is for.")
    roles: list[Role] = answered(_roles)
    created_at: datetime = told("When it was issued.")
    expires_at: datetime = told("It counts until here, this instant not included.")
    last_used_at: datetime | None = told("To within five minutes; null: never.")
    revoked_at: datetime | None = told("Ends it, ahead while a replaced token has its day of grace; null: not revoked.")


@given
class SetRolesInput:
    """All roles of an actor; exclusive pairs are refused."""

    idempotency_key: str = told(_KEY)
    actor: str = told("Name of the actor; with OIDC the subject.")
    roles: list[Role] = told("All it is to have; empty: none.")
    reason: str = told("Why.")


@given
class IssueTokenInput:
    """A new API token."""

    idempotency_key: str = told(_KEY)
    actor: str = told("Whose it is; must have roles already.")
    label: str = told("What it is for.")
    roles: list[Role] = told("A part of the actor's roles.")
    expires_at: datetime = told("Within 400 days.")
    replaces: strawberry.ID | None = given_or(None, "Revokes that token after a day of grace.")


@given
class RevokeTokenInput:
    """Ends a token at once."""

    idempotency_key: str = told(_KEY)
    token: strawberry.ID = told("Global id of the token.")
    reason: str = told("Why.")


@described
class ActorPayload:
    """The thing, or why not."""

    actor: Actor | None = told("Null with user errors.")
    user_errors: list[UserError] = told(_ERRORS)


@described
class TokenPayload:
    """The thing, or why not."""

    token: Token | None = told("Null with user errors.")
    secret: str | None = told("Only from `issueToken`, only in its first answer.")
    user_errors: list[UserError] = told(_ERRORS)


async def _set_roles(
    info: Info, input: Annotated[SetRolesInput, strawberry.argument(description="Whose roles, which, why.")]
) -> Payload:
    """Gives an actor exactly these roles; nobody changes their own."""
    context, caller = info.context, info.context.caller
    if not caller.local and person_key(input.actor) == person_key(caller.name):
        raise ForbiddenError(
            Text("Nobody changes their own roles.", "不得更改自己的角色。"),
            Text("Ask another administrator.", "请由另一位管理员更改。"),
        )
    wanted = RolesGiven(input.actor, input.roles, input.reason)
    command = partial(set_roles, context.services.database, wanted, context.actor, context.now, input.idempotency_key)
    done = await attempt(info, command, {"INVALID": "roles", "REQUIRED": "actor"})
    return Payload(done.errors) if isinstance(done, Refused) else Payload(things={"actor": ActorSource(done)})


async def _issue_token(
    info: Info, input: Annotated[IssueTokenInput, strawberry.argument(description="Whose, what for, until when.")]
) -> Payload:
    """Issues a token; `secret` is in this answer only."""
    context = info.context
    wanted = TokenGiven(
        actor=input.actor,
        label=input.label,
        roles=input.roles,
        expires_at=await context.instant(input.expires_at),
        replaces=None if input.replaces is None else read_number(input.replaces, Kind.TOKEN),
    )
    command = partial(issue_token, context.services.database, wanted, context.actor, context.now, input.idempotency_key)
    done = await attempt(info, command, {"INVALID": "actor", "REQUIRED": "actor"})
    if isinstance(done, Refused):
        return Payload(done.errors)
    return Payload(things={"token": await context.load(tokens_by_ids, done.token), "secret": done.secret})


async def _revoke_token(
    info: Info, input: Annotated[RevokeTokenInput, strawberry.argument(description="Which token, why.")]
) -> Payload:
    """Ends a token at once."""
    context = info.context
    number = read_number(input.token, Kind.TOKEN)
    command = partial(
        revoke_token, context.services.database, number, input.reason, context.actor, context.now, input.idempotency_key
    )
    done = await attempt(info, command)
    if isinstance(done, Refused):
        return Payload(done.errors)
    return Payload(things={"token": await context.load(tokens_by_ids, done)})


def _named_actors(session: Session, slice_: Slice) -> Page[ActorSource]:
    page = actors_page(session, slice_)
    return Page(tuple(ActorSource(view.name) for view in page.rows), page.cursors, page.has_next, page.has_previous)


async def _actors(
    info: Info, *, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Paged:
    """Those that were given roles here once, by name."""
    return await listed(info, partial(_named_actors, slice_=slice_of(first, after, last, before)))


@described
class ActorQueries:
    """Questions about actors."""

    actors: UncountedConnection[Actor] | None = answered(_actors)


@described
class GrantMutations:
    """Commands of administrators."""

    set_roles: ActorPayload | None = answered(_set_roles)
    issue_token: TokenPayload | None = answered(_issue_token)
    revoke_token: TokenPayload | None = answered(_revoke_token)
