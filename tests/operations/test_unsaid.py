"""Entries that fit the chain and do not say what one of their kind says: a finding each, and never an error."""

from __future__ import annotations

import random
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from engine.audit import canonical, entry_hash
from engine.errors import DamagedError
from engine.operations.audit_export import export_audit
from engine.operations.entry_shapes import unsaid
from engine.operations.erasing import forget_customer, retain
from engine.operations.granting import RolesGiven, set_roles
from engine.operations.proving import proof_of
from engine.operations.publishing import ANY_REVISION, publish
from engine.operations.replaying import replay
from engine.operations.rule_life import (
    Person,
    Proposal,
    activate_due,
    propose,
    publish_change,
    schedule_change,
    unschedule_change,
)
from engine.operations.sealing import Seal, take_checkpoint
from engine.operations.sentences import sentence
from engine.operations.shadowing import end_shadow, start_shadow
from engine.operations.verifying import verify_everything
from engine.store import Database, append_entry, open_database
from engine.store.rows import table_of
from engine.store.tables import LedgerRow
from engine.vocabulary import EntryKind
from tests.operations.shop import day, decide_at, decision_of, rules
from tests.operations.test_anchored_access import work as grant
from tests.operations.test_anchored_changes import review_changes
from tests.operations.test_anchored_hands import HEADER, review_decisions, set_by_hand
from tests.promises.sizes import sizes

LEDGER: Final = table_of(LedgerRow)
Body = dict[str, Any]
OTHERS: Final[tuple[Any, ...]] = (
    None, True, False, -1, 7, "x", "2026-13-01", "2026-12-01T00:00:00", [], [None], [7], [[1, 2, 3]],
    [{"shadow": 1, "decided": 0}], [{"customers": "x"}], {}, {"x": None}, {"7": 7},
)  # fmt: skip
"""What a member is made instead."""


def _hands(shop: Database) -> None:
    """Tiers set by hand, reviews and tasks; a person was erased, old decisions are gone."""
    publish(shop, rules(rulebook=("approval: {approvers: 0}", HEADER)), "crm-ops", "by hand", day(-0.5), ANY_REVISION)
    set_by_hand(shop)
    review_decisions(shop)
    forget_customer(shop, "shop:P-0003", "dpo", "asked for it", day(70))
    set_roles(shop, RolesGiven("mei", ("VIEWER",), "new here"), "boss", day(71))
    retain(shop, 15, "privacy", day(80))


def _changes(shop: Database) -> None:
    """Changes in every state, and a candidate that decided beside the live book and was ended."""
    review_changes(shop)
    mei, asking = Person.named("mei"), ("approval: {approvers: 0}\n", "approval: {approvers: 1}\n")
    files = rules(rulebook=asking, b2c=("at_least: 70", "at_least: 55"))
    beside = propose(shop, Proposal(files, "beside"), mei, day(1.5)).change_id
    start_shadow(shop, beside, 90, "mei", day(1.5))
    decide_at(shop, 2)
    end_shadow(shop, beside, "li", day(2.5))
    start_shadow(shop, beside, 90, "mei", day(2.6))
    with shop.read() as session:
        waits = session.execute(text("select id from rule_change where state = 'SCHEDULED'")).scalar_one()
        ready = session.execute(text("select id from rule_change where state = 'APPROVED'")).scalar_one()
    unschedule_change(shop, waits, "mei", "not yet", day(3))
    schedule_change(shop, waits, day(6), "mei", "then", day(3))
    publish_change(shop, ready, "mei", "now", day(4))
    assert [one.why is None for one in activate_due(shop, day(6))] == [False]


def _access(shop: Database) -> None:
    """Actors, tokens and models; a field is personal."""
    with tempfile.TemporaryDirectory() as folder:
        grant(shop, Path(folder))
    decide_at(shop, 10)


STORIES: Final = {"by hand": _hands, "changes": _changes, "access": _access}


