"""A database of every earlier schema is brought to this one: everything replays, every decision says what it said.

`golden/NNNN….sql` is a dump of a small shop made by the code of that schema, `golden/NNNN….json` what its decisions
were: ref, instant, tiers (computed, effective, before), score, stage, phase, risk, provisional, since, digest.
`0001_metric_without_type` has two revisions, of which the checks of today refuse the first.
"""

from __future__ import annotations

import ast
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from sqlalchemy import create_engine, text

from engine.operations.deciding import decide
from engine.operations.explaining import explain_decision
from engine.store import SCHEMA_VERSION, Database, check_database, open_database, upgrade_database
from engine.store.reading import decisions_by_ids
from engine.store.upgrade import MIGRATIONS
from tests.operations.checks import check_everything
from tests.operations.shop import contents, count, day, decisions

GOLDEN = Path(__file__).parent / "golden"
SCHEMAS = sorted(file.stem for file in GOLDEN.glob("*.sql"))
TOLD = ("computed", "effective", "previous", "score", "stage", "phase", "risk", "provisional", "effective_since")


@pytest.fixture(params=SCHEMAS)
def schema(request: pytest.FixtureRequest) -> str:
    """An earlier schema, with what is special about its shop."""
    return str(request.param)


@pytest.fixture(params=["sqlite", "postgres"])
def old_url(request: pytest.FixtureRequest, schema: str, tmp_path: Path) -> str:
    """URL of a database of that schema with its golden shop; on either engine."""
    file = tmp_path / "old.db"
    with closing(sqlite3.connect(file)) as golden:
        golden.executescript((GOLDEN / f"{schema}.sql").read_text())
        if request.param == "sqlite":
            return f"sqlite:///{file}"
        url = str(request.getfixturevalue("postgres_empty_url"))
        assert upgrade_database(url, _migrations_until(schema[:4], tmp_path)) == schema[:4]
        _copy(golden, url)
        return url


def _migrations_until(version: str, folder: Path) -> Path:
    """A folder of the migrations that lead to a schema."""
    migrations = folder / "migrations"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (migrations / "versions").glob("*.py"):
        if file.name[:4] > version:
            file.unlink()
    return migrations


def _copy(golden: sqlite3.Connection, url: str) -> None:
    """Every row of a SQLite database into the same, empty tables of a PostgreSQL one, which counts on from them."""
    golden.row_factory = sqlite3.Row
    names = (
        "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name <> 'alembic_version'"
    )
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    columns = "select column_name, data_type from information_schema.columns where table_name = :name"
    with engine.begin() as connection:
        for (name,) in golden.execute(f"{names} and name <> 'alembic_version'").fetchall():
            kinds = dict(tuple(row) for row in connection.execute(text(columns), {"name": name}))
            rows = [
                {key: bool(row[key]) if kinds[key] == "boolean" and row[key] is not None else row[key] for key in kinds}
                for row in golden.execute(f'select * from "{name}"')
            ]
            listed = ", ".join(f'"{key}"' for key in kinds)
            if rows:
                values = ", ".join(f":{key}" for key in kinds)
                connection.execute(text(f'insert into "{name}" ({listed}) values ({values})'), rows)
            counter = (
                "id" in kinds
                and connection.execute(text("select pg_get_serial_sequence(:name, 'id')"), {"name": name}).scalar_one()
            )
            if counter and rows:
                connection.execute(text(f"select setval('{counter}', (select max(id) from \"{name}\"))"))
    engine.dispose()


@pytest.fixture
def upgraded(old_url: str) -> Iterator[Database]:
    """The golden shop, brought to this schema."""
    assert upgrade_database(old_url) == SCHEMA_VERSION
    wrong = [problem.en for problem in check_database(old_url).problems if "fsync" not in problem.en]
    assert wrong == []
    with open_database(old_url) as database:
        yield database


@pytest.mark.parametrize("file", sorted((MIGRATIONS / "versions").glob("*.py")), ids=lambda file: file.stem)
def test_a_migration_uses_nothing_that_changes_with_the_code(file: Path) -> None:
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).split(".")[0])
    assert not names & {"engine", "schema", "server", "migrations"}


def test_every_decision_says_what_it_said(upgraded: Database, schema: str) -> None:
    golden = json.loads((GOLDEN / f"{schema}.json").read_text())
    found = decisions(upgraded, *TOLD, "digest")
    microseconds = {(ref, int(as_of.timestamp() * 1_000_000)): values for (ref, as_of), values in found.items()}
    assert len(microseconds) == len(golden)
    for ref, as_of, *values in golden:
        *told, digest = microseconds[ref, as_of]
        *before, shown = values
        assert [int(one) if isinstance(one, bool) else one for one in told] == before
        assert digest.hex().upper() == shown


def test_everything_holds_and_goes_on(upgraded: Database) -> None:
    check_everything(upgraded)
    with upgraded.read() as session:
        pairs = session.execute(text("select decision_id, customer_id from dispatch")).all()
        for number, customer in pairs:
            assert explain_decision(session, number).customer_id == customer
    assert decide(upgraded, None, day(70), "schedule", day(70)).decided == count(upgraded, "customer")
    check_everything(upgraded)


KEYS = {"0001": [], "0001_metric_without_type": ["everybody", "two by name"], "0002": []}
"""Idempotency keys that `decide` was asked with on the last day of each golden shop."""


def test_a_key_used_before_names_the_same_decisions_after(upgraded: Database, schema: str) -> None:
    with upgraded.read() as session:
        kept = session.execute(text("select key, answer from idempotency where operation = 'decide'")).all()
    assert sorted(key for key, _ in kept) == KEYS[schema]
    for key, answer in kept:
        told = orjson.loads(answer)
        refs = ["shop:P-0002", "shop:B-0001"] if told["decision_ids"] else None
        before, now = contents(upgraded), day(41.2)
        again = decide(upgraded, refs, None, "caller", now, idempotency_key=key)
        assert (again.run_id, again.decided) == (told["run"], told["decided"])
        assert contents(upgraded) == before, "a retry decides nothing"
        with upgraded.read() as session:
            views = decisions_by_ids(session, again.decision_ids)
            named = [explain_decision(session, number).ref for number in again.decision_ids]
        assert named == (refs or [])
        assert {view.as_of for view in views.values()} <= {again.as_of}
