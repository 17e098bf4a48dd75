"""The ledger asked for what is about one thing: by its subject, an id, a customer's ref."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.errors import InputError, NotFoundError
from engine.operations.auditing import named_subject, newest_entries, told_entry
from engine.operations.customers import customer_by_ref
from engine.operations.overriding import OverrideInput, end_override, override_tier
from engine.operations.personal import PersonalRead, note_personal_reads
from engine.operations.recording import CustomerGiven, record_customer
from engine.store import Database, append_entry
from engine.store.reading import EntryFilter, Kind, count_entries, global_id
from engine.vocabulary import EntryKind, Locale, Market
from tests.operations.shop import day, decide_at

ONE, OTHER, THIRD = "shop:P-0001", "shop:P-0002", "shop:P-0003"


def about(session: Session, name: str) -> list[str]:
    """Kinds of the entries about a thing, oldest first; counted as listed."""
    subject = named_subject(session, name)
    entries = newest_entries(session, 100, subject=subject)
    assert count_entries(session, EntryFilter(subject=subject)) == len(entries)
    assert all(told_entry(entry).within(Locale.ZH) for entry in entries)
    return [entry.kind for entry in reversed(entries)]


def look(shop: Database, *refs: str) -> None:
    with shop.read() as session:
        numbers = [customer_by_ref(session, ref).id or 0 for ref in refs]
    # A purpose that reads like a list of customers, and like their numbers.
    purpose = f'"customers":[{numbers[0] + 1},3,4] "customer":3'
    note_personal_reads(shop, [PersonalRead(number, "name", purpose) for number in numbers], "dpo", day(9))


def test_about_a_customer_is_what_was_done_to_them_and_who_saw_them(any_shop: Database) -> None:
    decide_at(any_shop, 0)
    given = OverrideInput(ONE, "A", "strategic", day(90), "so")
    number = override_tier(any_shop, given, "Sales Lead", day(1))
    end_override(any_shop, number, "Sales Lead", "enough", day(2))
    look(any_shop, ONE, THIRD)
    look(any_shop, ONE)
    record_customer(any_shop, CustomerGiven(ref="shop:P-9000", market=Market.B2C, name="New"), "crm-ops", day(3))
    with any_shop.read() as session:
        assert about(session, ONE) == ["RECORD", "OVERRIDE", "OVERRIDE", *2 * ["PERSONAL_DATA_READ"]]
        assert about(session, OTHER) == ["RECORD"]
        assert about(session, THIRD) == ["RECORD", "PERSONAL_DATA_READ"]
        assert about(session, "shop:P-9000") == ["RECORD"]
        assert about(session, f"override:{number}") == ["OVERRIDE", "OVERRIDE"]
        assert about(session, global_id(Kind.OVERRIDE, number)) == ["OVERRIDE", "OVERRIDE"]
        assert about(session, "run:1") == about(session, global_id(Kind.RUN, 1)) == ["RUN"]


def test_a_review_of_a_run_is_about_its_customer(any_shop: Database) -> None:
    with any_shop.write() as session:
        made = {"made": [[1, 7001, 4097, "GUARDRAIL", "A"], [2, 7002, 4098, "GUARDRAIL", "A"]], "gone": []}
        append_entry(session, EntryKind.TASK, "schedule", None, "run:1", made, day(1))
    with any_shop.read() as session:
        assert about(session, "customer:7002") == ["TASK"]
        assert about(session, "customer:4098") == []


def test_an_entry_that_is_damaged_keeps_nothing_else_from_being_told(shop: Database) -> None:
    with shop.write() as session:
        positions = [
            append_entry(session, EntryKind.TASK, "x", None, None, {"task": 1, "state": "DONE"}, day(1)).position
            for _ in range(4)
        ]
        session.execute(text("drop trigger ledger_entry_no_update"))
        for position, body in zip(positions, ("mine", "[1]", "{}", '"x"'), strict=True):
            statement = "update ledger_entry set body = :body where position = :position"
            session.execute(text(statement), {"body": body, "position": position})
        assert about(session, "customer:1")
        assert all(told_entry(entry).en for entry in newest_entries(session, 100))


@pytest.mark.parametrize("name", ["nonsense", "run_1", "ovr_000000000000", ""])
def test_what_is_no_thing_is_refused(shop: Database, name: str) -> None:
    with shop.read() as session, pytest.raises(InputError):
        named_subject(session, name)


def test_a_customer_there_is_not_is_told(shop: Database) -> None:
    with shop.read() as session, pytest.raises(NotFoundError):
        named_subject(session, "shop:P-4711")
