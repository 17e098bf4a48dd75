"""Deciding: the same again writes nothing, the past is refused, what comes in between counts, keys are kept a day."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ConflictError, InputError, NotFoundError, NotReadyError
from engine.operations import blocks, computing, deciding
from engine.operations.capacity import room_in_order
from engine.operations.deciding import ATTEMPTS, RunReport, decide
from engine.operations.overriding import OverrideInput, override_tier
from engine.operations.publishing import publish
from engine.rulebook import load_book
from engine.store import Database, open_database, verify_ledger
from engine.vocabulary import Market
from tests.operations.checks import check_everything
from tests.operations.shop import (
    ZONE,
    add_customer,
    consent,
    contents,
    count,
    day,
    decide_at,
    decision_of,
    decisions,
    order,
    record,
    refs,
    rules,
    standings,
    tier_of,
)

SOMEBODY = "shop:P-0001"
SECOND = timedelta(seconds=1)


def test_the_same_instant_again_writes_nothing(any_shop: Database) -> None:
    first = decide_at(any_shop, 0)
    before = contents(any_shop)
    record(any_shop, [order(SOMEBODY, -0.5, 5_000, number=9)], day(0) + SECOND)
    known = contents(any_shop)
    again = decide(any_shop, None, day(0), "schedule", day(0) + 2 * SECOND)
    named = decide(any_shop, [SOMEBODY], day(0), "schedule", day(0) + 2 * SECOND)
    assert (first.decided, again.run_id, again.decided, named.run_id) == (28, None, 0, None)
    assert contents(any_shop) == known != before
    assert named.decision_ids == (decision_of(any_shop, SOMEBODY),)
    assert (first.already, again.already, named.already) == (0, 28, 1)


def test_what_became_known_since_counts_at_a_later_instant(shop: Database) -> None:
    decide_at(shop, 0)
    record(shop, [order(SOMEBODY, -0.5, 5_000, number=9)], day(0) + SECOND)
    before = standings(shop)[SOMEBODY].score
    decide_at(shop, 1)
    assert standings(shop)[SOMEBODY].score > before


def test_an_instant_before_the_latest_decision_is_refused(shop: Database) -> None:
    decide_at(shop, 5)
    known = contents(shop)
    for names in ([SOMEBODY], None):
        with pytest.raises(InputError, match="later") as refused:
            decide(shop, names, day(4), "schedule", day(6))
        assert refused.value.code == "WRONG_STATE"
        assert "as of 2026-03-06, which is later" in refused.value.message.en
    assert contents(shop) == known


def test_everybody_else_is_decided_where_one_was_decided_later(shop: Database) -> None:
    decide_at(shop, 5, [SOMEBODY])
    report = decide_at(shop, 4)
    assert report.decided == 27
    assert (SOMEBODY, day(4)) not in decisions(shop)


def test_named_customers_are_decided_like_all(shop: Database, opened_file: Path, tmp_path: Path) -> None:
    """Capacity is large enough not to matter."""
    other = _copy(opened_file, tmp_path)
    roomy = rules(campaigns=("per_owner: 3", "per_owner: 300"))
    roomy["campaigns.yaml"] = roomy["campaigns.yaml"].replace("per_day: 4", "per_day: 400")
    for database in (shop, other):
        publish(database, roomy, "crm-ops", "room for all", day(-1))
    everybody = refs()
    for number in (0, 30, 140):
        decide_at(shop, number)
        for start in range(0, len(everybody), 7):
            decide_at(other, number, reversed(everybody[start : start + 7]))
    assert decisions(shop, "digest", "effective") == decisions(other, "digest", "effective")
    assert _without_ids(standings(shop)) == _without_ids(standings(other))
    other.close()


def test_decisions_of_named_customers_come_in_the_order_named(shop: Database) -> None:
    named = ["shop:P-0007", "shop:B-0002", "shop:P-0003", "shop:P-0007"]
    report = decide_at(shop, 0, named)
    found = {decision_of(shop, ref): ref for ref in named}
    assert [found[number] for number in report.decision_ids] == named
    assert report.decided == 3


NEWS = "channel: {}\n    template: news\n    unit_cost: 1\n    per_day: {}\n"
ONE_QUEUE = (NEWS.format("sms", 4), NEWS.format("owner_task", 400))
"""Then owners are served by campaign first, over the whole base."""


@pytest.mark.parametrize("campaigns", [("max: 2", "max: 2"), ONE_QUEUE], ids=["as they are", "one queue of an owner"])
def test_blocks_of_a_run_leave_the_same_behind(
    campaigns: tuple[str, str], crowded: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "CHUNK_ROWS", 5)
    book = rules(campaigns=campaigns)
    with _copy(tmp_path / "crowd.db", tmp_path) as other:
        for database in (crowded, other):
            publish(database, book, "crm-ops", "for blocks", day(-1))
        for number in (0, 0.5, 30, 140):
            decide_at(crowded, number)
            with monkeypatch.context() as smaller:
                smaller.setattr(computing, "BLOCK", 10)
                decide_at(other, number)
        assert contents(other) == contents(crowded)
    assert count(crowded, "dispatch", "suppressed_by = 'CAPACITY'") > 0
    triggers = load_book(book).markets[Market.B2C].campaigns.triggers
    assert room_in_order(triggers) == (campaigns != ONE_QUEUE)
    check_everything(crowded)


def test_an_instant_means_the_same_in_every_zone(shop: Database, opened_file: Path, tmp_path: Path) -> None:
    with _copy(opened_file, tmp_path) as other:
        decide(shop, None, day(0), "schedule", day(0))
        decide(other, None, day(0).astimezone(ZONE), "schedule", day(0).astimezone(ZONE))
        assert decisions(shop) == decisions(other)
        assert decide(other, None, day(0), "schedule", day(0)).run_id is None


def test_nothing_is_decided_without_rules_or_for_strangers(shop: Database, sqlite_url: str) -> None:
    with open_database(sqlite_url) as empty, pytest.raises(NotReadyError, match="rule book"):
        decide(empty, None, day(0), "schedule", day(0))
    with pytest.raises(NotFoundError, match="P-9999"):
        decide_at(shop, 0, [SOMEBODY, "shop:P-9999"])
    only_persons = rules()
    del only_persons["b2b.yaml"]
    publish(shop, only_persons, "crm-ops", "persons only", day(-1))
    with pytest.raises(InputError, match="no rules"):
        decide_at(shop, 0, ["shop:B-0000"])
    assert count(shop, "run") == 0


def _override_comes(other: Database, at: datetime) -> None:
    override_tier(other, OverrideInput(SOMEBODY, "A", "strategic", at + timedelta(days=9)), "sales-lead", at)


def _consent_goes(other: Database, at: datetime) -> None:
    record(other, [consent("shop:P-0009", 0.1, "withdrawn", number=1)], at)


def _order_comes(other: Database, at: datetime) -> None:
    record(other, [order(SOMEBODY, 0.1, 5_000, number=9)], at)


def _another_decides(other: Database, at: datetime) -> None:
    decide(other, [SOMEBODY], None, "somebody", at)


CHANGES = [(one, "shop_url") for one in (_override_comes, _consent_goes, _order_comes, _another_decides)]


@pytest.mark.parametrize(("change", "engine"), [*CHANGES, (_override_comes, "postgres_shop_url")])
def test_what_is_written_between_computing_and_writing_counts(
    change: Callable[[Database, datetime], None],
    engine: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The run is as if it had begun after the change."""
    url = request.getfixturevalue(engine)
    started, changed = day(0.2), day(0.2) + 5 * SECOND
    with open_database(url) as mine, open_database(url) as other:
        computed = _interrupt(monkeypatch, lambda: change(other, changed))
        report = decide(mine, None, None, "schedule", started)
        assert len(computed) == (2 if change is not _another_decides else 3)
        runs = decisions(mine, "run_id", "recorded_at")
        with mine.read() as session:
            assert verify_ledger(session).ok
        assert len(runs) == 28 + (change is _another_decides)
        if change is _override_comes:
            assert tier_of(mine, SOMEBODY)[1] == "A"
        elif change is _order_comes:
            assert standings(mine)[SOMEBODY].score >= 500_000
        elif change is _consent_goes:
            suppressed = (
                "suppressed_by = 'CONSENT' and customer_id = (select id from customer where ref = 'shop:P-0009')"
            )
            assert count(mine, "dispatch", suppressed) == 1
        assert report.as_of > changed


