"""Roles and tokens from the command line, and the demo's ready ones."""

from __future__ import annotations

import json
import re
import sqlite3

import pytest

from engine.access import Role
from engine.cli.demo.keys import print_tokens
from engine.operations.authenticating import Gate, prove
from engine.settings import AuthMode
from engine.store import open_database
from engine.vocabulary import Locale
from tests.cli.clerk import Clerk
from tests.cli.conftest import Shell

WHY = ("--reason", "joined")


@pytest.fixture
def clerk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clerk:
    return Clerk(monkeypatch, capsys)


def test_a_life_of_roles_and_tokens(clerk: Clerk, empty: Shell) -> None:
    out, _ = clerk.run(empty, "actors", "roles", "mei", "--role", "viewer", "--role", "Author", *WHY)
    assert out == "mei now has: author, viewer\n"
    out, _ = clerk.run(empty, "tokens", "issue", "mei", "--label", "laptop", "--role", "viewer", "--json")
    first = json.loads(out)
    out, _ = clerk.run(empty, "tokens", "issue", "mei", "--label", "new", "--replaces", first["token"], "--until", "9d")
    secret = out.splitlines()[1]
    assert re.fullmatch(r"ts_[0-9a-f]{12}_[\w-]{43}", secret)
    listed = json.loads(clerk.run(empty, "tokens", "list", "--json")[0])
    assert [(one["label"], sorted(one["roles"])) for one in listed] == [
        ("new", ["AUTHOR", "VIEWER"]), ("laptop", ["VIEWER"])
    ]  # fmt: skip
    assert listed[1]["revoked_at"] is not None
    assert secret.startswith(listed[0]["begins"])
    clerk.run(empty, "tokens", "revoke", listed[0]["token"], "--reason", "stolen")
    out, _ = clerk.run(empty, "tokens", "list", "--actor", "mei", "--lang", "zh")
    assert "已吊销" in out
    assert secret not in out
    clerk.run(empty, "actors", "roles", "mei", "--reason", "left")
    assert json.loads(clerk.run(empty, "actors", "list", "--json")[0]) == [{"actor": "mei", "roles": []}]
    out, _ = clerk.run(empty, "audit", "log", "--lang", "zh")
    assert (out.count("TOKEN"), out.count("ROLE")) == (3, 2)
    assert json.loads(clerk.run(empty, "audit", "verify", "--json")[0])["ok"]


def test_mistakes(clerk: Clerk, empty: Shell) -> None:
    refused = clerk.refused
    refused(empty, "actors", "roles", "mei", "--role", "root", *WHY, en="Roles are viewer", zh="角色有 viewer")
    exclusive = ("--role", "admin", "--role", "auditor")
    refused(
        empty, "actors", "roles", "mei", *exclusive, *WHY, en="both auditor and admin", zh="不能同时是 auditor 和 admin"
    )
    refused(empty, "actors", "roles", "mei", "--reason", " ", en="needs a reason", zh="必须说明原因")
    issue = ("tokens", "issue", "mei", "--label", "x")
    refused(empty, *issue, en="No actor 'mei'", zh="尚未获得角色")
    clerk.run(empty, "actors", "roles", "mei", "--role", "viewer", *WHY)
    refused(empty, *issue, "--role", "author", en="not have the role author", zh="没有角色 author")
    refused(empty, *issue, "--until", "500d", en="within 400 days", zh="400 天内")
    refused(empty, *issue, "--until", "soon", en="not a date", zh="不是日期")
    refused(empty, *issue, "--replaces", "tok_0000000000009", en="no such token", zh="没有这个令牌")
    refused(empty, "tokens", "revoke", "nonsense", *WHY, en="not an id", zh="不是本服务的 id")
    refused(empty, "tokens", "revoke", "tok_0000000000009", *WHY, en="no such token", zh="没有这个令牌")


def test_a_server_beyond_this_machine_needs_authentication(clerk: Clerk, empty: Shell) -> None:
    serve = ("serve", "--host", "0.0.0.0", "--port", "0")
    clerk.refused(empty, *serve, en="TOUCHSTONE_AUTH", zh="TOUCHSTONE_AUTH")
    clerk.refused(empty, *serve, en="OIDC_ISSUER", zh="OIDC_ISSUER", auth="oidc")


def test_the_demo_has_a_token_for_each_role(empty: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    with open_database(f"sqlite:///{empty.database}") as database:
        print_tokens(database, Locale.ZH)
        printed = capsys.readouterr().out
        assert "仅限本机" in printed
        found = dict(re.findall(r"^\s+(\w+)\s+(ts_\S+)$", printed, re.M))
        assert list(found) == [role.lower() for role in Role]
        from engine.cli.terminal import now

        for role, token in found.items():
            proof = prove(Gate(AuthMode.TOKENS), database, f"Bearer {token}", now())
            assert proof is not None
            assert proof.caller.roles == {Role(role.upper())}
    with sqlite3.connect(empty.database) as connection:
        assert connection.execute("SELECT count(*) FROM api_token").fetchone() == (len(Role),)
    connection.close()
