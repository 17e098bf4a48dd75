"""Erasing a person: nothing of it is left, the proofs are, and nobody else is touched."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, String, select, text
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from engine.errors import ConflictError, DamagedError, ErasedError, InputError, NotFoundError
from engine.operations.deciding import decide
from engine.operations.dispatching import deliver_pending
from engine.operations.erasing import BY_CUSTOMER, OTHERWISE, Forgotten, forget_customer
from engine.operations.explaining import explain_decision
from engine.operations.overriding import OverrideInput, approve_override, override_tier
from engine.operations.publishing import ANY_REVISION, publish
from engine.operations.recording import CustomerGiven, FieldGiven, RecordGiven, record_customer, record_records
from engine.operations.replaying import replay, replay_decision
from engine.operations.rule_life import Person, Proposal, propose
from engine.operations.shadowing import start_shadow
from engine.operations.verifying import verify_everything
from engine.store import Database, insert_rows, open_database, read_chunk, verify_ledger
from engine.store.reading import Kind, changed_decisions, decisions_by_ids, global_id
from engine.store.rows import table_of
from engine.store.tables import ChunkRow, CustomerFieldRow, IdempotencyRow, IssueRow, LedgerRow, ValueEstimateRow
from engine.vocabulary import Locale, Market, RecordKind
from tests.operations.checks import check_everything, check_explanations
from tests.operations.shop import (
    answer,
    consent,
    contents,
    count,
    day,
    decide_at,
    decision_of,
    decisions,
    model_version,
    order,
    predict_by,
    record,
    refs,
    rules,
)

REF, OTHER_REF, NAME = "shop:Q-7431", "crm:88-qq-42", "Zenobia Quill-Wexford 田中"
ORDER, TICKET, CITY, NICK = "Q-ORDER-55121", "Q-TICKET-99", "Quillhaven", "Quillzilla"
BYSTANDER = "shop:P-0003"


def person(database: Database, at: float = -1.4) -> None:
    """Somebody with a trace in every table."""
    given = CustomerGiven(ref=REF, market=Market.B2C, name=NAME, owner="lead-a", identities=(OTHER_REF,))
    record_customer(database, given, "crm-ops", day(at), "make-Q-7431")
    fields = [FieldGiven("net", "987.65", "CNY"), FieldGiven("status", "paid"), FieldGiven("order_no", CITY)]
    bought = RecordGiven(REF, RecordKind.ORDER, ORDER, day(-140), fields)
    asked = RecordGiven(OTHER_REF, RecordKind.TICKET, TICKET, day(-2), [FieldGiven("status", "open")])
    record_records(database, [bought, asked, answer(REF, -2, 55), consent(REF, -3)], "crm-ops", day(at + 0.1), "bought")
    with database.write() as session:
        customer = session.execute(text("select id from customer where ref = :ref"), {"ref": REF}).scalar_one()
        columns: dict[str, Any] = {
            "check_name": "wrong_cells",
            "severity": "error",
            "message_en": "x",
            "message_zh": "x",
        }
        values = [f"{NAME},1,2", "Q-7431", "77", "something else"]
        insert_rows(session, IssueRow, {**columns, "source": "shop", "quarantined": True, "found_at": day(at),
                                        "value": values, "customer_id": [None, None, customer, None]})  # fmt: skip
        columns = {"name": "clv", "customer_id": [customer], "as_of": day(at), "recorded_at": day(at), "amount": 1234}
        insert_rows(session, ValueEstimateRow, {**columns, "horizon_days": 365, "currency": "CNY", "method": "test"})
    with database.write() as session:
        nick = {"name": "nickname", "unit": "text", "text": NICK, "source": "shop", "recorded_at": day(at)}
        insert_rows(session, CustomerFieldRow, {**nick, "customer_id": [customer]})
    mention = [FieldGiven("referred", "Q-7431"), FieldGiven("status", "converted")]
    record(database, [RecordGiven(BYSTANDER, RecordKind.REFERRAL, f"F{at}", day(-2), mention)], day(at + 0.2))


def live(database: Database) -> None:
    """Decisions, contacts, tasks, an override, a model's word, corrections; a candidate decides beside all that."""
    predict_by(database, model_version(database, "m1", -1), -1, 0.4)
    proposal = Proposal(rules(b2c=("at_least: 70", "at_least: 55")), "beside")
    start_shadow(database, propose(database, proposal, Person.named("mei"), day(-0.5)).change_id, 90, "mei", day(-0.4))
    decide_at(database, 0)
    deliver_pending(database, day(0.5), lambda _line: None)
    record(database, [order(BYSTANDER, 5, 300, number=7)], day(6))
    given = OverrideInput(REF, "A", f"goodwill for {NAME} ({REF})", day(40), note="a friend")
    override_tier(database, given, "crm-ops", day(7), "override-1")
    decide(database, [BYSTANDER, REF], day(8), "api", day(8), idempotency_key="decide-both")
    decide_at(database, 10)
    deliver_pending(database, day(10.5), lambda _line: None)
    decide_at(database, 30)


