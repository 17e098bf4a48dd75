"""The outbox: everything leaves once, tasks reach owners, a consent withdrawn in the night is heeded."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.errors import ConflictError, InputError, NotFoundError
from engine.operations import dispatching
from engine.operations.contacts import campaign_volumes
from engine.operations.dispatching import LEASE, deliver_pending
from engine.operations.publishing import publish
from engine.operations.recording import CustomerGiven, record_customer
from engine.operations.tasks import complete_task, open_tasks
from engine.store import Database, open_database
from engine.vocabulary import Market
from tests.operations.checks import check_ledger
from tests.operations.shop import READERS, SILENT, consent, contents, count, crowd, day, decide_at, record, rules

ROOT = Path(__file__).parents[2]
MORNING = 0.5
DELIVER = """
import sys
from datetime import datetime
from engine.operations import dispatching
from engine.store import open_database
dispatching.BATCH = 3
with open_database(sys.argv[1]) as database:
    print("ready", flush=True)
    sys.stdin.readline()
    dispatching.deliver_pending(database, datetime.fromisoformat(sys.argv[2]), print, "outbox")
"""


def _decide(database: Database) -> None:
    """Decide twelve readers of news and six silent customers, at night."""
    publish(database, rules(campaigns=("per_day: 4", "per_day: 400")), "crm-ops", "room", day(-1))
    decide_at(database, 0, [*READERS, *SILENT])


def test_two_processes_deliver_everything_once(crowded_url: str) -> None:
    with open_database(crowded_url) as database:
        _decide(database)
        command = [sys.executable, "-c", DELIVER, crowded_url, day(MORNING).isoformat()]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        workers = [subprocess.Popen(command, cwd=ROOT, text=True, **pipes) for _ in range(2)]
        assert [worker.stdout.readline() for worker in workers if worker.stdout] == ["ready\n", "ready\n"]
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        printed = [worker.communicate(timeout=60)[0] for worker in workers]
        assert [worker.returncode for worker in workers] == [0, 0]
        lines = [line for part in printed for line in part.splitlines()]
        assert sorted(lines) == [f"[sms] news · news → {ref}" for ref in READERS]
        assert count(database, "task") == count(database, "dispatch", "channel = 'owner_task' and state = 'SENT'") == 7
        assert count(database, "dispatch", "state = 'PENDING'") == 0
        check_ledger(database)


def test_many_connections_deliver_everything_once(postgres_shop_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatching, "BATCH", 3)
    lines: list[str] = []

    def work() -> None:
        with open_database(postgres_shop_url) as mine:
            deliver_pending(mine, day(MORNING), lines.append)

    with open_database(postgres_shop_url) as database:
        crowd(database)
        _decide(database)
        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert sorted(lines) == [f"[sms] news · news → {ref}" for ref in READERS]
        assert count(database, "task") == 7
        assert count(database, "dispatch", "state = 'PENDING'") == 0
        check_ledger(database)


def test_delivering_again_sends_and_writes_nothing(crowded: Database) -> None:
    _decide(crowded)
    lines: list[str] = []
    first = deliver_pending(crowded, day(MORNING), lines.append)
    known = contents(crowded)
    second = deliver_pending(crowded, day(MORNING) + 2 * LEASE, lines.append)
    assert (first.by_channel, second.total) == ({"owner_task": 7, "sms": 12}, 0)
    assert len(lines) == 12
    assert contents(crowded) == known


def test_messages_wait_for_the_morning_and_tasks_do_not(crowded: Database) -> None:
    _decide(crowded)
    lines: list[str] = []
    for number, expected in ((0.01, {"owner_task": 7}), (0.374, {}), (0.375, {"sms": 12})):
        assert deliver_pending(crowded, day(number), lines.append).by_channel == expected
    assert len(lines) == 12


def test_whoever_dies_before_the_mark_leaves_it_to_the_next_after_the_lease(
    crowded: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _decide(crowded)
    lines: list[str] = []
    with monkeypatch.context() as broken:
        broken.setattr(dispatching, "append_entry", _power_cut)
        with pytest.raises(RuntimeError, match="power"):
            deliver_pending(crowded, day(MORNING), lines.append)
    assert lines == []
    assert count(crowded, "task") == 0
    assert deliver_pending(crowded, day(MORNING) + LEASE - timedelta(seconds=1), lines.append).total == 0
    assert deliver_pending(crowded, day(MORNING) + LEASE, lines.append).total == 19
    assert len(lines) == len(set(lines)) == 12


def test_whoever_lost_the_lease_sends_nothing(crowded_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow one claimed first, the quick one delivers when the lease is over."""
    with open_database(crowded_url) as slow, open_database(crowded_url) as quick:
        _decide(slow)
        claim, sent = dispatching._claim, []

        def stalling(database: Database, now: object) -> dict[int, int]:
            claimed = claim(database, now)  # type: ignore[arg-type]
            if database is slow and claimed:
                sent.append(deliver_pending(quick, day(MORNING) + LEASE, lambda _: None).total)
            return claimed

        monkeypatch.setattr(dispatching, "_claim", stalling)
        assert deliver_pending(slow, day(MORNING), lambda _: None).total == 0
        assert sent == [19]
        assert count(slow, "task") == 7
        assert count(slow, "ledger_entry", "kind = 'DISPATCH'") == 1


