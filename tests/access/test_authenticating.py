"""Tokens count only while everything about them is right."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engine.access import Role, new_secret
from engine.access import secret as secrets_of_tokens
from engine.errors import ForbiddenError, InputError, NotReadyError, UnauthenticatedError
from engine.operations.authenticating import Gate, gate_of, prove
from engine.operations.granting import GRACE, RolesGiven, TokenGiven, issue_token, revoke_token, set_roles
from engine.operations.oidc_keys import COOLDOWN_SECONDS, LIFESPAN_SECONDS, STALE_SECONDS, SigningKeys
from engine.settings import AuthMode, Settings
from engine.store import Database, open_database
from tests.access.issuer import AUDIENCE, ISSUER, Published, claims, ec_key, public_keys, publishing, rsa_key, signed

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
MONTH = timedelta(days=30)
TOKENS = Gate(AuthMode.TOKENS)


@pytest.fixture
def people(sqlite_url: str) -> Iterator[Database]:
    """A database in which mei is author and viewer, and root administers."""
    with open_database(sqlite_url) as database:
        set_roles(database, RolesGiven("mei", ["author", "viewer"], "joined"), "root", NOW)
        yield database


def issue(database: Database, *roles: str, expires_at: datetime = NOW + MONTH, replaces: int | None = None) -> Any:
    return issue_token(database, TokenGiven("mei", "laptop", roles, expires_at, replaces), "root", NOW)


def shown(gate: Gate, database: Database, token: str, now: datetime = NOW) -> Any:
    proof = prove(gate, database, f"Bearer {token}", now)
    assert proof is not None
    return proof


def refused(gate: Gate, database: Database, token: str, said: str, now: datetime = NOW) -> None:
    with pytest.raises(UnauthenticatedError, match=said) as error:
        prove(gate, database, f"Bearer {token}", now)
    assert token not in f"{error.value} {error.value.hint.en} {error.value.message.zh}"


def test_a_token_of_ours_is_its_actor_with_the_roles_it_carries(people: Database) -> None:
    issued = issue(people, "viewer")
    proof = shown(TOKENS, people, issued.secret)
    assert (proof.caller.name, proof.caller.roles, proof.caller.local) == ("mei", {Role.VIEWER}, False)
    assert proof.note == issued.token
    set_roles(people, RolesGiven("mei", ["author"], "moved"), "root", NOW)
    assert shown(TOKENS, people, issued.secret).caller.roles == frozenset(), "a role taken away is gone from tokens too"


def test_an_ended_or_unknown_token_does_not_count(people: Database) -> None:
    issued = issue(people, "viewer", expires_at=NOW + timedelta(hours=1))
    refused(TOKENS, people, issued.secret, "expired", NOW + timedelta(hours=1))
    shown(TOKENS, people, issued.secret, NOW + timedelta(minutes=59))
    revoke_token(people, issued.token, "stolen", "root", NOW)
    refused(TOKENS, people, issued.secret, "revoked")
    refused(TOKENS, people, new_secret().text, "does not count")
    handle = issued.secret.split("_")[1]
    for forged in (f"ts_{handle}_{'A' * 43}", f"ts_{handle}_", "ts_", f"ts_' OR 1=1 --_{'A' * 43}", "ts_" + "A" * 9000):
        refused(TOKENS, people, forged, "does not count")


def test_a_replaced_token_counts_for_a_day(people: Database) -> None:
    first = issue(people, "viewer")
    second = issue(people, "viewer", replaces=first.token)
    proof = shown(TOKENS, people, first.secret, NOW + GRACE - timedelta(seconds=1))
    assert proof.caller.until == NOW + GRACE
    refused(TOKENS, people, first.secret, "revoked", NOW + GRACE)
    shown(TOKENS, people, second.secret, NOW + GRACE)


def test_secrets_are_compared_in_constant_time_whether_there_is_such_a_token_or_not(
    people: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = issue(people, "viewer")
    compared: list[tuple[str, str]] = []
    compare = hmac.compare_digest

    def noted(one: str, other: str) -> bool:
        compared.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(secrets_of_tokens.hmac, "compare_digest", noted)
    shown(TOKENS, people, issued.secret)
    refused(TOKENS, people, new_secret().text, "does not count")
    refused(TOKENS, people, "ts_nonsense", "does not count")
    assert len(compared) == 3
    assert all(len(one) == len(other) == 64 for one, other in compared)


def test_nothing_shown(people: Database) -> None:
    assert prove(Gate(), people, None, NOW) is None
    assert prove(Gate(), people, "Basic abc", NOW) is None
    for gate in (TOKENS, Gate(AuthMode.OIDC), Gate(AuthMode.BOTH)):
        for header in (None, "", "Basic abc", "Bearer", "Bearer  "):
            with pytest.raises(UnauthenticatedError, match="token is needed"):
                prove(gate, people, header, NOW)


def test_where_nobody_has_to_prove_anything_a_token_still_counts_and_a_bad_one_is_refused(people: Database) -> None:
    issued = issue(people, "viewer")
    assert shown(Gate(), people, issued.secret).caller.roles == {Role.VIEWER}
    refused(Gate(), people, new_secret().text, "does not count")
    refused(Gate(), people, signed(), "does not count")


# ── OIDC ──


def settings(**more: Any) -> Settings:
    usual = {"auth": "both", "oidc_issuer": ISSUER, "oidc_audience": AUDIENCE}
    return Settings(_env_file=None, **{**usual, **more})


@pytest.fixture(scope="module")
def published() -> Iterator[Published]:
    with publishing(public_keys("one")) as running:
        yield running


@pytest.fixture
def gate(published: Published) -> Gate:
    return gate_of(settings(oidc_jwks_url=published.url))


def test_a_token_of_the_issuer_is_its_subject_with_the_roles_granted_here(people: Database, gate: Gate) -> None:
    caller = shown(gate, people, signed()).caller
    assert (caller.name, caller.roles) == ("mei", {Role.AUTHOR, Role.VIEWER})
    assert shown(gate, people, signed(sub="li")).caller.roles == frozenset()
    assert shown(gate, people, signed(exp=10**20)).caller.name == "mei", "it never ends, and says so oddly"
    assert shown(gate, people, signed(aud=["another", AUDIENCE])).caller.name == "mei"
    elliptic = jwt.encode(claims(), ec_key("ec"), algorithm="ES256", headers={"kid": "ec"})
    assert shown(gate, people, elliptic).caller.name == "mei"
    assert shown(gate, people, issue(people, "viewer").secret).caller.roles == {Role.VIEWER}


def test_each_mode_takes_its_own_tokens_only(people: Database, gate: Gate) -> None:
    issued = issue(people, "viewer")
    refused(Gate(AuthMode.OIDC, gate.issuer), people, issued.secret, "does not count")
    refused(TOKENS, people, signed(), "does not count")
    assert shown(Gate(AuthMode.OIDC, gate.issuer), people, signed()).caller.name == "mei"


def minutes(count: int) -> datetime:
    """So far from now; cases are made when tests are collected, long before the last of them runs."""
    return datetime.now(UTC) + timedelta(minutes=count)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"exp": minutes(-5)}, "expired"),
        ({"exp": None}, "does not count"),
        ({"nbf": minutes(24 * 60)}, "yet"),
        ({"iat": minutes(24 * 60)}, "yet"),
        ({"aud": "another"}, "somebody else"),
        ({"aud": None}, "does not count"),
        ({"iss": "https://evil.example"}, "somebody else"),
        ({"iss": None}, "does not count"),
        ({"sub": None}, "does not count"),
        ({"sub": " "}, "does not count"),
        ({"sub": "a" * 101}, "does not count"),
        ({"sub": "mei\nroot"}, "does not count"),
        ({"sub": "Schedule"}, "does not count"),
    ],
)
def test_a_claim_that_is_not_right_is_refused(people: Database, gate: Gate, more: dict[str, Any], said: str) -> None:
    refused(gate, people, signed(**more), said)


def test_clocks_may_differ_a_little(people: Database, gate: Gate) -> None:
    just = datetime.now(UTC) - timedelta(seconds=10)
    assert shown(gate, people, signed(exp=just)).caller.name == "mei"
    strict = gate_of(settings(oidc_jwks_url="", oidc_jwks_file=Path("nowhere"), oidc_leeway=0)).issuer
    assert strict is not None
    assert strict.leeway_seconds == 0


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, default=str).encode()).decode().rstrip("=")


def by_hand(header: dict[str, Any], body: dict[str, Any], key: bytes | None) -> str:
    """A token as an attacker writes it, past what a library refuses to write."""
    body = {name: int(value.timestamp()) if isinstance(value, datetime) else value for name, value in body.items()}
    text = f"{part(header)}.{part(body)}"
    made = b"" if key is None else hmac.new(key, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


def test_tokens_that_are_forged_are_refused_without_a_reason(people: Database, gate: Gate) -> None:
    public = rsa_key("one").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    shared = base64.urlsafe_b64decode("c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA==")
    own, good = {"kty": "oct", "k": "YQ"}, signed()
    head, body, signature = good.split(".")
    forged = {
        "signed with another key": signed("two", kid="one"),
        "of a key the issuer does not have": signed("two"),
        "of a key for encryption": signed("one", kid="encrypting"),
        "without kid": jwt.encode(claims(), rsa_key("one"), algorithm="RS256"),
        "alg none": by_hand({"alg": "none", "kid": "one"}, claims(), None),
        "alg none, otherwise written": by_hand({"alg": "NoNe", "kid": "one"}, claims(), None),
        "HS256 with the public key": by_hand({"alg": "HS256", "kid": "one"}, claims(), public),
        "HS256 with the shared key of the set": by_hand({"alg": "HS256", "kid": "shared"}, claims(), shared),
        "RS512, which is not allowed": jwt.encode(claims(), rsa_key("one"), algorithm="RS512", headers={"kid": "one"}),
        "its own key in the header": by_hand({"alg": "HS256", "kid": "one", "jwk": own}, claims(), b"a"),
        "another body": f"{head}.{part({**claims(), 'sub': 'root'})}.{signature}",
        "no signature": f"{head}.{body}.",
        "cut short": good[:-10],
        "no token": "abc",
        "dots": "..",
        "expired and forged": signed("two", kid="one", exp=minutes(-5)),
    }  # fmt: skip
    for name, token in forged.items():
        with pytest.raises(UnauthenticatedError) as error:
            prove(gate, people, f"Bearer {token}", NOW)
        assert error.value.message.en == "The token does not count.", name


def test_roles_from_a_claim(people: Database, published: Published) -> None:
    gate = gate_of(settings(oidc_jwks_url=published.url, oidc_roles_claim="realm_access.roles"))
    asked = {"roles": ["Operator", "viewer", "offline_access", 7]}
    assert shown(gate, people, signed(realm_access=asked)).caller.roles == {Role.OPERATOR, Role.VIEWER}
    assert shown(gate, people, signed()).caller.roles == frozenset(), "not the roles granted here"
    assert shown(gate, people, signed(**{"realm_access.roles": "auditor viewer"})).caller.roles == {
        Role.AUDITOR, Role.VIEWER
    }  # fmt: skip
    for odd in ("text", 7, None, ["x"], {"roles": {"admin": True}}):
        assert shown(gate, people, signed(realm_access=odd)).caller.roles == frozenset()
    with pytest.raises(ForbiddenError, match="both approver and admin"):
        prove(gate, people, f"Bearer {signed(realm_access={'roles': ['admin', 'approver']})}", NOW)


def test_keys_are_asked_for_again_only_so_often() -> None:
    clock = [1000.0]
    with publishing(public_keys("one")) as published:
        keys = SigningKeys(published.url, None, lambda: clock[0])
        for _ in range(5):
            assert keys.key("one") is not None
            assert keys.key("two") is None
            assert keys.key("shared") is None
        assert published.asked == 1
        published.keys = public_keys("one", "two")
        clock[0] += COOLDOWN_SECONDS
        assert keys.key("two") is not None, "a new key is found once the wait is over"
        assert published.asked == 2
        published.works = False
        clock[0] += LIFESPAN_SECONDS + 1
        for _ in range(5):
            assert keys.key("two") is not None, "keys known before go on while the issuer does not answer"
        assert published.asked == 3
        clock[0] += STALE_SECONDS
        with pytest.raises(NotReadyError):
            keys.key("two")


def test_an_issuer_that_never_answered_is_said_to_be_so(people: Database, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    gate = gate_of(settings(oidc_jwks_file=file))
    with pytest.raises(NotReadyError, match="signing keys"):
        prove(gate, people, f"Bearer {signed()}", NOW)
    file.write_text(json.dumps(public_keys("one")))
    again = gate_of(settings(oidc_jwks_file=file))
    assert shown(again, people, signed()).caller.name == "mei"


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({}, "JWKS"),
        ({"oidc_jwks_url": "https://a.example", "oidc_jwks_file": Path("a")}, "JWKS"),
        ({"oidc_jwks_url": "https://a.example", "oidc_issuer": ""}, "OIDC_ISSUER"),
        ({"oidc_jwks_url": "https://a.example", "oidc_audience": ""}, "OIDC_AUDIENCE"),
        ({"oidc_jwks_url": "https://a.example", "oidc_algorithms": "RS256 HS256"}, "ALGORITHMS"),
        ({"oidc_jwks_url": "https://a.example", "oidc_algorithms": "none"}, "ALGORITHMS"),
        ({"oidc_jwks_url": "https://a.example", "oidc_algorithms": ""}, "ALGORITHMS"),
        ({"oidc_jwks_url": "http://a.example/keys"}, "https"),
        ({"oidc_jwks_url": "file:///etc/passwd"}, "https"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(more: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        gate_of(settings(**more))


def test_no_part_of_a_secret_is_in_the_database_file(people: Database, sqlite_url: str) -> None:
    issued = issue(people, "viewer")
    shown(TOKENS, people, issued.secret)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    stored = Path(sqlite_url.removeprefix("sqlite:///")).read_bytes()
    assert issued.secret.split("_", 2)[2].encode() not in stored