@pytest.fixture
def lively(any_shop: Database) -> Database:
    """The shop with the person, on both engines."""
    person(any_shop)
    live(any_shop)
    return any_shop


def customer_id(database: Database, ref: str = REF) -> int:
    with database.read() as session:
        return int(session.execute(text("select id from customer where ref = :ref"), {"ref": ref}).scalar_one())


def forget(database: Database, ref: str = REF, at: float = 31, **more: Any) -> Forgotten:
    return forget_customer(database, ref, "privacy", f"asked for it ({ref})", day(at), **more)


def texts_of(database: Database) -> list[str]:
    """Every value of every table as text, bytes in hex; the ledger's too, idempotency keys as well."""
    found = [repr(row) for rows in contents(database).values() for row in rows]
    with database.read() as session:
        found += [repr(tuple(row)) for row in session.execute(select(table_of(IdempotencyRow)))]
    return found


def without(digests: dict[tuple[str, datetime], Any], *gone: str) -> dict[tuple[str, datetime], Any]:
    return {key: value for key, value in digests.items() if key[0] not in gone}


def test_every_table_says_what_erasing_does_there() -> None:
    listed = {table_of(row).name for row in (*BY_CUSTOMER, *OTHERWISE)}
    assert listed == set(SQLModel.metadata.tables), "a new table has to say what erasing a person does there"
    deleted = {table_of(row).name for row in BY_CUSTOMER}
    for name, table in SQLModel.metadata.tables.items():
        assert ("customer_id" in table.c) == (name in deleted), f"rows of {name} belong to a customer, or do not"


def test_no_other_table_has_a_text_that_nobody_thought_of() -> None:
    """Texts and bytes that erasing leaves alone, or handles by themselves: a new one has to be thought of."""
    thought_of = {
        "customer": "market name owner parent_ref ref salt",
        "actor": "name",
        "api_token": "created_by handle label roles secret_hash",
        "checkpoint": "nodes note root",
        "chunk": "body hash market members",
        "idempotency": "answer input_hash key operation",
        "import_batch": "actor file_hashes files mapping summary",
        "ledger_entry": "actor body hash kind previous_hash reason subject",
        "model_alias": "alias name",
        "model_version": "actor body card digest name reason",
        "personal_field": "mapping name",
        "revision": "files hash name",
        "role_grant": "granted_by role",
        "review": "actor actor_key base_revision note on_behalf_key on_behalf_of preview_digest revision snapshot",
        "rule_change": "activate_zone actor attention_en attention_zh author_key base_revision on_behalf_key "
        "on_behalf_of preview preview_digest published_by reason revision schedule_reason scheduled_by snapshot state",
        "run": "actor engine_version model_digest problem_en problem_zh revision root state tiers",
        "shadow": "actor ended_by revision",
        "shadow_chunk": "body hash market members",
        "watermark": "source",
    }
    found = {
        row.__tablename__: " ".join(
            sorted(
                column.name for column in table_of(row).c if isinstance(column.type, AutoString | String | LargeBinary)
            )
        )
        for row in OTHERWISE
    }
    assert found == thought_of


