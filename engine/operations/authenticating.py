"""Who calls: read from `Authorization`, as an API token of ours or as a token of an OIDC issuer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt

from engine.access import (
    PREFIX,
    Actor,
    Caller,
    Role,
    handle_of,
    is_secret_of,
    new_secret,
    refuse_exclusive,
)
from engine.errors import ForbiddenError, InputError, UnauthenticatedError
from engine.operations.oidc_keys import SigningKeys
from engine.settings import AuthMode, Settings
from engine.store import Database
from engine.store.reading import roles_of_actors, token_by_handle
from engine.vocabulary import Text

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
"""What an issuer may sign with: never a shared secret (HS…), never nothing."""
NOTED_EVERY: Final = timedelta(minutes=5)
"""Last use of a token is kept to within this."""
LONGEST_HEADER: Final = 8_000

_FAR: Final = 32_503_680_000
"""Seconds until the year 3000: an issuer that means never may say more than a date can hold."""
_NOBODY_DIGEST: Final = new_secret().digest
"""Compared with where there is no such token, so that this takes as long."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Who was proven to call; `note` is the API token whose use is to be noted, if any."""

    caller: Caller
    note: int | None = None


@dataclass(frozen=True, slots=True)
class Issuer:
    """An OIDC issuer whose tokens count.

    Attributes:
        leeway_seconds: How far its clock and ours may differ.
        actor_claim: Names the actor; `sub` is the one claim users cannot choose.
        roles_claim: Where the roles are, e.g. `realm_access.roles`; empty: they were granted here.
    """

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    leeway_seconds: int
    actor_claim: str
    roles_claim: str
    keys: SigningKeys


@dataclass(frozen=True, slots=True)
class Gate:
    """What counts as proof."""

    mode: AuthMode = AuthMode.OFF
    issuer: Issuer | None = None

    @property
    def open(self) -> bool:
        """Nobody has to prove anything; who does, is taken at their word all the same."""
        return self.mode is AuthMode.OFF


def gate_of(settings: Settings) -> Gate:
    """The gate that the settings describe.

    Raises:
        InputError: OIDC is asked for and something it needs is missing or cannot be.
    """
    if settings.auth not in (AuthMode.OIDC, AuthMode.BOTH):
        return Gate(settings.auth)
    needed = {"OIDC_ISSUER": settings.oidc_issuer, "OIDC_AUDIENCE": settings.oidc_audience}
    missing = [f"TOUCHSTONE_{name}" for name, value in needed.items() if not value]
    if bool(settings.oidc_jwks_url) == (settings.oidc_jwks_file is not None):
        missing.append("TOUCHSTONE_OIDC_JWKS_URL / TOUCHSTONE_OIDC_JWKS_FILE")
    algorithms = tuple(settings.oidc_algorithms.replace(",", " ").split())
    if not algorithms or set(algorithms) - set(ALGORITHMS):
        missing.append("TOUCHSTONE_OIDC_ALGORITHMS")
    if missing:
        names = ", ".join(missing)
        raise InputError(
            Text(f"Authentication by OIDC needs {names}.", f"OIDC 身份验证需要设置 {names}。"),
            Text(
                f"Set issuer, audience and one of URL and file; algorithms are some of {', '.join(ALGORITHMS)}.",
                f"请设置签发方、受众，以及 URL 与文件之一；算法可选 {'、'.join(ALGORITHMS)}。",
            ),
        )
    keys = SigningKeys(settings.oidc_jwks_url, settings.oidc_jwks_file)
    issuer = Issuer(
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        algorithms=algorithms,
        leeway_seconds=settings.oidc_leeway,
        actor_claim=settings.oidc_actor_claim,
        roles_claim=settings.oidc_roles_claim,
        keys=keys,
    )
    return Gate(settings.auth, issuer)


def bearer_of(header: str | None) -> str | None:
    """The token in an `Authorization` header; None: there is none of that kind.

    >>> bearer_of("Bearer abc"), bearer_of("bearer  abc "), bearer_of("Basic abc"), bearer_of(None)
    ('abc', 'abc', None, None)
    """
    scheme, _, token = (header or "").strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def prove(gate: Gate, database: Database, header: str | None, now: datetime) -> Proof | None:
    """Who calls; None: nothing was shown, and nothing has to be.

    Raises:
        UnauthenticatedError: A token is needed, or the one shown does not count.
        ForbiddenError: The issuer gives roles that nobody may have together.
        NotReadyError: The issuer's keys cannot be had.
    """
    token = bearer_of(header)
    if token is None:
        if gate.open:
            return None
        raise UnauthenticatedError(
            Text("A token is needed.", "需要令牌。"),
            Text(
                "Send `Authorization: Bearer …`; an administrator issues tokens.",
                "请发送 `Authorization: Bearer …`；令牌由管理员签发。",
            ),
        )
    if len(token) > LONGEST_HEADER:
        raise _refused(_UNKNOWN)
    if token.startswith(PREFIX) and gate.mode is not AuthMode.OIDC:
        return _by_secret(database, token, now)
    if gate.issuer is not None and not token.startswith(PREFIX):
        return Proof(_by_issuer(gate.issuer, database, token))
    raise _refused(_UNKNOWN)


