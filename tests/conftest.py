"""Fixtures for every test: real data by path, real databases of both engines, a clean environment."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from engine.settings import load_settings
from engine.store import Database, open_database, upgrade_database
from tests.shell import Demo, Shell

ROOT = Path(__file__).resolve().parents[1]

# No test is timed: on a busy machine a slow example is no wrong one.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Groups for `--dist loadgroup`: pytest-xdist 3.8 writes them where pytest 9.2 no longer looks."""
    if getattr(config.option, "loadgroup", False):
        for item in items:
            names = "_".join(sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")}))
            if names and not item.nodeid.endswith(f"@{names}"):
                item._id = type(item._id).parse(f"{item.nodeid}@{names}")


@pytest.fixture(autouse=True, scope="session")
def _untimed_queries() -> Iterator[None]:
    """Queries of tests have ten minutes in this process; tests of deadlines set their own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("schema.deadlines.SECONDS", 600.0)
        yield


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test sees the settings of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("TOUCHSTONE_")]:
        if name != "TOUCHSTONE_SHARED" and not name.startswith("TOUCHSTONE_REQUIRE_"):
            monkeypatch.delenv(name)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real data and shared cases: TOUCHSTONE_SHARED, or `shared` beside the repository."""
    given = os.environ.get("TOUCHSTONE_SHARED")
    folder = Path(given) if given else ROOT.parent / "shared"
    if not folder.is_dir():
        reason = f"no shared data at {'TOUCHSTONE_SHARED' if given else '../shared'}"
        if os.environ.get("TOUCHSTONE_REQUIRE_DATA") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, made once; tests that write take a copy. Whoever asks for it is of the xdist group `demo`."""
    shell = Shell(tmp_path_factory.mktemp("demo"))
    return Demo(shell, shell.process("demo", "--no-serve").stdout)


@pytest.fixture
def own_demo(demo: Demo, tmp_path: Path) -> Shell:
    """A copy of the demo's database for one test, with the key that signs it."""
    for end in ("", ".signing-key", ".checkpoints"):
        shutil.copy(f"{demo.shell.database}{end}", tmp_path / f"touchstone.db{end}")
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "template.db"
    upgrade_database(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """URL of a migrated, empty SQLite file of this test's own."""
    file = tmp_path / "touchstone.db"
    shutil.copyfile(_sqlite_template, file)
    return f"sqlite:///{file}"


@dataclass(frozen=True)
class PostgresServer:
    """A running server that only listens on a socket in its own folder."""

    folder: Path
    programs: Path

    def url(self, database: str) -> str:
        return f"postgresql://touchstone@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process; skipped with a reason where there are no binaries."""
    programs = _postgres_programs()
    if programs is None:
        reason = "no PostgreSQL binaries (initdb, pg_ctl) on PATH or under /usr/lib/postgresql"
        if os.environ.get("TOUCHSTONE_REQUIRE_POSTGRES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path has at most 107 bytes
    user = _server_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    data = folder / "data"
    unsafe_but_fast = "-c fsync=off -c full_page_writes=off -c max_connections=60 -c shared_buffers=64MB"
    listening = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
    try:
        _run(user, programs / "initdb", "-D", data, "-U", "touchstone", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync")  # fmt: skip
        _run(user, programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o",
             f"{listening} {unsafe_but_fast}", "start")  # fmt: skip
        try:
            yield PostgresServer(folder, programs)
        finally:
            _run(user, programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _postgres_template(postgres_server: PostgresServer) -> str:
    postgres_server.execute("CREATE DATABASE template_touchstone")
    upgrade_database(postgres_server.url("template_touchstone"))
    return "template_touchstone"


@pytest.fixture
def postgres_empty_url(postgres_server: PostgresServer) -> Iterator[str]:
    """URL of a PostgreSQL database without tables."""
    yield from _postgres_database(postgres_server, "template0")


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, _postgres_template: str) -> Iterator[str]:
    """URL of a migrated, empty PostgreSQL database of this test's own."""
    yield from _postgres_database(postgres_server, _postgres_template)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of a migrated, empty database; the test runs on both engines."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open, empty database; the test runs on both engines."""
    with open_database(database_url) as opened:
        yield opened


def _postgres_database(server: PostgresServer, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield server.url(name)
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _postgres_programs() -> Path | None:
    """The folder of the newest server's programs."""

    def version(folder: Path) -> int:
        return int(folder.parent.name) if folder.parent.name.isdigit() else 0

    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=version, reverse=True)
    on_path = shutil.which("initdb")
    if on_path is not None:
        folders.insert(0, Path(on_path).resolve().parent)
    return next((one for one in folders if (one / "initdb").exists() and (one / "pg_ctl").exists()), None)


def _server_user() -> pwd.struct_passwd | None:
    """Whom to run the server as: PostgreSQL refuses root. None: whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("running as root without a user `postgres` or `nobody` to run PostgreSQL as")


def _run(user: pwd.struct_passwd | None, *command: object) -> None:
    """Run a program of PostgreSQL, quietly unless it fails."""
    as_user = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    with tempfile.TemporaryFile() as output:  # a pipe would stay open in the server
        done = subprocess.run(
            [str(part) for part in command], stdout=output, stderr=output, cwd="/", check=False, **as_user
        )
        if done.returncode != 0:
            output.seek(0)
            pytest.fail(f"{command[0]} failed: {output.read().decode(errors='replace')}")
