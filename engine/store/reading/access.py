"""Actors, their roles and API tokens; which fields hold personal data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine.store.reading.columns import columns_of, selected
from engine.store.reading.pages import Listing, Page, Slice, Sort, read_page
from engine.store.tables import ActorRow, ApiTokenRow, PersonalFieldRow, RoleGrantRow

_actor, _grant, _token = columns_of(ActorRow), columns_of(RoleGrantRow), columns_of(ApiTokenRow)
_BY_NAME: Final = (Sort(_actor["name"]),)


@dataclass(frozen=True, slots=True)
class ActorView:
    """Somebody who was given roles once."""

    id: int
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TokenView:
    """An API token without its secret; `roles` are names between spaces, `actor` the name of whose it is."""

    id: int
    handle: str
    label: str
    roles: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    replaces_id: int | None
    actor: str


def actors_page(session: Session, slice_: Slice) -> Page[ActorView]:
    """A page of the actors that were given roles once, by name."""
    return read_page(session, Listing(selected(ActorRow, ActorView), _BY_NAME, ActorView), slice_)


def actors_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, ActorView]:
    """Actors by row number."""
    query = selected(ActorRow, ActorView).where(_actor["id"].in_(ids))
    return {row[0]: ActorView(*row) for row in session.execute(query)}


def roles_of_actors(session: Session, names: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """The roles of actors by their names; who has none is left out."""
    query = select(_actor["name"], _grant["role"]).join_from(ActorRow, RoleGrantRow, _grant["actor_id"] == _actor["id"])
    found: dict[str, list[str]] = {}
    for name, role in session.execute(query.where(_actor["name"].in_(names)).order_by(_grant["role"])):
        found.setdefault(name, []).append(role)
    return {name: tuple(roles) for name, roles in found.items()}


def tokens_of_actors(session: Session, names: Sequence[str]) -> Mapping[str, tuple[TokenView, ...]]:
    """The API tokens of actors by their names, the latest first, ended ones too."""
    found: dict[str, list[TokenView]] = {}
    query = _tokens().where(_actor["name"].in_(names)).order_by(_token["id"].desc())
    for view in map(_view, session.execute(query)):
        found.setdefault(view.actor, []).append(view)
    return {name: tuple(views) for name, views in found.items()}


def tokens_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, TokenView]:
    """API tokens by row number."""
    return {row[0]: _view(row) for row in session.execute(_tokens().where(_token["id"].in_(ids)))}


def token_by_handle(session: Session, handle: str) -> tuple[TokenView, str, tuple[str, ...]] | None:
    """A token, the hash of its secret, and the roles its actor has now; None: no such handle."""
    rows = session.execute(_by_handle(), {"handle": handle}).all()
    if not rows:
        return None
    return _view(rows[0][:-2]), rows[0][-2], tuple(row[-1] for row in rows if row[-1] is not None)


@cache
def _by_handle() -> Any:
    """Asked with every request, so written once."""
    query = _tokens().add_columns(_token["secret_hash"], _grant["role"])
    query = query.join(RoleGrantRow, _grant["actor_id"] == _token["actor_id"], isouter=True)
    return query.where(_token["handle"] == bindparam("handle"))


def personal_fields(session: Session) -> frozenset[str]:
    """Names of the fields that mappings marked as personal."""
    return frozenset(session.execute(select(columns_of(PersonalFieldRow)["name"])).scalars())


def _tokens() -> Any:
    query = selected(ApiTokenRow, TokenView).add_columns(_actor["name"])
    return query.join_from(ApiTokenRow, ActorRow, _actor["id"] == _token["actor_id"])


def _view(row: Any) -> TokenView:
    return TokenView(*row)
