"""Previews over the API: the same as the engine's, movers in pages, a bounded number of statements."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from engine.operations.deciding import decide
from engine.operations.previewing import attribute, preview
from engine.operations.publishing import book_of, publish
from engine.operations.rule_folder import read_rule_folder
from engine.rulebook import load_book
from engine.store import Database, open_database
from engine.trials.preview import report
from engine.vocabulary import Locale
from schema import rulebooks
from tests.schema.business import LATER, NOW, ROOT, rules_alone
from tests.schema.conftest import Api

WHOLE = """
query($revision: Hash!) { rulebook(revision: $revision) { revision preview {
  asOf base candidate snapshot customers moved heldByStability newlyUnknown interaction
  matrix { market from { key title } to { key } customers }
  scores(market: B2C) { from before after }
  campaigns { campaign before after costBefore { amount currency } costAfter { amount } }
  guardrails { name market limit found crossed place { file line } }
  attribution { moved contacts edit { item text } needs { item } }
  movers(first: 3) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { customer { ref market }
    live { revision score decision { id } tier { effective { key } } change { delta } dispatches { id } narration }
    candidate { revision score tier { effective { key title } } criteria { name points }
      churn { status } metrics(names: ["revenue_12m"]) { value records(first: 2) { edges { cursor } } } }
  } } }
} } }
"""
PAGE = """
query($revision: Hash!, $first: Int, $after: String, $last: Int, $before: String, $from: String, $to: String) {
  rulebook(revision: $revision) { preview {
    movers(first: $first, after: $after, last: $last, before: $before, from: $from, to: $to) {
      totalCount pageInfo { hasNextPage hasPreviousPage } edges { cursor node {
        customer { ref } live { score tier { effective { key } } } candidate { tier { effective { key } } } } } } } } }
"""


@pytest.fixture(scope="module")
def tried(filled_file: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A copy in which another revision was live for a moment: revision, database."""
    import shutil

    file = tmp_path_factory.mktemp("previews") / "touchstone.db"
    shutil.copyfile(filled_file, file)
    files = rules_alone()
    edited = files["b2c.yaml"].replace("at_least: 70", "at_least: 45").replace("at_least: 80", "at_least: 55")
    other = {**files, "b2c.yaml": edited}
    with open_database(f"sqlite:///{file}") as database:
        publish(database, other, "crm-ops", "a try", NOW)
        publish(database, files, "crm-ops", "back", NOW)
        yield load_book(other).revision, database


def asked(tried: tuple[str, Database], query: str = WHOLE, **given: Any) -> Any:
    revision, database = tried
    return Api(database).data(query, revision=revision, **given)["rulebook"]["preview"]


def test_the_preview_is_the_engines(tried: tuple[str, Database]) -> None:
    revision, database = tried
    told = asked(tried)
    with database.read() as session:
        done = preview(session, book_of(session, revision), None, NOW)
        causes = attribute(session, done)
    found = done.comparison
    assert (told["base"], told["candidate"], told["snapshot"]) == (found.live.revision, revision, found.snapshot)
    assert (told["customers"], told["moved"]) == (found.customers, found.moved)
    assert told["moved"] > 3
    assert (told["heldByStability"], told["newlyUnknown"]) == (sum(found.held.values()), found.newly_unknown)
    assert [one["customers"] for one in told["matrix"]] == [cell.customers for cell in found.matrix]
    assert [one["moved"] for one in told["attribution"]] == [one.moved for one in causes.impacts]
    assert sum(one["moved"] for one in told["attribution"]) + told["interaction"] == told["moved"]
    assert [(one["name"], one["market"], one["crossed"]) for one in told["guardrails"]] == [
        ("max_moved", None, True), ("max_moved_down_from.A", "B2B", False), ("max_moved_down_from.A", "B2C", False),
    ]  # fmt: skip
    assert told["guardrails"][0]["place"]["file"] == "rulebook.yaml"
    assert Decimal(told["guardrails"][0]["found"]) == (Decimal(found.moved) / found.customers).quantize(
        Decimal("0.000001")
    )
    assert len(told["scores"]) == 10
    assert {one["campaign"] for one in told["campaigns"]} >= {"win_back", "member_save"}
    assert told["movers"]["totalCount"] == found.moved
    first = told["movers"]["edges"][0]["node"]
    mover = found.movers.at(0)
    assert first["customer"] == {"ref": mover.ref, "market": "B2C"}
    assert first["live"]["tier"]["effective"]["key"] == mover.before
    assert first["candidate"]["tier"]["effective"]["key"] == mover.after
    assert (first["live"]["decision"], first["live"]["change"], first["live"]["dispatches"]) == (None, None, [])
    assert 0 < len(first["live"]["narration"]) < 12
    assert (first["live"]["revision"], first["candidate"]["revision"]) == (found.live.revision, revision)
    (metric,) = first["candidate"]["metrics"]
    assert metric["records"]["edges"]


def test_nothing_slow_is_computed_on_the_event_loop(
    tried: tuple[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bool]] = []

    def watched(name: str, work: Any) -> Any:
        def made(*given: Any, **named: Any) -> Any:
            seen.append((name, asyncio._get_running_loop() is not None))
            return work(*given, **named)

        return made

    counting = ("cells", "bands", "held_by_stability", "newly_unknown", "volumes", "judge", "movers_of", "snapshot_of")
    telling = ("tell_book", "diff_books")
    for module, names in ((report, counting), (rulebooks, telling)):
        for name in names:
            monkeypatch.setattr(module, name, watched(name, getattr(module, name)))
    asked(tried)
    Api(tried[1]).data("query($r: Hash!) { rulebook(revision: $r) { inWords diff { item } } }", r=tried[0])
    assert {name for name, _ in seen} == {*counting, *telling}
    assert [name for name, on_loop in seen if on_loop] == []


