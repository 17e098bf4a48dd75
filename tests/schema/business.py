"""A small business in a database: companies and persons with orders, decided at two instants by the shipped rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.operations.deciding import decide
from engine.operations.publishing import publish
from engine.operations.recording import CustomerGiven, FieldGiven, RecordGiven, record_customer, record_records
from engine.operations.rule_folder import read_rule_folder
from engine.store import Database
from engine.vocabulary import Market, RecordKind

ROOT = Path(__file__).parents[2]
EARLIER = datetime(2026, 9, 1, tzinfo=UTC)
LATER = datetime(2026, 10, 1, tzinfo=UTC)
NOW = LATER + timedelta(hours=1)
PERSONS, COMPANIES = 50, 4


def rules_alone() -> dict[str, str]:
    """The shipped rules of a business where nobody has to approve a change."""
    files = {path: content.decode() for path, content in read_rule_folder(ROOT / "rules").items()}
    assert "  approvers: 1\n" in files["rulebook.yaml"]
    return {**files, "rulebook.yaml": files["rulebook.yaml"].replace("  approvers: 1\n", "  approvers: 0\n")}


def fill(database: Database) -> None:
    """Publish the shipped rules, store customers with orders, decide twice."""
    publish(database, rules_alone(), "crm-ops", "first rules", EARLIER, None)
    for number in range(PERSONS):
        _customer(database, f"shop:P-{number:04}", Market.B2C, f"Member {number:04}", f"team-{number % 3}")
    for number in range(COMPANIES):
        _customer(database, f"shop:B-{number:04}", Market.B2B, f"Company {number:04}", "key-accounts")
    orders = [_order(number, age) for number in range(PERSONS) for age in range(1, 1 + 40 * (number % 9), 40)]
    record_records(database, [*orders, *map(_contract, range(COMPANIES))], "crm-ops", EARLIER)
    decide(database, None, EARLIER + timedelta(hours=1), "schedule", EARLIER + timedelta(hours=1))
    record_records(database, [_order(number, -29) for number in range(0, PERSONS, 2)], "crm-ops", LATER)
    decide(database, None, LATER, "schedule", LATER + timedelta(minutes=1))


def _customer(database: Database, ref: str, market: Market, name: str, owner: str) -> None:
    fields = [FieldGiven("employees", "1200")] if market is Market.B2B else []
    given = CustomerGiven(ref=ref, market=market, name=name, owner=owner, fields=fields)
    record_customer(database, given, "crm-ops", EARLIER)


def _order(number: int, age_days: int) -> RecordGiven:
    return RecordGiven(
        customer=f"shop:P-{number:04}",
        kind=RecordKind.ORDER,
        key=f"O-{number}-{age_days}",
        occurred_at=EARLIER - timedelta(days=age_days),
        fields=[FieldGiven("net", f"{100 + 37 * number}.50", "CNY"), FieldGiven("status", "paid")],
    )


def _contract(number: int) -> RecordGiven:
    return RecordGiven(
        customer=f"shop:B-{number:04}",
        kind=RecordKind.CONTRACT,
        key=f"C-{number}",
        occurred_at=EARLIER - timedelta(days=1),
        fields=[
            FieldGiven("annual_value", f"{80_000 * (number + 1)}.00", "CNY"),
            FieldGiven("status", "active"),
            FieldGiven("starts_on", "2026-01-01"),
            FieldGiven("ends_on", "2027-01-01"),
        ],
    )