def test_nothing_is_left_in_any_table(lively: Database) -> None:
    number, before = customer_id(lively), texts_of(lively)
    with lively.read() as session:
        salt = bytes(session.execute(text("select salt from customer where ref = :r"), {"r": REF}).scalar_one())
    for word in (REF, OTHER_REF, "Zenobia", "Q-7431", ORDER, TICKET, CITY, NICK, "goodwill", repr(salt)[2:-1]):
        assert any(word in one for one in before), word
    for row in BY_CUSTOMER:
        assert count(lively, table_of(row).name, f"customer_id = {number}") > 0, row
    done = forget(lively)
    after = texts_of(lively)
    # The reason of an override stands in the ledger for ever; names were taken out when it was written.
    for word in (REF, OTHER_REF, "Zenobia", "Q-7431", ORDER, TICKET, CITY, NICK, "a friend", repr(salt)[2:-1]):
        assert not [one for one in after if word in one], word
    for row in BY_CUSTOMER:
        assert count(lively, table_of(row).name, f"customer_id = {number}") == 0
    assert count(lively, "data_quality_issue") == 1
    assert count(lively, "idempotency") == 0
    assert done.decisions == 4
    assert done.mentions == 1
    assert set(done.removed) == {table_of(row).name for row in BY_CUSTOMER} | {"customer", "idempotency"}
    with lively.read() as session:
        mentioned = session.execute(text("select reference from record where key = 'F-1.4'")).scalar_one()
        assert mentioned == f"erased:{number}"


def test_the_ledger_tells_of_it_without_a_name(lively: Database) -> None:
    number = customer_id(lively)
    done = forget(lively)
    with lively.read() as session:
        assert verify_ledger(session).ok
        entry = session.get(LedgerRow, done.entry)
        assert entry is not None
        assert (entry.kind, entry.actor, entry.subject) == ("ERASURE", "privacy", f"customer:{number}")
        assert entry.reason == f"asked for it (customer:{number})"
        overridden = session.execute(text("select reason from ledger_entry where kind = 'OVERRIDE'")).scalars().all()
        assert overridden == [f"goodwill for customer:{number} (customer:{number})"]


@pytest.mark.parametrize("approve", [True, False])
def test_what_the_second_person_said_goes_too(any_shop: Database, approve: bool) -> None:
    person(any_shop)
    header = "approval: {approvers: 0}\noverrides: {second_approver: {}}"
    publish(any_shop, rules(rulebook=("approval: {approvers: 0}", header)), "crm-ops", "two", day(-0.5), ANY_REVISION)
    decide_at(any_shop, 0)
    number = override_tier(any_shop, OverrideInput(REF, "A", "goodwill", day(40)), "crm-ops", day(1))
    said = "her daughter is ill, so be kind"
    approve_override(any_shop, number, approve, Person.named("li"), day(2), said)
    known = contents(any_shop)
    assert said in repr(known["tier_override"])
    assert said not in repr(known["ledger_entry"]), "the ledger has its digest alone"
    with any_shop.read() as session:
        assert verify_everything(session, None).misfits == ()
    forget(any_shop)
    assert not any(said in one for one in texts_of(any_shop))
    with any_shop.read() as session:
        assert verify_everything(session, None).misfits == ()


def test_everything_still_proves_and_nobody_else_is_touched(lively: Database) -> None:
    before, mine = decisions(lively), [decision_of(lively, REF, at) for at in (0, 8, 10, 30)]
    with lively.read() as session:
        told = explain_decision(session, decision_of(lively, BYSTANDER, 10)).narration(Locale.EN)
        was = replay(session)
    forget(lively)
    assert decisions(lively) == without(before, REF)
    check_everything(lively)
    check_explanations(lively, every=3)
    with lively.read() as session:
        now = replay(session)
        assert (now.different, now.erased, now.not_kept) == ([], 4, 0)
        assert now.checked == now.identical == was.checked - 4
        assert explain_decision(session, decision_of(lively, BYSTANDER, 10)).narration("en") == told  # type: ignore[arg-type]
        for run in range(1, 5):
            assert all(view.id not in mine for view in changed_decisions(session, run, 0, 100))
    decide_at(lively, 50)
    check_everything(lively)


