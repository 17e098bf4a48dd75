"""Checking rule files: errors, or findings that know how far apart runs are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import Severity
from engine.operations.checking import check_rules
from engine.operations.deciding import decide
from engine.operations.publishing import publish
from engine.operations.recording import CustomerGiven, record_customer
from engine.operations.rule_folder import RuleFolder, read_rule_folder
from engine.operations.run_rhythm import days_between_runs, observed_run_days
from engine.store import Database, open_database
from engine.vocabulary import Market, Unit

RULES = read_rule_folder(Path(__file__).parents[2] / "rules")
FIRST = datetime(2026, 9, 1, tzinfo=UTC)


def run_on(database: Database, *days: int) -> None:
    """Publish, store a customer and decide on some days."""
    publish(database, RULES, "crm-ops", "first rules", FIRST, None)
    record_customer(database, CustomerGiven(ref="shop:B-1", market=Market.B2B, name="One"), "crm-ops", FIRST)
    for day in days:
        at = FIRST + timedelta(days=day)
        decide(database, None, at, "schedule", at)


def test_the_shipped_books_have_neither_errors_nor_warnings() -> None:
    checked = check_rules(RuleFolder(RULES, ()))
    assert checked.book is not None
    assert {problem.severity for problem in checked.problems} <= {Severity.INFO}
    assert {problem.code for problem in checked.problems} == {"RULE_UNUSED"}


def test_with_errors_nothing_is_analysed_and_nobody_is_asked() -> None:
    def never() -> int:
        raise AssertionError

    checked = check_rules(
        RuleFolder({**RULES, "b2b.yaml": RULES["b2b.yaml"].replace(b"weight:", b"wieght:")}, ()), never
    )
    assert checked.book is None
    assert {problem.severity for problem in checked.problems} == {Severity.ERROR}


def test_days_between_runs_are_those_that_are_usual(sqlite_url: str) -> None:
    with open_database(sqlite_url) as database:
        with database.read() as session:
            assert days_between_runs(session) is None
        run_on(database, 1, 8, 15, 16, 23)
        with database.read() as session:
            assert days_between_runs(session) == 7
    assert observed_run_days(sqlite_url) == 7


def test_no_database_is_no_obstacle(tmp_path: Path) -> None:
    assert observed_run_days(f"sqlite:///{tmp_path}/none.db") is None
    (tmp_path / "broken.db").write_bytes(b"no database")
    assert observed_run_days(f"sqlite:///{tmp_path}/broken.db") is None


def test_a_cooldown_within_the_time_between_runs_is_found() -> None:
    files = {**RULES, "campaigns.yaml": RULES["campaigns.yaml"].replace(b"cooldown: 60d", b"cooldown: 7d")}
    found = [problem for problem in check_rules(RuleFolder(files, ()), 7).problems if problem.code == "RULE_COOLDOWN"]
    assert found
    assert all(problem.severity is Severity.WARNING and problem.witness for problem in found)
    assert "RULE_COOLDOWN" not in {problem.code for problem in check_rules(RuleFolder(files, ()), 6).problems}


@pytest.mark.parametrize("run_days", [7, 30, 31])
def test_the_shipped_rules_do_not_warn_of_themselves(run_days: int) -> None:
    found = check_rules(RuleFolder(RULES, ()), run_days).problems
    assert [problem.code for problem in found] == ["RULE_UNUSED"]


def test_no_customer_shown_has_a_value_that_cannot_be() -> None:
    """What is counted, waited for or spent is not negative: the shipped metrics say so."""
    shown: dict[str, list[Decimal]] = {}
    for key in ("cooldown: 60d", "cooldown: 90d", "cooldown: 45d"):
        files = {**RULES, "campaigns.yaml": RULES["campaigns.yaml"].replace(key.encode(), b"cooldown: 0d")}
        for problem in check_rules(RuleFolder(files, ()), 30).problems:
            for one in problem.witness:
                if one.value is not None and one.unit not in (Unit.BOOL, Unit.TEXT, Unit.DATE):
                    shown.setdefault(one.name, []).append(Decimal(one.value))
    assert {"cac", "growth_potential", "overdue_days"} & set(shown)
    for name in ("cac", "overdue_days", "growth_potential", "ticket_cost_12m", "service_cost_12m", "days_to_renewal"):
        assert all(value >= 0 for value in shown.get(name, [])), name
