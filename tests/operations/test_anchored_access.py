"""Roles, tokens, personal fields and models that are altered in their own tables are told by verifying."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.operations.granting import RolesGiven, TokenGiven, issue_token, revoke_token, set_roles
from engine.operations.importing import import_files
from engine.operations.verifying import verify_everything
from engine.store import Database, open_database
from engine.store.reading import personal_fields
from tests.operations.shop import day, model_version

MEI, BOSS = "where actor_id = (select id from actor where name = 'mei')", "(select id from actor where name = 'boss')"
GRANTS = "insert into role_grant (actor_id, role, granted_by, granted_at)"
REVOKED, REPLACED, RUNS = "where id = 1", "where id = 2", "where id = 3"
ALTERED = [
    ("a role more", f"{GRANTS} values ({BOSS}, 'AUDITOR', 'root', 1)", "The roles of boss .*: [+]auditor"),
    ("a role less", f"delete from role_grant {MEI} and role = 'AUTHOR'", "The roles of mei .*: −author"),
    ("another role", f"update role_grant set role = 'APPROVER' {MEI} and role = 'AUTHOR'", "[+]approver, −author"),
    ("who gave it", f"update role_grant set granted_by = 'mallory' {MEI} and role = 'VIEWER'", "mei .*: viewer"),
    ("when", f"update role_grant set granted_at = 1 {MEI} and role = 'VIEWER'", "mei .*: viewer"),
    ("whose they are", f"update role_grant set actor_id = {BOSS} {MEI} and role = 'AUTHOR'", "The roles of boss"),
    ("a name", "update actor set name = 'mallory' where name = 'mei'", "no entry of the actor mallory"),
    ("an actor more", "insert into actor (name, created_at) values ('mallory', 1)", "no entry of the actor mallory"),
    ("roles of nobody", f"{GRANTS} values (99, 'ADMIN', 'root', 1)", "no entry of the actor #99"),
    ("an actor gone", "delete from actor where name = 'mei'", "The actor mei is not there any more"),
    ("a token's roles", f"update api_token set roles = 'VIEWER AUTHOR' {RUNS}", "roles"),
    ("its end", f"update api_token set expires_at = expires_at * 2 {RUNS}", "expires_at"),
    ("its secret", f"update api_token set secret_hash = 'mine' {RUNS}", "secret"),
    ("its handle", f"update api_token set handle = 'mine' {RUNS}", "handle"),
    ("its owner", f"update api_token set actor_id = {BOSS} {RUNS}", "API token 3 .*: actor[.]"),
    ("who made it", f"update api_token set created_by = 'mallory' {RUNS}", "API token 3 .*: by[.]"),
    ("when", f"update api_token set created_at = 1 {RUNS}", "API token 3 .*: at[.]"),
    ("what it replaces", f"update api_token set replaces_id = 1 {RUNS}", "replaces"),
    ("one revived", f"update api_token set revoked_at = null {REVOKED}", "API token 1 .*: revoked_at"),
    ("grace without end", f"update api_token set revoked_at = revoked_at * 2 {REPLACED}", "API token 2 .*: revoked_at"),
    ("one that is gone", f"delete from api_token {RUNS}", "API token 3 is not there any more"),
    ("one nobody issued", "insert into api_token select 9, actor_id, 'mine', 'mine', label, roles, created_by, "
     f"created_at, expires_at, last_used_at, revoked_at, replaces_id from api_token {RUNS}", "no entry of API token 9"),
    ("one no more personal", "delete from personal_field where name = 'hobby'", "personal field hobby"),
    ("one more personal", "insert into personal_field (name, mapping, declared_at) values ('tier', 'x', 1)", "tier"),
    ("which model is live", "update model_alias set model_version_id = 1", "the model version called live .*: model"),
    ("one name more", "insert into model_alias (name, alias, model_version_id) values ('churn', 'next', 1)", "next"),
    ("another of it", "insert into model_alias (name, alias, model_version_id) values ('zz', 'live', 1)", "zz"),
    ("of another model", "update model_alias set name = 'x'", "the model version called live is not there any more"),
    ("the model's name", "update model_version set name = 'other' where id = 1", "model version 1 .*: name"),
    ("what it is of", "update model_version set name = 'value' where id = 1", "model version 1 is not there"),
    ("a time that is none", "update role_grant set granted_at = 'x'", "Roles, tokens .* not of its type"),
    ("a time beyond all", "update api_token set expires_at = 9223372036854775807", "Roles, tokens .* not of its type"),
    ("a hash that is none", "update api_token set secret_hash = x'0011'", "Roles, tokens .* not of its type"),
    ("a name gone", "delete from model_alias", "the model version called live is not there any more"),
    ("a model's bytes", "update model_version set body = 'mine' where id = 1", "model version 1 .*: digest"),
    ("its digest, too", "update model_version set body = '', digest = "
     "'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' where id = 1", "digest"),
    ("why it was made", "update model_version set reason = 'x' where id = 1", "reason"),
    ("who made it", "update model_version set actor = 'mallory' where id = 1", "model version 1 .*: by[.]"),
    ("a model gone", "delete from model_version where id = 1", "model version 1 is not there"),
    ("one more", "insert into model_version select 9, name, 'x', body, card, actor, reason, created_at from "
     "model_version where id = 1", "no entry of model version 9"),
]  # fmt: skip
FREE = [
    ("when a token was used last", "update api_token set last_used_at = 1"),
    ("what a token is called", "update api_token set label = 'other'"),
]


MAPPING = """mapping: 1
name: people
title: {en: People, zh: 客户}
entity: customers
source: crm
timezone: UTC
currency: EUR
columns: {key: {from: [number]}, name: {from: [name]}, market: {from: [market]}}
fields: {hobby: {from: [hobby], type: text, personal: true}}
key: [key]
"""


@pytest.fixture(scope="module")
def granted_file(opened_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with actors, with tokens that run, are revoked and replaced, a personal field and two models."""
    folder = tmp_path_factory.mktemp("granted")
    file = folder / "touchstone.db"
    shutil.copyfile(opened_file, file)
    with open_database(f"sqlite:///{file}") as shop:
        work(shop, folder)
    return file