@pytest.fixture(scope="module", params=STORIES)
def story(
    request: pytest.FixtureRequest, opened_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A shop with a past and without guards on its ledger; tests take back what they write."""
    file = tmp_path_factory.mktemp("unsaid") / "touchstone.db"
    shutil.copyfile(opened_file, file)
    with open_database(f"sqlite:///{file}") as shop:
        STORIES[request.param](shop)
        with shop.write() as session:
            query = text("select name from sqlite_master where type = 'trigger' and tbl_name = 'ledger_entry'")
            for name in session.execute(query).scalars().all():
                session.execute(text(f"drop trigger {name}"))
        yield shop


def _rewrite(session: Session, at: int, alter: Callable[[Body], object]) -> Mapping[str, Any]:
    """Alter an entry and hash it and all after it anew; gives the entry."""
    query = select(LEDGER.c.position, LEDGER.c.body, LEDGER.c.previous_hash).where(LEDGER.c.position >= at)
    hashed, altered = None, Body()
    for position, body, before in session.execute(query.order_by(LEDGER.c.position)).all():
        entry = orjson.loads(body)
        if position == at:
            alter(entry)
            altered, hashed = entry, before
        entry["previous_hash"] = hashed
        written = canonical(entry)
        values = {"body": written.decode(), "previous_hash": hashed, "hash": entry_hash(written)}
        session.execute(update(LEDGER).where(LEDGER.c.position == position).values(values))
        hashed = values["hash"]
    return altered


def _shapes(session: Session) -> dict[tuple[str, frozenset[str]], int]:
    """The last entry of every kind and set of members."""
    query = select(LEDGER.c.position, LEDGER.c.body).order_by(LEDGER.c.position)
    read = ((position, orjson.loads(body)) for position, body in session.execute(query).all())
    return {(entry["kind"], frozenset(entry["body"])): position for position, entry in read}


def _alterations(members: frozenset[str], size: int, seed: int) -> Iterator[tuple[str, Callable[[Body], object]]]:
    """The body or a member of it left out, and made so many other things."""
    chance = random.Random(seed)
    yield "no body", lambda entry: entry.pop("body")
    for other in chance.sample(OTHERS, size):
        yield f"body {other}", partial(_put, None, other)
    for name in sorted(members):
        yield f"no {name}", partial(_leave_out, name)
        for other in chance.sample(OTHERS, size):
            yield f"{name} {other}", partial(_put, name, other)


def _leave_out(name: str, entry: Body) -> None:
    del entry["body"][name]


def _put(name: str | None, other: object, entry: Body) -> None:
    if name is None:
        entry["body"] = other
    else:
        entry["body"][name] = other


def _check(session: Session, position: int, alter: Callable[[Body], object], what: str) -> bool:
    """Verifying gives a verdict and names an entry that does not say what it should; gives whether this is one."""
    point = session.begin_nested()
    entry = _rewrite(session, position, alter)
    wrong, found = unsaid(position, entry), verify_everything(session, None)
    assert sentence(entry["kind"], "x", None, entry["body"] if wrong is None else {}).zh, what
    if wrong is not None:
        assert (found.ok, found.first_bad, found.problem) == (False, position, wrong), what
        assert wrong.en.startswith(f"Entry {position} does not say what an entry of kind {entry['kind']} says: `"), what
    point.rollback()
    return wrong is not None


@sizes(2, len(OTHERS))
def test_whatever_an_entry_leaves_unsaid_is_a_finding(story: Database, size: int) -> None:
    counted = [0, 0]
    with story.write() as session:
        assert verify_everything(session, None).ok
        for (kind, members), position in _shapes(session).items():
            for what, alter in _alterations(members, size, position):
                counted[_check(session, position, alter, f"{kind} {position}: {what}")] += 1
    assert min(counted) > 30 * size, counted


BEGUN: Final = {"shadow": 7000, "change": 1, "revision": "x", "until": "2027-01-01T00:00:00.000000Z"}
NEVER_BEGUN: Final[tuple[tuple[EntryKind, Body, str], ...]] = (
    (EntryKind.RULES_SHADOWED, {**BEGUN, "ended": True}, "shadow 7000"),
    (EntryKind.OVERRIDE, {"override": 7000, "customer": 1, "ended": True}, "the tier set by hand 7000"),
    (EntryKind.OVERRIDE, {"override": 7000, "customer": 1, "expired": True}, "the tier set by hand 7000"),
    (EntryKind.TOKEN, {"token": 7000, "revoked": True}, "API token 7000"),
)


@pytest.mark.parametrize(("kind", "body", "name"), NEVER_BEGUN)
def test_going_on_with_what_never_began_is_a_finding(story: Database, kind: EntryKind, body: Body, name: str) -> None:
    with story.write() as session:
        point = session.begin_nested()
        position = append_entry(session, kind, "mallory", None, None, body, day(90)).position
        found = verify_everything(session, None)
        assert found.first_bad == position
        told = f"Entry {position} goes on with {name}, and no entry before it says how that began."
        assert [one.en for one in found.misfits] == [told]
        point.rollback()


def test_replaying_goes_on_past_a_run_whose_entry_does_not_say_its_root(story: Database) -> None:
    with story.write() as session:
        query = select(LEDGER.c.position).where(LEDGER.c.kind == EntryKind.RUN.value).order_by(LEDGER.c.position.desc())
        position = session.execute(query).scalars().all()[0]
        assert replay(session).different == []
        for alter in (lambda entry: entry.pop("body"), lambda entry: entry["body"].update(root="sha256:" + "z" * 64)):
            point = session.begin_nested()
            _rewrite(session, position, alter)
            report = replay(session)
            assert 0 < len(report.different) <= report.checked
            point.rollback()


def test_exporting_tells_of_a_run_whose_entry_does_not_say_its_root(shop: Database, tmp_path: Path) -> None:
    decide_at(shop, 0)
    seal = Seal(tmp_path / "seal.key", None)
    take_checkpoint(shop, seal, day(1))
    number = decision_of(shop, "shop:P-0001")
    with shop.write() as session:
        query = select(LEDGER.c.position).where(LEDGER.c.kind == EntryKind.RUN.value)
        position = session.execute(query).scalar_one()
        session.execute(text("drop trigger ledger_entry_no_update"))
        _rewrite(session, position, partial(_leave_out, "root"))
    told = f"Entry {position} does not say what an entry of kind RUN says: `root` is missing."
    with shop.read() as session, pytest.raises(DamagedError, match=re.escape(told)):
        proof_of(session, number)
    with pytest.raises(DamagedError, match=re.escape(told)):
        export_audit(shop, tmp_path / "proven", "auditor", None, day(2), None, (number,))
    assert export_audit(shop, tmp_path / "plain", "auditor", None, day(2), None).runs == 1
