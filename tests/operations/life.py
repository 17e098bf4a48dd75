"""A shop's life by chance: records, corrections, imports, rules, models, overrides and decisions in any order."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from engine.operations.importing import import_files
from engine.operations.overriding import (
    OverrideInput,
    Standing,
    approve_override,
    end_override,
    listed_overrides,
    override_tier,
)
from engine.operations.publishing import changes, publish
from engine.operations.rule_life import Person, roll_back
from engine.store import Database
from engine.vocabulary import Market
from tests.operations.checks import check_standings
from tests.operations.shop import (
    add_customer,
    answer,
    consent,
    count,
    day,
    decide_at,
    model_version,
    order,
    predict_by,
    record,
    refs,
    rules,
    ticket,
)

BY_HAND = """overrides: {second_approver: {best_tier: false}}
review_queue: {missing_data: true, near_threshold: {margin: 5, top_share: 50%}, guardrail: true, per_run: 4}"""
REVISIONS = (
    {},
    {"b2c": ("at_least: 70", "at_least: 62")},
    {"b2c": ("{key: C,", "{key: M,"), "b2b": ("{key: B,", "{key: M,")},
    {"b2c": ("stability: {exit_margin: 5, grace: 28d, min_dwell: 60d, down: one_step, up: immediate}\n", "")},
    {"b2c": ("when: tickets_90d >= 5", "when: tickets_90d >= 2")},
    {"b2c": ("weight: 50", "weight: 20"), "b2b": ("weight: 40", "weight: 90")},
    {"campaigns": ("when: orders_ever >= 3", "when: orders_ever >= 1")},
    {"rulebook": ("approval: {approvers: 0}", f"approval: {{approvers: 0}}\n{BY_HAND}")},
)


class Life:
    """One thing after another, at rising instants."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.chance = random.Random(seed)
        self.now = 0.0
        self.number = 1_000
        self.people = refs()
        self.imported: list[tuple[str, str]] = []

    def happen(self) -> None:
        """Time passes and something happens."""
        self.now += self.chance.choice((0.01, 0.4, 3.0, 11.0, 31.0))
        acts: list[Callable[[], None]] = [
            self.buy, self.buy, self.correct, self.answer, self.complain, self.consent, self.override, self.end,
            self.approve, self.import_file, self.publish, self.roll_back, self.predict, self.arrive, self.decide_some,
            self.decide_all, self.decide_all,
        ]  # fmt: skip
        self.chance.choice(acts)()

    def some(self) -> str:
        return self.chance.choice(self.people)

    def next(self) -> int:
        self.number += 1
        return self.number

    def buy(self) -> None:
        """Some orders, late ones among them."""
        late = self.chance.choice((0.001, 0.5, 40.0))
        status = self.chance.choice(("paid", "placed", "returned"))
        orders = [
            order(self.some(), self.now - late, 900 * self.chance.random(), number=self.next(), status=status)
            for _ in range(6)
        ]
        record(self.database, orders, day(self.now))

    def import_file(self) -> None:
        """A file of orders: new ones, and some that a file before it brought, now with another amount."""
        known = [self.chance.choice(self.imported) for _ in range(2)] if self.imported else []
        fresh = [(f"F-{self.next()}", self.some()) for _ in range(4)]
        self.imported += fresh
        lines = ["order_no,customer,ordered_at,net,status,currency"]
        for number, ref in dict.fromkeys([*fresh, *known]):
            ordered = day(self.now - self.chance.choice((0.5, 30))).isoformat()
            net = f"{600 * self.chance.random():.2f}"
            lines.append(f"{number},{ref.partition(':')[2]},{ordered},{net},paid,CNY")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "orders.csv"
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
            import_files(self.database, "orders-en", [file], "data-team", day(self.now))

    def correct(self) -> None:
        ref, number = self.some(), self.next()
        record(self.database, [order(ref, self.now - 5, 300, number=number)], day(self.now))
        record(self.database, [order(ref, self.now - 5, 30, number=number, corrects=True)], day(self.now + 0.001))

    def answer(self) -> None:
        points = self.chance.randrange(101)
        record(self.database, [answer(self.some(), self.now - 1, points, self.next())], day(self.now))

    def complain(self) -> None:
        ref = self.some()
        record(self.database, [ticket(ref, self.now - 1 - n, self.next()) for n in range(2)], day(self.now))

    def consent(self) -> None:
        state = self.chance.choice(("granted", "withdrawn"))
        record(self.database, [consent(self.some(), self.now - 0.5, state, self.next())], day(self.now))

    def override(self) -> None:
        until = day(self.now) + timedelta(days=self.chance.choice((0.2, 12, 80)))
        override_tier(self.database, OverrideInput(self.some(), "A", "strategic", until), "sales-lead", day(self.now))

    def end(self) -> None:
        """End the newest override that runs."""
        running = f"ended_at is null and expires_at > {int(day(self.now).timestamp() * 1_000_000)}"
        if count(self.database, "tier_override", running):
            with self.database.read() as session:
                number = session.execute(text(f"select max(id) from tier_override where {running}")).scalar_one()
            end_override(self.database, number, "sales-lead", "not so strategic", day(self.now))

    def approve(self) -> None:
        """Somebody else says yes or no to the newest override that waits."""
        now = day(self.now)
        with self.database.read() as session:
            waiting = listed_overrides(session, now, [Standing.PENDING], 1)
        if waiting:
            yes = self.chance.random() < 0.7
            approve_override(self.database, waiting[0].row.id or 0, yes, Person.named("li"), now)

    def publish(self) -> None:
        files = rules(**self.chance.choice(REVISIONS))
        publish(self.database, files, "crm-ops", "another revision", day(self.now))

    def roll_back(self) -> None:
        with self.database.read() as session:
            revision = self.chance.choice(changes(session)).revision
        roll_back(self.database, revision, Person.named("crm-ops"), "back again", day(self.now))

    def predict(self) -> None:
        version = model_version(self.database, f"model-{self.next()}", self.now)
        predict_by(self.database, version, self.now, self.chance.random())

    def arrive(self) -> None:
        ref = f"shop:P-{self.next()}"
        add_customer(self.database, ref, Market.B2C, owner=self.chance.choice((None, "team-1")), at=self.now)
        self.people.append(ref)

    def decide_some(self) -> None:
        decide_at(self.database, self.now, self.chance.sample(self.people, 5))

    def decide_all(self) -> None:
        decide_at(self.database, self.now)
        check_standings(self.database)