_UNKNOWN: Final = Text("The token does not count.", "令牌无效。")
_EXPIRED: Final = Text("The token has expired.", "令牌已过期。")
_REVOKED: Final = Text("The token was revoked.", "令牌已被吊销。")
_EARLY: Final = Text("The token does not count yet.", "令牌尚未生效。")
_ELSEWHERE: Final = Text("The token is meant for somebody else.", "令牌的签发方或受众不符。")

_REASONS: Final[tuple[tuple[type[Exception], Text], ...]] = (
    (jwt.ExpiredSignatureError, _EXPIRED),
    (jwt.ImmatureSignatureError, _EARLY),
    (jwt.InvalidAudienceError, _ELSEWHERE),
    (jwt.InvalidIssuerError, _ELSEWHERE),
)
"""What may be said once the signature is right; before that nothing is."""


def _refused(reason: Text) -> UnauthenticatedError:
    return UnauthenticatedError(
        reason,
        Text("Ask an administrator for a new one, or sign in again.", "请向管理员申请新令牌，或重新登录。"),
    )


def _by_secret(database: Database, token: str, now: datetime) -> Proof:
    handle = handle_of(token)
    found = None
    if handle is not None:
        with database.read() as session:
            found = token_by_handle(session, handle)
    matches = is_secret_of(token, _NOBODY_DIGEST if found is None else found[1])
    if found is None or not matches or Actor(found[0].actor).is_program:
        raise _refused(_UNKNOWN)
    view, _, held = found
    if view.revoked_at is not None and view.revoked_at <= now:
        raise _refused(_REVOKED)
    if view.expires_at <= now:
        raise _refused(_EXPIRED)
    roles = frozenset(Role(name) for name in set(held) & set(view.roles.split()))
    until = view.expires_at if view.revoked_at is None else min(view.expires_at, view.revoked_at)
    fresh = view.last_used_at is not None and view.last_used_at > now - NOTED_EVERY
    return Proof(Caller(view.actor, roles, until=until), None if fresh else view.id)


def _by_issuer(issuer: Issuer, database: Database, token: str) -> Caller:
    claims = _claims(issuer, token)
    try:
        named = Actor.named(_text(claims.get(issuer.actor_claim)))
    except InputError:
        raise _refused(_UNKNOWN) from None
    if named.is_program:
        raise _refused(_UNKNOWN)
    name = named.name
    roles = _roles(issuer, database, claims, name)
    try:
        refuse_exclusive(roles)
    except InputError as error:
        raise ForbiddenError(error.message, error.hint) from None
    until = datetime.fromtimestamp(min(int(claims["exp"]), _FAR), UTC)
    return Caller(name, roles, until=until)


def _claims(issuer: Issuer, token: str) -> dict[str, Any]:
    """The claims of a token whose signature, times, issuer and audience are right."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = issuer.keys.key(kid) if isinstance(kid, str) else None
        if key is None:
            raise _refused(_UNKNOWN)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=issuer.algorithms,
            issuer=issuer.issuer,
            audience=issuer.audience,
            leeway=issuer.leeway_seconds,
            options={"require": ["exp", "iss", "aud"], "enforce_minimum_key_length": True},
        )
    except jwt.PyJWTError as error:
        raise _refused(next((said for kind, said in _REASONS if isinstance(error, kind)), _UNKNOWN)) from None
    return claims


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _roles(issuer: Issuer, database: Database, claims: dict[str, Any], name: str) -> frozenset[Role]:
    """Roles from the claim, other names in it passed over; without one, those granted here."""
    if issuer.roles_claim:
        return _known(_claimed(claims, issuer.roles_claim))
    with database.read() as session:
        return _known(roles_of_actors(session, [name]).get(name, ()))


def _claimed(claims: dict[str, Any], path: str) -> Collection[Any]:
    """A claim by its name, else by the way into it."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, str):
        return found.split()
    return found if isinstance(found, list) else ()


def _known(names: Collection[Any]) -> frozenset[Role]:
    given = {name.upper() for name in names if isinstance(name, str)}
    return frozenset(role for role in Role if role in given)