def test_movers_come_in_pages_both_ways_and_filtered(tried: tuple[str, Database]) -> None:
    everybody = asked(tried, PAGE, first=100)["movers"]
    rows, number = everybody["edges"], everybody["totalCount"]
    assert len(rows) == number > 4
    forward, cursor = [], None
    while True:
        page = asked(tried, PAGE, first=2, after=cursor)["movers"]
        assert page["pageInfo"]["hasPreviousPage"] == (cursor is not None)
        forward += page["edges"]
        cursor = page["edges"][-1]["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert forward == rows
    assert asked(tried, PAGE, last=2)["movers"]["edges"] == rows[-2:]
    assert asked(tried, PAGE, last=2, before=rows[3]["cursor"])["movers"]["edges"] == rows[1:3]
    ups = asked(tried, PAGE, first=100, **{"from": "C", "to": "B"})["movers"]
    assert (
        ups["totalCount"]
        == len(ups["edges"])
        == sum(
            row["node"]["live"]["tier"]["effective"]["key"] == "C"
            and row["node"]["candidate"]["tier"]["effective"]["key"] == "B"
            for row in rows
        )
    )
    assert asked(tried, PAGE, **{"from": "Z"})["movers"]["totalCount"] == 0


@pytest.mark.parametrize("cursor", ["", "x", "bm9uZQ", "WzEsMiwzXQ", "WzEsIngiXQ", "WzEsMi41XQ", "W3RydWUsMV0"])
def test_a_cursor_of_another_list_is_refused(tried: tuple[str, Database], cursor: str) -> None:
    revision, database = tried
    assert Api(database).codes(PAGE, revision=revision, after=cursor) == ["BAD_CURSOR"]


def test_the_live_book_against_itself_is_empty(api: Api) -> None:
    told = api.data(
        "{ rulebook { preview { moved interaction attribution { moved } movers { totalCount } "
        "matrix { from { key } to { key } customers } } } }",
        Locale.ZH,
    )["rulebook"]["preview"]
    assert (told["moved"], told["interaction"], told["attribution"], told["movers"]["totalCount"]) == (0, 0, [], 0)
    assert all(cell["from"] == cell["to"] for cell in told["matrix"])


def test_an_instant_at_which_nobody_can_be_decided_is_refused(api: Api) -> None:
    query = f'{{ rulebook {{ name preview(asOf: "{LATER.isoformat()}") {{ moved }} }} }}'
    result = api.ask(query)
    assert result.data == {"rulebook": {"name": "customer_value", "preview": None}}
    assert [error.extensions["code"] for error in result.errors or () if error.extensions] == ["BAD_USER_INPUT"]


def test_statements_do_not_grow_with_the_movers_shown(tried: tuple[str, Database]) -> None:
    revision, database = tried
    api = Api(database)
    query = WHOLE.replace("movers(first: 3)", "movers(first: $first)").replace(
        "$revision: Hash!", "$revision: Hash!, $first: Int"
    )
    query = query.replace(" records(first: 2) { edges { cursor } }", "")

    def statements(first: int) -> int:
        api.data(query, revision=revision, first=first)
        with api.statements() as sent:
            api.data(query, revision=revision, first=first)
        return len(sent)

    assert statements(1) == statements(5) <= 60


def test_the_preview_and_aliases_of_it_are_computed_once(tried: tuple[str, Database]) -> None:
    revision, database = tried
    api = Api(database)
    one = "query($revision: Hash!) { rulebook(revision: $revision) { a: preview { moved } } }"
    both = "query($revision: Hash!) { rulebook(revision: $revision) { a: preview { moved } b: preview { customers } } }"
    counts = []
    for query in (one, both):
        api.data(query, revision=revision)
        with api.statements() as sent:
            api.data(query, revision=revision)
        counts.append(len(sent))
    assert counts[0] == counts[1]


def test_a_book_that_is_not_stored_is_previewed_with_its_places_and_records(tried: tuple[str, Database]) -> None:
    """What a checked draft does: the book is handed over as it is, and found again by its revision."""
    import asyncio

    from engine.store.reading import Slice
    from schema.context import Context, Services
    from schema.previewing import movers_page, preview_of

    _, database = tried
    files = {path: body.decode() for path, body in read_rule_folder(ROOT / "rules").items()}
    draft = load_book({**files, "b2c.yaml": files["b2c.yaml"].replace("at_least: 80", "at_least: 61")})

    async def run() -> Any:
        context = Context(Services(database, lambda: NOW, "api"), Locale.EN, "request-of-a-test")

        class Asking:
            def __init__(self) -> None:
                self.context = context

        source = await preview_of(Asking(), draft, None)  # type: ignore[arg-type]
        assert source is not None
        assert (await context.book(draft.revision)) is draft
        return source.done.comparison, movers_page(source.done.comparison.movers, Slice(), NOW)

    found, page = asyncio.run(run())
    assert found.candidate is draft
    assert page.rows


def test_deciding_still_works_after_all_these_questions(tried: tuple[str, Database]) -> None:
    _, database = tried
    report = decide(database, None, NOW, "schedule", NOW)
    assert report.decided > 0