def test_a_decision_of_the_person_says_what_is_left(lively: Database) -> None:
    number = decision_of(lively, REF, 10)
    with lively.read() as session:
        chunk = session.execute(text("select run_id from chunk where id = :id"), {"id": number // 8192}).scalar_one()
        entry = session.execute(
            text("select position from ledger_entry where subject = :run"), {"run": f"run:{chunk}"}
        ).scalar_one()
    forget(lively)
    with lively.read() as session:
        leaf = read_chunk(session, number // 8192)["erased.leaf"].tobytes().hex()
        for ask in (explain_decision, replay_decision):
            with pytest.raises(ErasedError) as refused:
                ask(session, number)
            assert refused.value.code == "ERASED"
            for said in (refused.value.message.en, refused.value.message.zh):
                assert all(part in said for part in (leaf, str(chunk), str(entry)))
        with pytest.raises(ErasedError):
            decisions_by_ids(session, [number])
        with pytest.raises(ErasedError):
            replay(session, [global_id(Kind.DECISION, number)])
        with pytest.raises(NotFoundError):
            replay(session, [REF])


def test_who_comes_back_is_somebody_new(lively: Database) -> None:
    old = customer_id(lively)
    forget(lively)
    person(lively, 32)
    assert customer_id(lively) > old
    decide_at(lively, 40)
    check_everything(lively)
    with lively.read() as session:
        assert explain_decision(session, decision_of(lively, REF)).change is None
    again = forget(lively, at=41)
    assert again.decisions == 1
    check_everything(lively)


def test_a_number_of_something_deleted_is_not_given_again(shop: Database) -> None:
    """The ledger names overrides, tasks and dispatches by number."""
    person(shop)
    live(shop)
    tables = ("tier_override", "task", "dispatch", "data_quality_issue")
    highest = {name: count(shop, name) and _highest(shop, name) for name in tables}
    forget(shop)
    assert _highest(shop, "tier_override") is None
    made = override_tier(shop, OverrideInput(BYSTANDER, "A", "goodwill", day(60)), "crm-ops", day(32))
    assert made == (highest["tier_override"] or 0) + 1
    decide_at(shop, 70)
    deliver_pending(shop, day(71), lambda _line: None)
    with shop.read() as session:
        fresh = session.execute(text(f"select min(id) from dispatch where as_of_day > {20513 + 60}")).scalar_one()
    assert fresh is None or fresh > (highest["dispatch"] or 0)


def _highest(database: Database, table: str) -> int | None:
    with database.read() as session:
        found: int | None = session.execute(text(f"select max(id) from {table}")).scalar_one()
        return found


def test_the_same_key_gives_the_first_answer_again(lively: Database) -> None:
    first = forget(lively, idempotency_key="k")
    assert forget(lively, idempotency_key="k") == first
    with pytest.raises(ConflictError) as refused:
        forget_customer(lively, BYSTANDER, "privacy", f"asked for it ({REF})", day(31), "k")
    assert refused.value.code == "IDEMPOTENCY_MISMATCH"
    assert count(lively, "ledger_entry", "kind = 'ERASURE'") == 1
    forget(lively, BYSTANDER, idempotency_key=f"forget {BYSTANDER}")
    assert count(lively, "idempotency", f"key like '%{BYSTANDER}%'") == 0, "a key that names the person is not kept"


def test_what_is_wrong_changes_nothing(lively: Database) -> None:
    known = contents(lively)
    with pytest.raises(NotFoundError):
        forget(lively, "shop:nobody")
    with pytest.raises(InputError, match="needs a reason"):
        forget_customer(lively, REF, "privacy", "  ", day(31))
    with lively.write() as session:
        session.execute(text("update chunk set hash = 'sha256:0' where id = (select max(id) from chunk)"))
    with pytest.raises(DamagedError):
        forget(lively)
    after = contents(lively)
    assert {name: rows for name, rows in after.items() if name != "chunk"} == {
        name: rows for name, rows in known.items() if name != "chunk"
    }


def test_an_erased_row_that_the_ledger_does_not_know_is_told(lively: Database) -> None:
    """Whoever calls a row erased to hide it is found out, though leaves and root fit."""
    from engine.operations.erasing.emptying import empty_rows

    number = decision_of(lively, BYSTANDER, 10)
    with lively.write() as session:
        salt = bytes(session.execute(text("select salt from customer where ref = :r"), {"r": BYSTANDER}).scalar_one())
        empty_rows(session, [number], salt)
    with lively.read() as session:
        assert replay(session).different == [global_id(Kind.DECISION, number)]


def test_a_forged_leaf_is_told_by_the_root(lively: Database) -> None:
    from engine.store import chunk_hash, encode_chunk

    number = decision_of(lively, REF, 10)
    forget(lively)
    with lively.write() as session:
        chunk = read_chunk(session, number // 8192)
        arrays = {name: array.copy() for name, array in chunk.items()}
        arrays["erased.leaf"][0] ^= 1
        body = encode_chunk(chunk.header, arrays)
        session.execute(
            text("update chunk set body = :body, hash = :hash where id = :id"),
            {"body": body, "hash": chunk_hash(body), "id": number // 8192},
        )
    with lively.read() as session:
        assert global_id(Kind.DECISION, number) in replay(session).different


def test_the_file_holds_nothing_of_the_person(shop: Database, shop_url: str) -> None:
    """The bytes of the database file and its log, free pages and all."""
    person(shop)
    live(shop)
    number = customer_id(shop)
    with shop.write() as session:  # an earlier name, overwritten long ago, whose bytes may lie in a free place
        session.execute(text("update customer set name = 'Zenobia Maiden' where id = :id"), {"id": number})
    with shop.write() as session:
        session.execute(text("update customer set name = :name where id = :id"), {"id": number, "name": NAME})
        salt = bytes(session.execute(text("select salt from customer where id = :id"), {"id": number}).scalar_one())
    file = Path(shop_url.removeprefix("sqlite:///"))
    words = [word.encode() for word in (REF, OTHER_REF, "Q-7431", "Zenobia", "田中", ORDER, TICKET, CITY, NICK)]
    there = _bytes_of(file)
    assert all(there.count(word) for word in (*words, salt))
    done = forget(shop)
    assert done.overwritten
    left = _bytes_of(file)
    assert [word for word in (*words, salt) if word in left] == []
    assert b"shop:P-0003" in left
    check_everything(shop)


def _bytes_of(file: Path) -> bytes:
    """The database, its log and its shared memory."""
    return b"".join(one.read_bytes() for one in sorted(file.parent.glob(f"{file.name}*")) if one.suffix != ".lock")


def test_a_reader_of_an_older_state_keeps_the_log(shop: Database) -> None:
    person(shop)
    decide_at(shop, 0)
    with shop.read() as session:
        session.execute(select(table_of(ChunkRow).c.id)).all()
        done = forget_in_another_thread(shop)
        assert not done.overwritten
    assert shop.overwrite_deleted()


def forget_in_another_thread(database: Database) -> Forgotten:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(forget, database).result()


@contextmanager
def copied(file: Path) -> Iterator[Database]:
    """A copy of a database for one example."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(file, f"{folder}/shop.db")
        with open_database(f"sqlite:///{folder}/shop.db") as database:
            yield database


@settings(max_examples=6, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    st.lists(st.sampled_from(refs()), unique=True, max_size=10),
    st.lists(st.sampled_from(refs()), unique=True, max_size=28),
    st.integers(1, 9),
    st.integers(0, 2**32),
)
def test_any_persons_in_any_order_between_any_runs(
    opened_file: Path, first: list[str], second: list[str], rows: int, seed: int
) -> None:
    """Whoever is erased and when: replay is green, the others' digests stay, whole chunks may become empty."""
    chance = random.Random(seed)
    with copied(opened_file) as database, pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.operations.blocks.CHUNK_ROWS", rows)
        decide_at(database, 0)
        decide_at(database, 5, chance.sample(refs(), 5))
        before, gone = decisions(database), []
        for at, some in ((6, first), (20, second)):
            for ref in [one for one in some if one not in gone]:
                emptied = sum(key[0] == ref for key in before)
                assert forget(database, ref, at).decisions == emptied
                gone.append(ref)
                assert decisions(database) == without(before, *gone)
            with database.read() as session:
                report = replay(session)
                assert (report.different, report.checked) == ([], len(without(before, *gone)))
                assert report.erased == len(before) - report.checked
            if len(gone) < len(refs()):
                decide_at(database, at + 10)
                before |= decisions(database)
        left = texts_of(database)
        assert not [ref for ref in gone for one in left if f"'{ref}'" in one]
        if len(gone) < len(refs()):
            check_everything(database)
