"""Writing from a form: done once whatever is repeated, refused with the place, told to those who listen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.frontend.conftest import Shop

pytestmark = pytest.mark.xdist_group("demo")

ORDER = {"occurredAt": "2026-11-02T01:30:00Z", "net": {"amount": "1260.50", "currency": "CNY"}, "status": "paid"}
ORDERED = "record { id key kind occurredAt recordedAt fields { name value currency } customer { ref } }"
DECIDED = (
    "run { id state root decided revision model { digest } } "
    "decisions { id digest score customer { ref } change { delta parts { cause delta } } }"
)


def test_an_order_recorded_and_decided_once_with_the_keys_sent_again(shop: Shop) -> None:
    ref = "demo:P-0042"
    before = shop.customer(ref, "records(kind: [ORDER]) { totalCount } decisions { totalCount } score")
    given = {"idempotencyKey": "order-1", "customer": ref, **ORDER}
    first = shop.done("recordOrder", ORDERED, **given)
    assert first["record"]["key"] == "order-1"
    assert {"name": "net", "value": "1260.50", "currency": "CNY"} in first["record"]["fields"]
    decided = shop.done("decide", DECIDED, idempotencyKey="decide-1", customers=[ref])
    assert (decided["run"]["state"], decided["run"]["decided"]) == ("DONE", 1)
    causes = {part["cause"]: part["delta"] for part in decided["decisions"][0]["change"]["parts"]}
    assert float(causes["BEHAVIOUR"]) > 0, "an order is good for the score"
    head = shop.data("{ auditLog(first: 1) { edges { node { position } } } }")

    assert shop.done("recordOrder", ORDERED, **given) == first
    assert shop.done("decide", DECIDED, idempotencyKey="decide-1", customers=[ref]) == decided
    assert shop.data("{ auditLog(first: 1) { edges { node { position } } } }") == head
    after = shop.customer(ref, "records(kind: [ORDER]) { totalCount } decisions { totalCount } score")
    assert after["records"]["totalCount"] == before["records"]["totalCount"] + 1
    assert after["decisions"]["totalCount"] == before["decisions"]["totalCount"] + 1
    assert after["score"] == decided["decisions"][0]["score"]

    other = shop.command("recordOrder", ORDERED, **{**given, "status": "cancelled"})
    assert other["record"] is None
    assert [(error["code"], error["path"]) for error in other["userErrors"]] == [
        ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])
    ]


def test_a_form_filled_in_wrongly_shows_every_mistake_at_its_field(shop: Shop) -> None:
    given = {"idempotencyKey": "order-2", "customer": "demo:P-9999", "occurredAt": "2026-11-02",
             "net": {"amount": "12.345", "currency": "CNY"}, "status": "paidd"}  # fmt: skip
    refused = shop.command("recordOrder", ORDERED, **given)
    assert refused["record"] is None
    places = [error["path"] for error in refused["userErrors"]]
    assert places == [["customer"], ["net", "amount"], ["status"]]
    assert "paid" in refused["userErrors"][2]["hint"]


def _live(shop: Shop) -> tuple[str, dict[str, str]]:
    book = shop.data("{ rulebook { revision files { path text } } }")["rulebook"]
    return book["revision"], {file["path"]: file["text"] for file in book["files"]}


def test_a_broken_rule_file_is_refused_with_the_place_of_every_problem(shop: Shop) -> None:
    revision, files = _live(shop)
    broken = files["b2c.yaml"].replace(" weight:", " wieght:", 1).replace("at_least: 30", "at_least: thirty", 1)
    lines = broken.splitlines()
    given = {"files": [{"path": "b2c.yaml", "text": broken}], "reason": "typing", "expectedRevision": revision}
    refused = shop.command("publishRulebook", "change { id }", idempotencyKey="rules-1", **given)
    assert refused["change"] is None
    places = {error["code"]: error["place"] for error in refused["userErrors"]}
    unknown = places["RULE_UNKNOWN_KEY"]
    assert unknown["file"] == "b2c.yaml"
    assert lines[unknown["line"] - 1][unknown["column"] - 1 :].startswith("wieght")
    assert any("thirty" in lines[place["line"] - 1] for place in places.values())
    hint = next(error["hint"] for error in refused["userErrors"] if error["code"] == "RULE_UNKNOWN_KEY")
    assert "weight" in hint
    assert all(error["path"] == ["files"] for error in refused["userErrors"])
    syntax = shop.command(
        "publishRulebook", "change { id }", idempotencyKey="rules-2", reason="typing", expectedRevision=revision,
        files=[{"path": "b2c.yaml", "text": files["b2c.yaml"] + "\n  - [broken\n"}],
    )  # fmt: skip
    assert [error["code"] for error in syntax["userErrors"]] == ["RULE_SYNTAX"]
    assert syntax["userErrors"][0]["place"]["line"] >= len(files["b2c.yaml"].splitlines())
    assert _live(shop)[0] == revision


def test_an_alert_reaches_the_owner_who_listens(shop: Shop) -> None:
    """Three service tickets in a month where there were none: the rules make a task for the owner."""
    company, owner = "test:B-9001", "key-accounts-9"
    ticket: dict[str, Any] = {"customer": company, "kind": "TICKET"}
    tickets = [
        {**ticket, "key": f"T-{day}", "occurredAt": f"2026-10-{day}T02:00:00Z", "fields": []} for day in (20, 24, 28)
    ]
    shop.done("recordCustomer", "customer { id }", idempotencyKey="b-9001", ref=company, market="B2B", owner=owner)
    shop.done("recordRecords", "linked", idempotencyKey="t-9001", records=tickets)
    query = (
        "subscription($owner: String, $after: String) { alertRaised(owner: $owner, after: $after) { token dispatch "
        "{ id state dueAt text campaign { name } customer { ref owner } decision { run { id } } } } }"
    )
    with shop.events(query, owner=owner) as mine, shop.events(query, owner="somebody-else") as others:
        run = shop.done("decide", "run { id }", idempotencyKey="d-9001", customers=[company])["run"]
        told = mine.next()["alertRaised"]
        others.send(type="ping")
        assert others.receive()["type"] == "pong", "an alert of another owner's customer came"
    alert = told["dispatch"]
    assert (alert["campaign"]["name"], alert["customer"]) == ("service_alert", {"ref": company, "owner": owner})
    assert alert["decision"]["run"] == run
    assert alert["dueAt"] > "2026-11-02"
    dispatches = shop.customer(company, "dispatches { edges { node { id dueAt suppressedBy } } }")["dispatches"][
        "edges"
    ]
    made = [edge["node"] for edge in dispatches if edge["node"]["dueAt"] and not edge["node"]["suppressedBy"]]
    assert [one["id"] for one in made] == [alert["id"]]

    start = "Mi4xLjA"  # the first entry of the ledger
    with shop.events(query, owner=owner, after=start) as again:
        assert again.next()["alertRaised"] == told, "what came before is told again to whom asks"


def test_a_tier_that_changes_is_told_once(shop: Shop) -> None:
    ref = "demo:P-0200"
    known = shop.customer(ref, "version tier { effective { key } }")
    near = {"A": "B", "B": "A", "C": "B", "D": "C"}  # three tiers away a second person would have to agree
    tier = near[known["tier"]["effective"]["key"]]
    query = (
        "subscription($f: CustomerFilter) { tierChanged(filter: $f) { token decision { "
        "tier { effective { key } previous { key } computed { key } } } } }"
    )
    with shop.events(query, f={"text": ref}) as events:
        shop.done("overrideTier", "override { state }", idempotencyKey="o-0200", customer=ref, tier=tier,
                  reason="strategic", expiresAt="2026-12-31", expectedVersion=known["version"])  # fmt: skip
        shop.done("decide", "run { id }", idempotencyKey="d-0200", customers=[ref])
        told = events.next()["tierChanged"]["decision"]["tier"]
    assert (told["effective"]["key"], told["previous"]) == (tier, known["tier"]["effective"])