def work(shop: Database, folder: Path) -> None:
    (folder / "people.csv").write_text("number,name,market,hobby\n1,Ada,B2C,chess\n")
    (folder / "people.yaml").write_text(MAPPING)
    set_roles(shop, RolesGiven("boss", ("ADMIN",), "bootstrap"), "root", day(1))
    set_roles(shop, RolesGiven("mei", ("VIEWER",), "joined"), "boss", day(2))
    set_roles(shop, RolesGiven("mei", ("VIEWER", "AUTHOR"), "writes"), "root", day(3))
    set_roles(shop, RolesGiven("gone", ("VIEWER",), "joined"), "boss", day(3))
    set_roles(shop, RolesGiven("gone", (), "left"), "boss", day(4))
    for label in ("lost", "old"):
        issue_token(shop, TokenGiven("mei", label, ("VIEWER",), day(90)), "boss", day(5))
    revoke_token(shop, 1, "lost", "boss", day(6))
    assert issue_token(shop, TokenGiven("mei", "new", ("AUTHOR",), day(90), replaces=2), "boss", day(7)).token == 3
    import_files(shop, str(folder / "people.yaml"), [folder / "people.csv"], "crm-ops", day(7))
    model_version(shop, "one", 8)
    model_version(shop, "two", 9)
    with shop.read() as session:
        assert "hobby" in personal_fields(session)


@pytest.fixture
def granted(granted_file: Path, tmp_path: Path) -> Iterator[Database]:
    file = tmp_path / "granted.db"
    shutil.copyfile(granted_file, file)
    with open_database(f"sqlite:///{file}") as database:
        yield database


def alter(database: Database, statement: str) -> None:
    with database.write() as session:
        assert session.execute(text(statement)).rowcount > 0  # type: ignore[attr-defined]


def test_what_the_operations_left_fits_the_ledger(granted: Database) -> None:
    with granted.read() as session:
        found = verify_everything(session, None)
    assert (found.ok, found.problem) == (True, None)


@pytest.mark.parametrize(("statement", "told"), [one[1:] for one in ALTERED], ids=[one[0] for one in ALTERED])
def test_what_somebody_altered_is_told(granted: Database, statement: str, told: str) -> None:
    alter(granted, statement)
    with granted.read() as session:
        found = verify_everything(session, None)
    assert not found.ok
    assert re.search(f"(?i){told}", " ".join(one.en for one in found.misfits))


@pytest.mark.parametrize("statement", [one[1] for one in FREE], ids=[one[0] for one in FREE])
def test_what_gives_nobody_a_right_is_not_in_the_ledger(granted: Database, statement: str) -> None:
    alter(granted, statement)
    with granted.read() as session:
        assert verify_everything(session, None).ok


def test_a_token_that_is_revoked_in_its_day_of_grace_ends_then(granted: Database) -> None:
    revoke_token(granted, 2, "not needed", "boss", day(7.5))
    issue_token(granted, TokenGiven("mei", "next", ("AUTHOR",), day(90), replaces=2), "boss", day(8))
    with granted.read() as session:
        assert verify_everything(session, None).ok
