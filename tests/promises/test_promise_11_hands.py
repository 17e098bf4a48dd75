"""Promise 11 for tiers set by hand: nobody approves their own, whatever they call themselves and whoever they act for.

The model knows who is who and keeps what each tier set by hand waits for; every step's outcome must be the model's,
and the tier that decisions take is always that of an override nobody had to approve, or somebody else did.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from engine.errors import InputError, NotFoundError
from engine.operations.overriding import (
    OverrideInput,
    Standing,
    approve_override,
    approving,
    end_override,
    expire_overrides,
    override_tier,
    overrides_of,
    standing_of,
)
from engine.operations.people import Person
from engine.operations.publishing import ANY_REVISION, publish
from engine.operations.verifying import verify_everything
from engine.store import Database, open_database
from tests.operations.shop import day, decide_at, rules, standings
from tests.promises.sizes import sizes
from tests.promises.test_promise_11_four_eyes import people

KEYS: Final = ("A", "B", "C", "D")
BOOKS: Final = {
    "nobody": "approval: {approvers: 0}",
    "far": "approval: {approvers: 0}\noverrides: {second_approver: {tiers_apart: 2, best_tier: false}}",
    "best": "approval: {approvers: 0}\noverrides: {second_approver: {tiers_apart: 20}}",
}
SOMEBODY: Final = ("shop:P-0001", "shop:P-0002", "shop:P-0003")

which = st.integers(0, 7)
tiers = st.sampled_from(KEYS)


@dataclass
class Known:
    """A tier set by hand as the model knows it; `by`: the people who set it."""

    number: int
    ref: str
    tier: str
    by: frozenset[str]
    until: float
    waits: bool
    state: str = "ACTIVE"


class Hands(RuleBasedStateMachine):
    """People × tiers by hand × second persons × ends × expiries × rule books × runs, on a real SQLite file."""

    source: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copyfile(self.source, self.folder / "hands.db")
        self.url = f"sqlite:///{self.folder / 'hands.db'}"
        self.database: Database = open_database(self.url)
        self.now, self.book, self.known = 0.0, "nobody", list[Known]()
        decide_at(self.database, 0)

    def teardown(self) -> None:
        with self.database.read() as session:
            verified = verify_everything(session, None)
            assert verified.ok, verified.misfits
        self.database.close()
        shutil.rmtree(self.folder)

    def clock(self) -> Any:
        self.now += 0.01
        return day(self.now)

    def standing(self, one: Known) -> str:
        """As the model says it is now."""
        if one.state in ("REFUSED", "ENDED"):
            return one.state
        if one.until <= self.now:
            return "EXPIRED"
        return "PENDING" if one.waits else "ACTIVE"

    def needs(self, ref: str, tier: str) -> bool:
        computed = standings(self.database)[ref].computed
        place, was = KEYS.index(tier), len(KEYS) if computed is None else KEYS.index(computed)
        if self.book == "far":
            return abs(place - was) >= 2
        return self.book == "best" and place == 0 and was != 0

    @rule(book=st.sampled_from(sorted(BOOKS)))
    def publish(self, book: str) -> None:
        files = rules(rulebook=(BOOKS["nobody"], BOOKS[book]))
        publish(self.database, files, "crm-ops", book, self.clock(), ANY_REVISION)
        self.book = book

    @rule(person=people, ref=st.sampled_from(SOMEBODY), tier=tiers, days=st.sampled_from([1.0, 9.0]))
    def set(self, person: Any, ref: str, tier: str, days: float) -> None:
        needs, now = self.needs(ref, tier), self.clock()
        given = OverrideInput(ref, tier, "strategic", day(self.now + days), on_behalf_of=_other(person))
        number = override_tier(self.database, given, person[0][1], now)
        self.ends_others(ref, needs)
        self.known.append(Known(number, ref, tier, _acting(person), self.now + days, needs))

    def ends_others(self, ref: str, waits: bool) -> None:
        for one in self.known:
            if one.ref == ref and (self.standing(one) == "PENDING" or (self.standing(one) == "ACTIVE" and not waits)):
                one.state = "ENDED"

    @precondition(lambda self: self.known)
    @rule(number=which, person=people, yes=st.booleans())
    def approve(self, number: int, person: Any, yes: bool) -> None:
        one, now = self.known[number % len(self.known)], self.clock()
        allowed = self.standing(one) == "PENDING" and not _acting(person) & one.by
        try:
            approve_override(self.database, one.number, yes, Person.named(person[0][1], _other(person)), now)
        except InputError:
            assert not allowed
            return
        assert allowed
        if yes:
            one.waits, one.state = False, "ENDED"  # out of the way of those it ends
            self.ends_others(one.ref, False)
        one.state = "ACTIVE" if yes else "REFUSED"

    @precondition(lambda self: self.known)
    @rule(number=which, person=people)
    def approve_past_the_program(self, number: int, person: Any) -> None:
        """Whoever writes to the table itself under one of the author's names is refused by the database."""
        one = self.known[number % len(self.known)]
        key = Person.named(person[0][1])
        said = {"id": one.number, "name": key.name, "key": key.key}
        statement = "update tier_override set approved = 1, approved_at = 1, approver = :name, approver_key = :key"
        allowed = one.waits and self.standing(one) != "REFUSED" and person[0][0] not in one.by
        if allowed:
            return  # somebody else: what they would write is told by verifying, see test_anchored_hands
        try:
            with self.database.write() as session:
                session.execute(text(f"{statement} where id = :id"), said)
        except DBAPIError:
            return
        raise AssertionError(f"the database took {said} for another person than {one}")

    @precondition(lambda self: self.known)
    @rule(number=which)
    def end(self, number: int) -> None:
        one, now = self.known[number % len(self.known)], self.clock()
        allowed = self.standing(one) in ("PENDING", "ACTIVE")
        try:
            end_override(self.database, one.number, "li", "over", now)
        except NotFoundError:
            assert not allowed
            return
        assert allowed
        one.state = "ENDED"

    @rule(days=st.sampled_from([0.5, 4.0]), told=st.booleans())
    def wait(self, days: float, told: bool) -> None:
        self.now += days
        if told:
            expire_overrides(self.database, "schedule", self.clock())

    @rule()
    def decide(self) -> None:
        """What decisions take is what the model says is in force."""
        self.clock()
        decide_at(self.database, self.now, list(SOMEBODY))
        found = standings(self.database)
        for ref in SOMEBODY:
            in_force = [one.tier for one in self.known if one.ref == ref and self.standing(one) == "ACTIVE"]
            assert len(in_force) <= 1
            assert found[ref].effective == (in_force[0] if in_force else found[ref].computed)

    @rule()
    def restart(self) -> None:
        self.database.close()
        self.database = open_database(self.url)

    @invariant()
    def the_store_says_what_the_model_says(self) -> None:
        with self.database.read() as session:
            rows = {row.id: row for row in overrides_of(session)}
        assert rows.keys() == {one.number for one in self.known}
        for one in self.known:
            row = rows[one.number]
            assert standing_of(row, day(self.now)) == self.standing(one)
            assert row.approved is None or row.approver_key not in (row.author_key, row.on_behalf_key)


def _other(drawn: Any) -> str | None:
    return None if drawn[1] is None else drawn[1][1]


def _acting(drawn: Any) -> frozenset[str]:
    return frozenset(one[0] for one in drawn if one is not None)


@sizes(12, 300)
def test_there_is_no_way_around_the_second_person(opened_file: Path, size: int) -> None:
    machine = type("HandsOnFile", (Hands,), {"source": opened_file})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=size, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_model_would_notice(opened_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the program to let authors approve, the database would still refuse, and the model object."""
    machine = type("HandsOnFile", (Hands,), {"source": opened_file})
    hands = machine()
    hands.publish("best")
    mei, other = (("mei", "mei"), None), (("mei", "Ｍ e i"), None)
    hands.set(mei, next(ref for ref in SOMEBODY if hands.needs(ref, "A")), "A", 9.0)
    monkeypatch.setattr(approving, "refuse_own", lambda author, approver: None)
    with pytest.raises(DBAPIError, match="nobody approves a tier they set by hand"):
        hands.approve(0, other, True)
    monkeypatch.undo()
    hands.approve(0, other, True)
    assert hands.standing(hands.known[0]) == Standing.PENDING
    hands.teardown()
