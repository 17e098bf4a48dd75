"""What changed since the decision before, over the API: criteria, records and rule edits behind each part."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from engine.operations.deciding import decide
from engine.operations.overriding import OverrideInput, override_tier
from engine.operations.publishing import publish
from engine.operations.recording import CustomerGiven, FieldGiven, RecordGiven, record_customer, record_records
from engine.operations.rule_folder import read_rule_folder
from engine.vocabulary import Market, RecordKind
from tests.schema.business import EARLIER, LATER, ROOT
from tests.schema.conftest import Api

PARTS = "change { since { asOf criteria: explanation { criteria { name contribution } } } delta parts { cause delta "\
        "tier { key } tierBefore { key } criteria { name delta } "\
        "records { key occurredAt kind } edits { item text } } }"  # fmt: skip


def _parts(api: Api, ref: str) -> dict[str, dict[str, object]]:
    found = api.data(f"query($r: Ref!) {{ customer(ref: $r) {{ explanation {{ {PARTS} }} }} }}", r=ref)
    return {part["cause"]: part for part in found["customer"]["explanation"]["change"]["parts"]}


def test_criteria_sum_to_each_part_and_to_the_difference_of_contributions(api: Api) -> None:
    found = api.data(
        f"{{ customers(first: 20) {{ edges {{ node {{ explanation {{ criteria {{ name contribution }} {PARTS} }} "
        "} } } }"
    )
    known = 0
    for edge in found["customers"]["edges"]:
        told = edge["node"]["explanation"]
        change = told["change"]
        assert len(change["parts"]) == 6
        assert all((part["tier"] is None) == (part["tierBefore"] is None) for part in change["parts"])
        if change["delta"] is None:
            continue
        known += 1
        new, old = (
            {one["name"]: Decimal(one["contribution"]) for one in criteria}
            for criteria in (told["criteria"], change["since"]["criteria"]["criteria"])
        )
        totals = dict.fromkeys(new, Decimal(0))
        for part in change["parts"]:
            deltas = {one["name"]: Decimal(one["delta"]) for one in part["criteria"]}
            assert sum(deltas.values()) == Decimal(part["delta"])
            totals = {name: total + deltas[name] for name, total in totals.items()}
        assert totals == {name: new[name] - old[name] for name in new}
    assert known


def test_a_new_order_stands_behind_behaviour(api: Api) -> None:
    parts = _parts(api, "shop:P-0004")
    assert [one["key"] for one in parts["BEHAVIOUR"]["records"]] == ["O-4--29"]
    assert parts["DATA_CORRECTION"]["records"] == parts["RULE"]["edits"] == []


def test_records_behind_many_changes_are_looked_up_together_and_only_if_asked_for(api: Api) -> None:
    def looked_up(wanted: str, first: int) -> int:
        query = f"{{ customers(first: {first}) {{ edges {{ node {{ explanation {{ change {{ parts {{ {wanted} }} }} "
        query += "} } } } }"
        api.data(query)
        with api.statements() as sent:
            api.data(query)
        return sum("FROM record" in one and "record.id IN" in one for one in sent)

    assert looked_up("delta criteria { delta } edits { item }", 20) == 0
    assert looked_up("records { key }", 20) == 1


def test_a_correction_and_a_rule_edit_stand_behind_their_parts(own_api: Api) -> None:
    database, now = own_api.database, LATER + timedelta(days=1)
    fields = [FieldGiven("net", "900.00", "CNY"), FieldGiven("status", "paid")]
    occurred = EARLIER - timedelta(days=1)
    corrected = RecordGiven("shop:P-0004", RecordKind.ORDER, "O-4-1", occurred, fields, corrects=True)
    record_records(database, [corrected], "data-team", now)
    files = {path: content.decode() for path, content in read_rule_folder(ROOT / "rules").items()}
    files["b2c.yaml"] = files["b2c.yaml"].replace("weight: 5\n", "weight: 6\n", 1)
    publish(database, files, "crm-ops", "one weight", now)
    decide(database, ["shop:P-0004"], now, "schedule", now)
    parts = _parts(own_api, "shop:P-0004")
    assert [one["key"] for one in parts["DATA_CORRECTION"]["records"]] == ["O-4-1", "O-4-1"]
    (edit,) = parts["RULE"]["edits"]
    assert edit["item"].startswith("b2c.scorecard.criteria.")
    assert "5 → 6" in edit["text"]
    assert [cause for cause, part in parts.items() if part["edits"]] == ["RULE"]
    asked = "{{ customer(ref: {}) {{ ruleChanges {{ totalCount edges {{ node {{ reason }} }} }} }} }}"
    touched, other = (own_api.data(asked.format(f'"shop:P-{number}"'))["customer"] for number in ("0004", "0005"))
    assert touched["ruleChanges"] == {"totalCount": 1, "edges": [{"node": {"reason": "one weight"}}]}
    assert other["ruleChanges"]["totalCount"] == 0  # not decided since


def test_the_tiers_moves_are_told_with_both_ends_and_unrated_is_a_tier(own_api: Api) -> None:
    database, ref = own_api.database, "shop:P-0777"
    given = CustomerGiven(ref=ref, market=Market.B2C, name="Member 0777", owner="team-1", fields=[])
    record_customer(database, given, "crm-ops", LATER + timedelta(hours=1))
    first = LATER + timedelta(days=1)
    decide(database, [ref], first, "schedule", first)
    override_tier(database, OverrideInput(ref, "C", "strategic", first + timedelta(days=30)), "sales-lead", first)
    later = first + timedelta(days=1)
    decide(database, [ref], later, "schedule", later)
    wanted = "change { delta parts { cause delta tier { key title(locale: $said) } tierBefore { key title } } }"
    query = f"query($r: Ref!, $said: Locale) {{ customer(ref: $r) {{ explanation {{ {wanted} }} }} }}"
    change = own_api.data(query, r=ref, said="ZH")["customer"]["explanation"]["change"]
    assert change["delta"] is None
    assert {part["delta"] for part in change["parts"]} == {None}
    moved = [(part["cause"], part["tierBefore"], part["tier"]["key"]) for part in change["parts"] if part["tier"]]
    assert moved == [("OVERRIDE", {"key": "UNRATED", "title": "not rated yet"}, "C")]
    ended = later + timedelta(days=31)
    decide(database, [ref], ended, "schedule", ended)
    parts = own_api.data(query, r=ref, said="ZH")["customer"]["explanation"]["change"]["parts"]
    (over,) = [part for part in parts if part["tier"]]
    assert (over["cause"], over["tierBefore"]["key"]) == ("OVERRIDE", "C")
    assert over["tier"] == {"key": "UNRATED", "title": "暂未评级"}


def test_metrics_and_decisions_by_both_clocks(own_api: Api) -> None:
    """As of one instant: as we knew it then, and as we know now; the decision of then stays."""
    query = (
        'query($at: DateTime!, $known: DateTime!) { customer(ref: "shop:P-0004") { '
        'then: metrics(names: ["orders_12m"], asOf: $at, asKnownAt: $known) { value } '
        'now: metrics(names: ["orders_12m"], asOf: $at) { value } decision(asOf: $at) { digest score } '
        "made: decision(asKnownAt: $known) { asOf } later: decision(asKnownAt: null) { asOf } } }"
    )
    asked = {"at": (EARLIER + timedelta(hours=2)).isoformat(), "known": (EARLIER + timedelta(hours=3)).isoformat()}
    before = own_api.data(query, **asked)["customer"]
    assert before["then"] == before["now"]
    assert (before["made"]["asOf"], before["later"]["asOf"]) == ("2026-09-01T01:00:00Z", "2026-10-01T00:00:00Z")
    fields = [FieldGiven("net", "900.00", "CNY"), FieldGiven("status", "paid")]
    late = RecordGiven("shop:P-0004", RecordKind.ORDER, "O-4-late", EARLIER - timedelta(days=3), fields)
    record_records(own_api.database, [late], "data-team", LATER + timedelta(hours=1))
    after = own_api.data(query, **asked)["customer"]
    assert int(after["now"][0]["value"]) == int(after["then"][0]["value"]) + 1
    assert (after["then"], after["decision"]) == (before["then"], before["decision"])
