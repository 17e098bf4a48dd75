"""Revisions of the rules stay what they were: newer checks, or a reader that lost one, change no decision of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from engine.errors import Place, Problem, RevisionUnreadableError, RuleBookError
from engine.operations import linking, publishing
from engine.operations.explaining import explain_decision
from engine.operations.publishing import book_of, live_change, publish
from engine.operations.replaying import replay
from engine.rulebook import Book, load_published
from engine.store import Database
from engine.vocabulary import Text
from tests.operations.approved import back_again
from tests.operations.checks import check_everything
from tests.operations.shop import day, decide_at, decision_of, rules, standings

SOMEBODY = "shop:P-0001"
WITHOUT_TYPE = "  visits: {from: interactions, take: count()}\n"


@pytest.fixture(autouse=True)
def _linked_anew() -> Iterator[None]:
    linking.linked.cache_clear()
    yield
    linking.linked.cache_clear()


def _live(database: Database) -> str:
    with database.read() as session:
        change = live_change(session)
        assert change is not None
        return change.revision


def test_a_revision_that_newer_checks_refuse_decides_and_replays(
    shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide_at(shop, 0)
    files = rules()
    files["metrics.yaml"] += WITHOUT_TYPE
    with monkeypatch.context() as earlier:  # publishing as it checked then
        earlier.setattr(publishing, "load_book", load_published)
        revision = publish(shop, files, "crm-ops", "visits", day(1)).revision
    before = {ref: row.computed for ref, row in standings(shop).items()}
    assert decide_at(shop, 2).revision == revision
    assert {ref: row.computed for ref, row in standings(shop).items()} == before
    check_everything(shop)
    with shop.read() as session:
        assert explain_decision(session, decision_of(shop, SOMEBODY)).explained.revision == revision
        assert replay(session).different == []
    for again in (
        lambda: publish(shop, {**files, "b2c.yaml": files["b2c.yaml"] + "# more\n"}, "crm-ops", "again", day(3)),
        lambda: back_again(shop, revision, "again", day(3)),
    ):
        with pytest.raises(RuleBookError, match="1 error"):
            again()


@pytest.fixture
def lost(shop: Database, monkeypatch: pytest.MonkeyPatch) -> str:
    """The live revision after two runs, which the reader does not understand any more; run 2 decided by it."""
    decide_at(shop, 0)
    files = rules(b2c=("at_least: 70", "at_least: 71"))
    revision = publish(shop, files, "crm-ops", "stricter", day(1)).revision
    decide_at(shop, 2)

    def reader(given: Mapping[str, bytes | str]) -> Book:
        if "at_least: 71" in str(given["b2c.yaml"]):
            place = Place("b2c.yaml", 9, 5)
            raise RuleBookError([Problem("RULE_VALUE", Text("Not 71.", "不能是 71。"), place, Text(""))])
        return load_published(given)

    monkeypatch.setattr(linking, "load_published", reader)
    linking.linked.cache_clear()
    return revision


def test_a_revision_that_cannot_be_read_is_told_by_its_name(shop: Database, lost: str) -> None:
    first, second = decision_of(shop, SOMEBODY, 0), decision_of(shop, SOMEBODY, 2)
    with shop.read() as session:
        assert explain_decision(session, first).explained.revision != lost
        for question in (lambda: explain_decision(session, second), lambda: book_of(session, lost)):
            with pytest.raises(RevisionUnreadableError, match=lost) as refused:
                question()
            assert refused.value.code == "REVISION_UNREADABLE"
            assert "b2c.yaml:9:5: Not 71." in refused.value.message.en
            assert lost in refused.value.message.zh
    with pytest.raises(RevisionUnreadableError, match=lost):
        decide_at(shop, 3)


def test_publishing_is_the_way_out_and_later_decisions_are_explained(shop: Database, lost: str) -> None:
    done = publish(shop, rules(b2c=("at_least: 70", "at_least: 72")), "crm-ops", "read again", day(4))
    assert (done.changed, done.edits, _live(shop)) == (True, (), done.revision)
    with shop.read() as session:
        live = live_change(session)
        assert live is not None
        assert live.bootstrap  # nobody could be asked for an approval: flagged like a first revision
    decide_at(shop, 5)
    with shop.read() as session:
        answer = explain_decision(session, decision_of(shop, SOMEBODY))
    assert answer.explained.revision == done.revision
    assert answer.change is not None
    assert (answer.change.delta, answer.change.parts) == (None, ())
