"""Roles and tokens: given with a reason, on record, and never with their secret."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from engine.access import digest_of_secret, handle_of, is_secret_of, new_secret
from engine.errors import ConflictError, InputError, UserProblemsError
from engine.operations.granting import GRACE, RolesGiven, TokenGiven, issue_token, note_use, revoke_token, set_roles
from engine.store import Database, read_entries, verify_ledger
from engine.store.reading import roles_of_actors, token_by_handle, tokens_of_actors

NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)
MONTH = timedelta(days=30)


def bodies(database: Database, kind: str) -> list[dict[str, Any]]:
    with database.read() as session:
        assert verify_ledger(session).ok
        return [json.loads(row.body)["body"] for row in read_entries(session) if row.kind == kind]


def grant(database: Database, *roles: str, actor: str = "mei") -> None:
    set_roles(database, RolesGiven(actor, roles, "she joined"), "root", NOW)


def given(*roles: str, **more: Any) -> TokenGiven:
    return TokenGiven("mei", "laptop", roles, more.pop("expires_at", NOW + MONTH), **more)


def test_roles_are_replaced_as_a_whole_with_an_entry_each(database: Database) -> None:
    grant(database, "viewer", "author")
    grant(database, "author", "approver")
    grant(database)
    with database.read() as session:
        assert roles_of_actors(session, ["mei", "nobody"]) == {}
    assert [(body["before"], body["roles"]) for body in bodies(database, "ROLE")] == [
        ([], ["VIEWER", "AUTHOR"]),
        (["VIEWER", "AUTHOR"], ["AUTHOR", "APPROVER"]),
        (["AUTHOR", "APPROVER"], []),
    ]


@pytest.mark.parametrize(
    ("roles", "reason", "actor"),
    [
        (["root"], "x", "mei"),
        (["admin", "author"], "x", "mei"),
        (["viewer"], " ", "mei"),
        (["viewer"], "x", " "),
        (["viewer"], "x", "schedule"),
        (["viewer"], "x", "ＴＯＵＣＨＳＴＯＮＥ"),
        (["viewer"], "x", "A p i"),
    ],
)
def test_what_cannot_be_granted_writes_nothing(database: Database, roles: list[str], reason: str, actor: str) -> None:
    with pytest.raises(InputError):
        set_roles(database, RolesGiven(actor, roles, reason), "root", NOW)
    assert bodies(database, "ROLE") == []


@pytest.mark.parametrize("name", ["Mei", "ｍｅｉ", "m ei", "ｍＥi"])
def test_a_second_name_of_a_person_gets_no_roles(database: Database, name: str) -> None:
    grant(database, "author")
    with pytest.raises(InputError, match="would be the same person"):
        grant(database, "approver", actor=name)
    grant(database, "viewer", actor="mei ")
    assert [body["actor"] for body in bodies(database, "ROLE")] == ["mei", "mei"]


def test_roles_are_taken_from_names_that_could_get_none(database: Database) -> None:
    actor = text("insert into actor (id, name, created_at) values (:id, :name, 1)")
    role = text("insert into role_grant (actor_id, role, granted_by, granted_at) values (:id, 'AUTHOR', 'x', 1)")
    with database.write() as session:
        for number, name in enumerate(("schedule", "Author-2", "author-2"), 1):
            session.execute(actor, {"id": number, "name": name})
            session.execute(role, {"id": number})
    with pytest.raises(InputError, match="Touchstone itself acts as"):
        issue_token(database, TokenGiven("schedule", "x", ["author"], NOW + MONTH), "root", NOW)
    for name in ("schedule", "Author-2", "author-2"):
        grant(database, actor=name)
    with database.read() as session:
        assert roles_of_actors(session, ["schedule", "Author-2", "author-2"]) == {}
    with pytest.raises(InputError):
        grant(database, "viewer", actor="schedule")


UNSEEN = "\u3164\u115f\u1160\uffa0\u2800\u034f\ufe0f\u180b\u17b4\U000e0100\U0001d159\u200b\u2060"


@pytest.mark.parametrize("name", ["", "a" * 101, "mei\nroot", "api", *(f"mei{sign}x" for sign in UNSEEN)])
def test_what_is_wrong_with_a_name_is_told_of_the_name(database: Database, name: str) -> None:
    with pytest.raises(UserProblemsError) as refused:
        grant(database, "viewer", actor=name)
    (problem,) = refused.value.problems
    assert problem.path == ("actor",)
    assert "--by" not in problem.hint.en


def test_a_secret_is_shown_once_and_kept_as_its_hash(database: Database) -> None:
    grant(database, "viewer", "author")
    issued = issue_token(database, given("viewer"), "root", NOW, "key-1")
    assert issued.secret is not None
    again = issue_token(database, given("viewer"), "root", NOW, "key-1")
    assert (again.token, again.secret) == (issued.token, None)
    handle = handle_of(issued.secret)
    assert handle is not None
    with database.read() as session:
        found = token_by_handle(session, handle)
        assert found is not None
        view, digest, roles = found
        assert is_secret_of(issued.secret, digest)
        assert not is_secret_of(issued.secret[:-1] + "A", digest) or issued.secret.endswith("A")
        assert (view.actor, view.roles, sorted(roles)) == ("mei", "VIEWER", ["AUTHOR", "VIEWER"])
        for table in ("ledger_entry", "idempotency", "api_token", "actor"):
            stored = repr(session.execute(text(f"SELECT * FROM {table}")).all())
            assert issued.secret not in stored
            assert issued.secret[-43:] not in stored
    (body,) = bodies(database, "TOKEN")
    assert set(body) == {"token", "actor", "roles", "expires_at", "handle", "secret"}
    assert digest_of_secret(issued.secret) not in json.dumps(body)
    assert issued.secret not in repr(new_secret())
    with pytest.raises(ConflictError):
        issue_token(database, given("author"), "root", NOW, "key-1")


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        (given("author"), "roles"),
        (given(), "roles"),
        (given("viewer", expires_at=NOW), "expiresAt"),
        (given("viewer", expires_at=NOW + timedelta(days=401)), "expiresAt"),
        (given("viewer", replaces=7), "replaces"),
        (TokenGiven("mei", " ", ["viewer"], NOW + MONTH), "label"),
        (TokenGiven("li", "laptop", ["viewer"], NOW + MONTH), "actor"),
    ],
)
def test_what_cannot_be_issued_writes_nothing(database: Database, wanted: TokenGiven, path: str) -> None:
    grant(database, "viewer")
    with pytest.raises(UserProblemsError) as refused:
        issue_token(database, wanted, "root", NOW)
    assert [problem.path for problem in refused.value.problems] == [(path,)]
    assert bodies(database, "TOKEN") == []


def test_a_replaced_token_has_a_day_of_grace_and_a_revoked_one_none(database: Database) -> None:
    grant(database, "viewer")
    first = issue_token(database, given("viewer"), "root", NOW)
    second = issue_token(database, given("viewer", replaces=first.token), "root", NOW)
    with database.read() as session:
        newer, older = tokens_of_actors(session, ["mei"])["mei"]
    assert (newer.id, newer.replaces_id, newer.revoked_at) == (second.token, first.token, None)
    assert older.revoked_at == NOW + GRACE
    revoke_token(database, first.token, "laptop stolen", "root", NOW + timedelta(hours=1))
    with database.read() as session:
        assert tokens_of_actors(session, ["mei"])["mei"][1].revoked_at == NOW + timedelta(hours=1)
    with pytest.raises(UserProblemsError) as refused:
        revoke_token(database, first.token, "again", "root", NOW + timedelta(hours=2))
    assert refused.value.code == "WRONG_STATE"
    with pytest.raises(UserProblemsError) as refused:
        revoke_token(database, 99, "none", "root", NOW)
    assert refused.value.code == "NOT_FOUND"
    assert bodies(database, "TOKEN")[-1] == {"actor": "mei", "revoked": True, "token": first.token}


def test_a_token_of_another_actor_cannot_be_replaced(database: Database) -> None:
    grant(database, "viewer")
    grant(database, "viewer", actor="li")
    other = issue_token(database, TokenGiven("li", "hers", ["viewer"], NOW + MONTH), "root", NOW)
    with pytest.raises(UserProblemsError):
        issue_token(database, given("viewer", replaces=other.token), "root", NOW)


def test_use_is_noted_without_an_entry(database: Database) -> None:
    grant(database, "viewer")
    issued = issue_token(database, given("viewer"), "root", NOW)
    for hours in (2, 1):
        note_use(database, issued.token, NOW + timedelta(hours=hours))
    with database.read() as session:
        assert tokens_of_actors(session, ["mei"])["mei"][0].last_used_at == NOW + timedelta(hours=2)
    assert len(bodies(database, "TOKEN")) == 1
