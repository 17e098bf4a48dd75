"""Personal data are masked; who has the right and says what for sees them, and that is on record first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.access import Role
from engine.errors import TouchstoneError
from engine.operations.importing import import_files
from engine.operations.recording import CustomerGiven, record_customer
from engine.store import read_entries, verify_ledger
from engine.store.tables import TaskRow
from engine.vocabulary import Locale, Market, Text
from schema.context import Context, Services
from schema.root import the_schema
from tests.schema.business import NOW
from tests.schema.conftest import Api

REF = "shop:P-7000"
NAME = "王小明"
ASK = (
    "query($p: String, $r: Ref!) { customer(ref: $r) { name(purpose: $p) fields(purpose: $p) { name value masked } } }"
)
MAPPING = """
mapping: "1"
name: members
title: {en: Members, zh: 会员}
entity: customers
source: shop
columns: {key: {from: id}, market: {constant: B2C}}
fields:
  nickname_in_game: {from: nick, type: text, personal: true}
  shoe_size: {from: shoe, type: count, personal: true}
  city: {from: city, type: text}
key: [key]
customer: {create: true, market: {default: B2C}}
"""


@pytest.fixture
def people(own_api: Api, tmp_path: Path) -> Api:
    """One person by hand, with an e-mail address; one imported, with fields that the mapping marks."""
    given = CustomerGiven(ref=REF, market=Market.B2C, name=NAME)
    record_customer(own_api.database, given, "crm-ops", NOW)
    mapping, file = tmp_path / "members.yaml", tmp_path / "members.csv"
    mapping.write_text(MAPPING, encoding="utf-8")
    file.write_text("id,nick,shoe,city\nP-7001,Dragon,43,Lima\n", encoding="utf-8")
    import_files(own_api.database, mapping, [file], "crm-ops", NOW)
    return own_api


def entries(api: Api, kind: str = "PERSONAL_DATA_READ") -> Sequence[dict[str, Any]]:
    with api.database.read() as session:
        assert verify_ledger(session).ok
        return [json.loads(row.body) for row in read_entries(session) if row.kind == kind]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("purpose", [None, " ", "call back"])
def test_a_name_is_shown_for_a_purpose_to_privacy_alone(people: Api, role: Role, purpose: str | None) -> None:
    result = people.acting(role).ask(ASK, p=purpose, r=REF)
    if role is Role.ADMIN:
        assert result.data == {"customer": None}
        return
    assert result.data is not None
    seen = role is Role.PRIVACY and purpose == "call back"
    assert result.data["customer"]["name"] == (NAME if seen else "王*")
    assert [entry["actor"] for entry in entries(people)] == (["mei"] if seen else [])


def test_fields_that_a_mapping_marks_are_masked_in_every_source(people: Api) -> None:
    masked = people.acting(Role.OPERATOR).data(ASK, p="work", r="shop:P-7001")["customer"]["fields"]
    assert masked == [
        {"name": "city", "value": "Lima", "masked": False},
        {"name": "nickname_in_game", "value": "D***", "masked": True},
        {"name": "shoe_size", "value": None, "masked": True},
    ]
    shown = people.acting(Role.PRIVACY).data(ASK, p="size of a gift", r="shop:P-7001")["customer"]["fields"]
    assert [(field["value"], field["masked"]) for field in shown] == [("Lima", False), ("Dragon", False), ("43", False)]
    (entry,) = entries(people)
    assert entry["reason"] == "size of a gift"
    assert set(entry["body"]) == {"customers", "fields", "purposes"}
    assert entry["body"]["fields"] == ["nickname_in_game", "shoe_size"], "the imported one has no name"
    imported = [entry["body"] for entry in entries(people, "IMPORT")]
    assert imported[-1]["personal"] == ["nickname_in_game", "shoe_size"]
    assert "Dragon" not in json.dumps(imported)


def test_one_request_is_one_entry_without_any_value(people: Api) -> None:
    query = (
        '{ customers(first: 20) { edges { node { name(purpose: "campaign") decisions(first: 1) { edges { node { '
        'customer { name(purpose: "check") } } } } } } } }'
    )
    names = [edge["node"]["name"] for edge in people.acting(Role.PRIVACY).data(query)["customers"]["edges"]]
    (entry,) = entries(people)
    assert len(entry["body"]["customers"]) == len([name for name in names if name]) >= 10
    assert (entry["body"]["purposes"], entry["reason"]) == (["campaign", "check"], "campaign; check")
    assert entry["subject"] is None
    written = json.dumps(entry, ensure_ascii=False)
    assert not any(name in written for name in names if name)
    text = people.data("{ auditLog(first: 1) { edges { node { text(locale: ZH) } } } }")["auditLog"]["edges"][0]
    assert "个人数据" in text["node"]["text"]


def test_what_cannot_be_put_on_record_is_not_shown(people: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise TouchstoneError(Text("no room", "空间不足"))

    monkeypatch.setattr("schema.personal.note_personal_reads", broken)
    with pytest.raises(TouchstoneError, match="no room"):
        people.acting(Role.PRIVACY).ask(ASK, p="call back", r=REF)


def test_a_purpose_that_is_none_is_refused(people: Api) -> None:
    for purpose in ("x" * 201, "a\nb"):
        codes = people.acting(Role.PRIVACY).codes(ASK, p=purpose, r=REF)
        assert set(codes) == {"BAD_USER_INPUT"}
    assert entries(people) == []


def test_on_this_machine_without_proof_names_are_plain_and_a_purpose_is_noted(people: Api) -> None:
    assert people.data(ASK, r=REF)["customer"]["name"] == NAME
    assert entries(people) == []
    assert people.data(ASK, p="try", r=REF)["customer"]["name"] == NAME
    assert [entry["actor"] for entry in entries(people)] == ["api"]


def test_over_a_socket_each_look_is_on_record_before_it_is_answered(people: Api) -> None:
    schema, _ = the_schema()
    caller = people.acting(Role.PRIVACY).caller

    async def run() -> list[Any]:
        services = Services(people.database, lambda: NOW, None)
        context = Context(services, Locale.EN, "request-of-a-test", keeps=False, proven=caller)
        stream = await schema.stream(ASK, variable_values={"p": "look", "r": REF}, context_value=context)
        return [(result.data, len(entries(people))) async for result in stream]

    ((data, noted),) = asyncio.run(run())
    assert (data["customer"]["name"], noted) == (NAME, 1)


def found(api: Api, text: str, purpose: str | None = None) -> int:
    """How many customers a search finds."""
    query = "query($t: String, $p: String) { customers(filter: {text: $t, purpose: $p}) { totalCount } }"
    number: int = api.data(query, t=text, p=purpose)["customers"]["totalCount"]
    return number


def test_who_may_not_see_names_cannot_find_them_by_asking(people: Api) -> None:
    assert found(people, "小明") == 1
    assert found(people.acting(Role.VIEWER), "小明", "to call") == found(people.acting(Role.PRIVACY), "小明") == 0
    assert found(people.acting(Role.VIEWER), REF) == found(people.acting(Role.PRIVACY), REF) == 1
    assert entries(people) == []


def test_looking_into_names_takes_a_purpose_and_is_on_record(people: Api) -> None:
    privacy = people.acting(Role.PRIVACY)
    assert found(privacy, "小明", "call back") == 1
    assert found(privacy, "Nobody Such", "is nobody such a customer") == 0
    (one, none) = entries(people)
    (number,) = one["body"]["customers"]
    assert one["body"] == {"customers": [number], "fields": ["name"], "found": 1, "purposes": ["call back"]}
    assert none["body"] == {"customers": [], "fields": ["name"], "found": 0, "purposes": ["is … a customer"]}
    said = people.data("{ auditLog(first: 1) { edges { node { text } } } }")["auditLog"]["edges"][0]["node"]["text"]
    assert said == "mei looked into names and found nobody: is … a customer"
    assert set(privacy.codes('{ customers(filter: {text: "x", purpose: "a\\nb"}) { totalCount } }')) == {
        "BAD_USER_INPUT"
    }


@pytest.mark.parametrize("page", ["first: 0", 'first: 1, after: "WzAsMF0"', "first: 100"])
def test_whom_a_search_found_is_on_record_whichever_part_is_shown(people: Api, page: str) -> None:
    query = f'{{ customers({page}, filter: {{text: "a", purpose: "a banal cause"}}) {{ totalCount }} }}'
    total = people.acting(Role.PRIVACY).data(query)["customers"]["totalCount"]
    ((entry,), least) = entries(people), min(total, 100)
    assert (entry["body"]["found"], len(entry["body"]["customers"])) == (total, least)
    assert total > 1
    assert entry["reason"] == "… banal cause"


def test_over_a_socket_a_search_is_on_record_before_it_is_answered(people: Api) -> None:
    schema, _ = the_schema()
    caller = people.acting(Role.PRIVACY).caller

    async def run() -> list[Any]:
        services = Services(people.database, lambda: NOW, None)
        context = Context(services, Locale.EN, "request-of-a-test", keeps=False, proven=caller)
        query = '{ customers(filter: {text: "小明", purpose: "look"}) { totalCount } }'
        return [
            (result.data, len(entries(people))) async for result in await schema.stream(query, context_value=context)
        ]

    ((data, noted),) = asyncio.run(run())
    assert (data["customers"]["totalCount"], noted) == (1, 1)


def test_a_task_does_not_tell_the_name(people: Api) -> None:
    with people.database.write() as session:
        session.add(TaskRow(kind="CAMPAIGN", state="OPEN", title_en=f"Visit: now: {NAME}", title_zh=f"拜访：{NAME}",
                            customer_id=1, decision_id=4097))  # fmt: skip
        session.add(TaskRow(kind="CAMPAIGN", state="OPEN", title_en="Visit: 张三：浦东店", title_zh="拜访：Kim: shop",
                            customer_id=1, decision_id=4098))  # fmt: skip
        session.add(TaskRow(kind="CAMPAIGN", state="OPEN", title_en="Visit: 张三：浦东店", title_zh="",
                            customer_id=1, decision_id=4099))  # fmt: skip
    which = "last: 3, filter: {kind: CAMPAIGN}"
    query = f"{{ tasks({which}) {{ edges {{ node {{ en: title(locale: EN) zh: title(locale: ZH) }} }} }} }}"
    plain = people.data(query)["tasks"]["edges"][0]["node"]
    assert (plain["en"], plain["zh"]) == (f"Visit: now: {NAME}", f"拜访：{NAME}")
    found = [edge["node"] for edge in people.acting(Role.VIEWER).data(query)["tasks"]["edges"]]
    assert [(masked["en"], masked["zh"]) for masked in found] == [
        ("Visit: n***", "拜访：王*"),
        ("Visit: 张*", "拜访：K***"),
        ("Visit: 张*", "Visit: 张*"),
    ]


def test_an_operator_who_records_a_name_gets_it_back_masked(people: Api) -> None:
    record = (
        "mutation($i: RecordCustomerInput!) { recordCustomer(input: $i) { customer { name fields { value masked } } "
        "userErrors { message } } }"
    )
    given = {"idempotencyKey": "k", "ref": "shop:P-7002", "market": "B2C", "name": NAME}
    done = people.acting(Role.OPERATOR).data(record, i=given)["recordCustomer"]
    assert done == {"customer": {"name": "王*", "fields": []}, "userErrors": []}


def test_a_fault_beside_it_does_not_tell(people: Api) -> None:
    faults = people.acting(Role.VIEWER).ask(
        "query($n: String!) { customers(filter: {text: $n}, first: 101) { totalCount } node(id: $n) { id } }", n=NAME
    )
    assert faults.errors
    assert not any(NAME in f"{error.message}{error.extensions}" for error in faults.errors)


def test_a_purpose_that_names_the_person_is_kept_without_the_name(people: Api) -> None:
    asked = people.acting(Role.PRIVACY, name="zhou").data(ASK, p=f"{NAME} ({REF}) called", r=REF)
    assert asked["customer"]["name"] == NAME
    (entry,) = entries(people)
    assert NAME not in json.dumps(entry, ensure_ascii=False)
    assert REF not in json.dumps(entry)
    assert "called" in entry["body"]["purposes"][0]
