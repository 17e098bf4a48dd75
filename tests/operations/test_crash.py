"""Killed in the middle of writing, or just before the commit: nothing is half-written, the next one goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.store import open_database
from tests.operations.checks import check_everything
from tests.operations.shop import contents, count, day, decide_at

ROOT = Path(__file__).parents[2]
DECIDE = """
import sys, time
from datetime import datetime
from engine.operations import deciding, runs
from engine.store import open_database

def stop(*arguments, **named):
    print("here", flush=True)
    time.sleep(600)

module, name = {"written": (runs, "append_entry"), "entered": (deciding, "remember")}[sys.argv[3]]
setattr(module, name, stop)
with open_database(sys.argv[1]) as database:
    instant = datetime.fromisoformat(sys.argv[2])
    deciding.decide(database, None, instant, "schedule", instant, idempotency_key="key")
"""


@pytest.mark.parametrize(("engine", "place"), [("shop_url", "entered"), ("postgres_shop_url", "written")])
def test_a_killed_run_leaves_nothing(engine: str, place: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(engine)
    with open_database(url) as database:
        decide_at(database, 0)
        before = contents(database)
    command = [sys.executable, "-c", DECIDE, url, day(10).isoformat(), place]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "here\n"
        worker.send_signal(signal.SIGKILL)
    with open_database(url) as database:
        assert contents(database) == before
        assert decide_at(database, 10).decided == 28
        assert count(database, "run") == 2
        check_everything(database)
