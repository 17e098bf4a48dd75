"""Shops to decide in, on the engines."""

from __future__ import annotations

import random
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from engine.operations.publishing import publish
from engine.store import Database, insert_rows, open_database, upgrade_database
from engine.store.tables import CustomerRow, RecordRow, WatermarkRow
from engine.vocabulary import Market
from tests.conftest import PostgresServer
from tests.operations.shop import crowd, day, open_shop, rules


@pytest.fixture(scope="session")
def opened_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the small shop in it, nothing decided; copied by `shop`."""
    file = tmp_path_factory.mktemp("shop") / "touchstone.db"
    upgrade_database(f"sqlite:///{file}")
    with open_database(f"sqlite:///{file}") as database:
        open_shop(database)
    return file


@pytest.fixture
def shop_url(opened_file: Path, tmp_path: Path) -> str:
    """URL of a SQLite file with the small shop, this test's own."""
    file = tmp_path / "shop.db"
    shutil.copyfile(opened_file, file)
    return f"sqlite:///{file}"


@pytest.fixture
def shop(shop_url: str) -> Iterator[Database]:
    """The small shop on SQLite, this test's own."""
    with open_database(shop_url) as database:
        yield database


@pytest.fixture(scope="session")
def _crowded_file(opened_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("crowd") / "touchstone.db"
    shutil.copyfile(opened_file, file)
    with open_database(f"sqlite:///{file}") as database:
        crowd(database)
    return file


@pytest.fixture
def crowded_url(_crowded_file: Path, tmp_path: Path) -> str:
    """URL of a SQLite file with the small shop and its crowd, this test's own."""
    file = tmp_path / "crowd.db"
    shutil.copyfile(_crowded_file, file)
    return f"sqlite:///{file}"


@pytest.fixture
def crowded(crowded_url: str) -> Iterator[Database]:
    """The small shop with its crowd on SQLite, this test's own."""
    with open_database(crowded_url) as database:
        yield database


@pytest.fixture(scope="session")
def _postgres_shop(postgres_server: PostgresServer, _postgres_template: str) -> str:
    """Name of a PostgreSQL database with the small shop in it; copied by `postgres_shop_url`."""
    name = f"template_shop_{uuid4().hex[:8]}"  # another folder may use these fixtures in the same process
    postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE {_postgres_template}")
    with open_database(postgres_server.url(name)) as database:
        open_shop(database)
    return name


@pytest.fixture
def postgres_shop_url(postgres_server: PostgresServer, _postgres_shop: str) -> Iterator[str]:
    """URL of a PostgreSQL database with the small shop, this test's own."""
    name = f"shop_{uuid.uuid4().hex}"
    postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE {_postgres_shop}")
    try:
        yield postgres_server.url(name)
    finally:
        postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["shop_url", "postgres_shop_url"], ids=["sqlite", "postgres"])
def any_shop_url(request: pytest.FixtureRequest) -> str:
    """URL of the small shop; the test runs on both engines."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def any_shop(any_shop_url: str) -> Iterator[Database]:
    """The small shop, this test's own; the test runs on both engines."""
    with open_database(any_shop_url) as database:
        yield database


@pytest.fixture
def trading(sqlite_url: str) -> Iterator[Database]:
    """Sixty persons who bought for over a year, each order known when it happened; half of them stopped."""
    database = open_database(sqlite_url)
    publish(database, rules(), "crm-ops", "first rules", day(-500), None)
    chance = random.Random(4)
    with database.write() as session:
        names = [f"shop:P-{number:04}" for number in range(60)]
        times = {"created_at": day(-500), "updated_at": day(-500)}
        given: dict[str, Any] = {"market": Market.B2C, "ref": names, "salt": [bytes(16)] * 60, **times}
        ids = insert_rows(session, CustomerRow, given).tolist()
        rows: list[tuple[int, float, int]] = []
        for number, customer in enumerate(ids):
            at, until = -480 + 60 * chance.random(), 0 if number % 2 else -200 * chance.random()
            while at < until:
                rows.append((customer, at, int(5_000 + 20_000 * chance.random())))
                at += 5 + 40 * chance.random()
        columns: dict[str, Any] = {
            "customer_id": [customer for customer, _, _ in rows],
            "kind": "ORDER",
            "source": "shop",
            "key": [f"O-{number}" for number in range(len(rows))],
            "occurred_at": [day(at) for _, at, _ in rows],
            "recorded_at": [day(at + 0.01) for _, at, _ in rows],
            "currency": "CNY",
            "net": [net for *_, net in rows],
            "cost": [net // 2 for *_, net in rows],
            "status": "paid",
        }
        insert_rows(session, RecordRow, columns)
        said = [day(-101), day(-41), day(-1)]
        insert_rows(session, WatermarkRow, {"source": "orders", "complete_until": said, "recorded_at": said})
    yield database
    database.close()