def test_rules_published_between_computing_and_writing_decide(shop_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_database(shop_url) as mine, open_database(shop_url) as other:
        files = rules(b2c=("at_least: 25", "at_least: 26"))
        published: list[str] = []

        def change() -> None:
            published.append(publish(other, files, "crm-ops", "a point more", day(0)).revision)

        _interrupt(monkeypatch, change)
        report = decide_at(mine, 0)
        assert [report.revision] == published
        assert count(mine, "run", f"revision = '{published[0]}'") == 1


def test_a_ledger_that_never_rests_is_decided_inside_the_transaction(
    shop_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_database(shop_url) as mine, open_database(shop_url) as other:
        number = iter(range(99))

        def change() -> None:
            record(other, [order(SOMEBODY, -3, 10, number=10 + next(number))], day(0))

        computed = _interrupt(monkeypatch, change, times=ATTEMPTS)
        assert decide_at(mine, 0).decided == 28
        assert len(computed) == ATTEMPTS + 1
        assert standings(mine)[SOMEBODY].score is not None
    assert next(number) == ATTEMPTS


def test_many_deciding_at_once_decide_everybody_once(any_shop_url: str) -> None:
    reports: list[RunReport] = []
    faults: list[BaseException] = []

    def work(names: list[str] | None) -> None:
        try:
            with open_database(any_shop_url) as mine:
                reports.append(decide(mine, names, day(0), "schedule", day(0)))
        except BaseException as fault:
            faults.append(fault)

    workers = [threading.Thread(target=work, args=(names,)) for names in (None, refs()[:9], None, refs()[5:20])]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not faults
    with open_database(any_shop_url) as database:
        assert sum(report.decided for report in reports) == len(decisions(database)) == 28
        with database.read() as session:
            assert verify_ledger(session).ok


def test_a_key_gives_the_first_answer_again(shop: Database) -> None:
    local = day(0).astimezone(ZONE)
    first = decide(shop, [SOMEBODY], day(0), "api", day(0), idempotency_key="one")
    known = contents(shop)
    assert decide(shop, [SOMEBODY], local, "api", day(0) + SECOND, idempotency_key="one") == first
    for names, instant, actor, known_at in (
        ([SOMEBODY, "shop:P-0002"], day(0), "api", None),
        (None, day(0), "api", None),
        ([SOMEBODY], day(1), "api", None),
        ([SOMEBODY], None, "api", None),
        ([SOMEBODY], day(0), "api", day(-1)),
    ):
        with pytest.raises(ConflictError) as refused:
            decide(shop, names, instant, actor, day(0), known_at, idempotency_key="one")
        assert refused.value.code == "IDEMPOTENCY_MISMATCH"
    other = decide(shop, [SOMEBODY], day(0), "somebody", day(0), idempotency_key="one")
    assert (other.run_id, other.already) == (None, 1), "another actor's key is another one"
    assert contents(shop) == known


def test_a_key_with_the_default_instant_stands_for_the_first_call(shop: Database) -> None:
    first = decide(shop, None, None, "api", day(0), idempotency_key="now")
    assert decide(shop, None, None, "api", day(0.5), idempotency_key="now") == first
    assert count(shop, "run") == 1


def test_a_key_of_a_call_that_decided_nobody_is_kept_too(shop: Database) -> None:
    decide_at(shop, 0)
    first = decide(shop, None, day(0), "api", day(0), idempotency_key="again")
    add_customer(shop, "shop:P-0099", Market.B2C, at=0)
    assert decide(shop, None, day(0), "api", day(0.1), idempotency_key="again") == first
    assert count(shop, "run") == 1


def test_a_key_older_than_a_day_is_forgotten(shop: Database) -> None:
    decide(shop, [SOMEBODY], day(0), "api", day(0), idempotency_key="one")
    decide(shop, [SOMEBODY], day(1) + SECOND, "api", day(1) + SECOND, idempotency_key="one")
    decide(shop, [SOMEBODY], day(2), "api", day(2), idempotency_key="two")
    assert count(shop, "run") == 3
    assert count(shop, "idempotency") == 2


def test_one_key_used_by_two_at_once_decides_once(shop_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_database(shop_url) as mine, open_database(shop_url) as other:
        first: list[RunReport] = []
        computed = _interrupt(
            monkeypatch, lambda: first.append(decide(other, None, day(0), "api", day(0), idempotency_key="k"))
        )
        second = decide(mine, None, day(0), "api", day(0), idempotency_key="k")
        assert [second] == first
        assert len(computed) == 2
        assert count(mine, "run") == 1


def test_progress_is_told(shop: Database) -> None:
    told: list[tuple[int, int]] = []
    decide(shop, None, day(0), "schedule", day(0), progress=lambda done, total: told.append((done, total)))
    assert told == [(4, 28), (28, 28)]


def _interrupt(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None], times: int = 1) -> list[int]:
    """Let something happen after the first computations, before what they gave is written; counts computations."""
    compute, computed = deciding.prepare_run, []

    def computing(*arguments: Any) -> Any:
        result = compute(*arguments)
        computed.append(1)
        if len(computed) <= times:
            act()
        return result

    monkeypatch.setattr(deciding, "prepare_run", computing)
    return computed


def _copy(file: Path, folder: Path) -> Database:
    copy = folder / "copy.db"
    shutil.copyfile(file, copy)
    return open_database(f"sqlite:///{copy}")


def _without_ids(found: Any) -> dict[str, tuple[object, ...]]:
    return {ref: tuple(row)[3:] for ref, row in found.items()}
