"""Other processes: a killed writer loses nothing it acknowledged, two writers never meet a locked database."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from sqlalchemy import text

from engine.store import check_database, open_database, verify_ledger

WRITER = """
import sys
from datetime import UTC, datetime
from engine.store import append_entry, open_database
from engine.vocabulary import EntryKind

database = open_database(sys.argv[1])
for number in range(int(sys.argv[2])):
    with database.write() as session:
        entry = append_entry(session, EntryKind.RECORD, "writer", None, None, {"number": number},
                             datetime(2026, 1, 1, tzinfo=UTC))
        position, digest = entry.position, entry.hash
    print(position, digest, flush=True)
"""


def writer(url: str, entries: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, url, str(entries)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("acknowledged", [1, 17, 60])
def test_a_killed_writer_loses_no_acknowledged_commit(database_url: str, acknowledged: int) -> None:
    process = writer(database_url, 1_000_000)
    with process:
        assert process.stdout is not None
        seen = [process.stdout.readline().split() for _ in range(acknowledged)]
        process.send_signal(signal.SIGKILL)
        seen += [parts for parts in (line.split() for line in process.stdout) if len(parts) == 2]
    assert process.returncode == -signal.SIGKILL
    with open_database(database_url) as database, database.read() as session:
        stored = dict(session.execute(text("SELECT position, hash FROM ledger_entry")).all())
        verification = verify_ledger(session)
    assert len(seen) >= acknowledged
    lost = [position for position, digest in seen[:acknowledged] if stored.get(int(position)) != digest]
    assert lost == []
    assert verification.ok
    assert verification.entries - len(seen) <= 1, "at most one commit landed without being acknowledged"
    assert not [one for one in check_database(database_url).problems if "fsync" not in one.en]


def test_two_processes_write_without_meeting_a_locked_database(database_url: str) -> None:
    processes = [writer(database_url, 60) for _ in range(2)]
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    positions = sorted(int(line.split()[0]) for output, _ in said for line in output.splitlines())
    assert positions == list(range(1, 121))
    with open_database(database_url) as database, database.read() as session:
        assert verify_ledger(session).ok
