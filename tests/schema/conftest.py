"""A filled database, and a way to ask it without a server."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from strawberry.types.execution import ExecutionResult

from engine.access import Caller, Role
from engine.store import Database, open_database, upgrade_database
from engine.vocabulary import Locale
from schema.context import Context, Services
from schema.root import the_schema
from tests.schema.business import NOW, fill


@dataclass
class Api:
    """The API over one database."""

    database: Database
    caller: Caller | None = None

    def ask(self, query: str, locale: Locale = Locale.EN, **variables: Any) -> ExecutionResult:
        """Execute a document."""
        schema, _ = the_schema()

        async def run() -> ExecutionResult:
            services = Services(self.database, lambda: NOW, "api")
            context = Context(services, locale, "request-of-a-test", proven=self.caller)
            result: ExecutionResult = await schema.execute(query, variable_values=variables, context_value=context)
            return result

        return asyncio.run(run())

    def data(self, query: str, locale: Locale = Locale.EN, **variables: Any) -> Any:
        """The data of a document that must not fail."""
        result = self.ask(query, locale, **variables)
        assert not result.errors, [(error.message, error.path, error.extensions) for error in result.errors]
        return result.data

    def codes(self, query: str, **variables: Any) -> list[str]:
        """Codes of the faults."""
        return [str((error.extensions or {})["code"]) for error in self.ask(query, **variables).errors or ()]

    def acting(self, *roles: Role, name: str = "mei") -> Api:
        """The same API, asked by somebody with these roles and no others."""
        return Api(self.database, Caller(name, frozenset(roles)))

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The SQL statements sent meanwhile, without the connection's own."""
        sent: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if not statement.startswith(("PRAGMA", "BEGIN", "COMMIT", "ROLLBACK")):
                sent.append(statement)

        engine = self.database._engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled SQLite file; copy it before writing."""
    file = tmp_path_factory.mktemp("business") / "touchstone.db"
    upgrade_database(f"sqlite:///{file}")
    with open_database(f"sqlite:///{file}") as database:
        fill(database)
    return file


@pytest.fixture(scope="session")
def api(filled_file: Path) -> Iterator[Api]:
    """The API over the filled database; nobody writes."""
    with open_database(f"sqlite:///{filled_file}") as database:
        yield Api(database)


@pytest.fixture
def own_api(filled_file: Path, tmp_path: Path) -> Iterator[Api]:
    """The API over a copy of this test's own."""
    file = tmp_path / "own.db"
    shutil.copyfile(filled_file, file)
    with open_database(f"sqlite:///{file}") as database:
        yield Api(database)


@pytest.fixture
def empty_api(sqlite_url: str) -> Iterator[Api]:
    """The API over an empty database."""
    with open_database(sqlite_url) as database:
        yield Api(database)
