"""A database of every earlier schema is brought to this one: everything replays, every decision says what it said.

`golden/NNNN.sql` is a dump of a small shop made by the code of that schema, `golden/NNNN.json` what its decisions
were: ref, instant, tiers (computed, effective, before), score, stage, phase, risk, provisional, since, digest.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.operations.deciding import decide
from engine.operations.explaining import explain_decision
from engine.store import SCHEMA_VERSION, Database, check_database, open_database, upgrade_database
from tests.operations.checks import check_everything
from tests.operations.shop import count, day, decisions

GOLDEN = Path(__file__).parent / "golden"
SCHEMAS = sorted(file.stem for file in GOLDEN.glob("*.sql"))
TOLD = ("computed", "effective", "previous", "score", "stage", "phase", "risk", "provisional", "effective_since")


@pytest.fixture(params=SCHEMAS)
def schema(request: pytest.FixtureRequest) -> str:
    """An earlier schema."""
    return str(request.param)


@pytest.fixture
def upgraded(schema: str, tmp_path: Path) -> Iterator[Database]:
    """Its golden shop, brought to this schema."""
    file = tmp_path / "old.db"
    connection = sqlite3.connect(file)
    connection.executescript((GOLDEN / f"{schema}.sql").read_text())
    connection.close()
    assert upgrade_database(f"sqlite:///{file}") == SCHEMA_VERSION
    assert check_database(f"sqlite:///{file}").problems == ()
    with open_database(f"sqlite:///{file}") as database:
        yield database


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