def test_a_consent_withdrawn_between_decision_and_delivery_is_heeded(crowded: Database) -> None:
    _decide(crowded)
    record(crowded, [consent(READERS[5], 0.2, "withdrawn", 1)], day(0.3))
    lines: list[str] = []
    deliver_pending(crowded, day(MORNING), lines.append)
    assert len(lines) == 11
    assert not any(READERS[5] in line for line in lines)
    with crowded.read() as session:
        held = {v.suppressed_by: (v.state, v.customers, v.refs) for v in campaign_volumes(session, who=3)}
    assert held["CONSENT"] == ("SUPPRESSED", 1, (READERS[5],))
    # Not having been contacted, the customer may be by the next decision.
    record(crowded, [consent(READERS[5], 0.6, "granted", 2)], day(0.6))
    decide_at(crowded, 1, READERS[4:6])
    with crowded.read() as session:
        query = (
            "select c.ref, d.state from dispatch d join customer c on c.id = d.customer_id where d.as_of_day = 20514"
        )
        assert dict(map(tuple, session.execute(text(query)))) == {READERS[4]: "SUPPRESSED", READERS[5]: "PENDING"}


def test_a_task_reaches_the_owner_of_now_even_after_a_change_of_market(crowded: Database) -> None:
    _decide(crowded)
    moved = CustomerGiven(ref=SILENT[0], market=Market.B2B, owner="lead-z", expected_version=1)
    record_customer(crowded, moved, "crm-ops", day(0.1))
    deliver_pending(crowded, day(MORNING), lambda _: None)
    with crowded.read() as session:
        owners = Counter(task.assignee for task in open_tasks(session))
        assert owners == {"lead-a": 2, "lead-b": 3, "lead-z": 1, None: 1}
        titles = {task.title_en for task in open_tasks(session, "lead-z")}
    assert titles == {"Call: Customer S-00"}


def test_a_task_is_closed_once(crowded: Database) -> None:
    _decide(crowded)
    deliver_pending(crowded, day(MORNING), lambda _: None)
    with crowded.read() as session:
        task, other, *_ = open_tasks(session)
    assert task.id is not None
    assert task.due_at == day(3) + timedelta(seconds=0)
    done = complete_task(crowded, task.id, "DONE", "called", "lead-a", day(1), 1, "key")
    assert complete_task(crowded, task.id, "DONE", "called", "lead-a", day(1), 1, "key") == done == task.id
    with pytest.raises(ConflictError):
        complete_task(crowded, task.id, "DONE", "not called", "lead-a", day(1), 1, "key")
    assert other.id is not None
    for number, state, outcome, version, code in (
        (task.id, "DONE", "again", None, "WRONG_STATE"),
        (other.id, "DONE", "late", 9, "CONFLICT"),
        (other.id, "OPEN", "hm", None, "INVALID"),
        (other.id, "DISMISSED", " ", None, "INVALID"),
    ):
        with pytest.raises(InputError) as refused:
            complete_task(crowded, number, state, outcome, "lead-a", day(1), version)
        assert refused.value.code == code
    with pytest.raises(NotFoundError):
        complete_task(crowded, 99, "DONE", "called", "lead-a", day(1))
    with crowded.read() as session:
        assert len(open_tasks(session)) == 6
        assert {task.assignee for task in open_tasks(session, "lead-b")} == {"lead-b"}
        assert open_tasks(session, "nobody") == []


def _power_cut(*_arguments: object) -> None:
    raise RuntimeError("power cut")
