"""What would change a tier, asked for in GraphQL: the way up with what stands in it, the way down, time alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.schema.conftest import Api

NEXT = (
    "{ key title attainable reachable ways { text verified changes { metric from to } } "
    "blockedBy { name remedy place { line } } }"
)
QUERY = (
    "query($said: Locale) { customers(first: 12) { edges { node { explanation { score tier { computed { key } } "
    f"nextTier {NEXT} lossOfTier {NEXT} timeAlone {{ at tier {{ key }} text(locale: $said) }} }} }} }} }} }}"
)


def explained(api: Api, locale: str) -> list[dict[str, Any]]:
    edges = api.data(QUERY, said=locale)["customers"]["edges"]
    return [told for edge in edges if (told := edge["node"]["explanation"]) is not None]


def test_ways_lie_between_the_worst_and_the_best_score(api: Api) -> None:
    losses = 0
    reachable = set()
    for told in explained(api, "EN"):
        for way in (told["lossOfTier"], told["nextTier"]):
            if way is not None:
                reachable.add(way["reachable"])
                assert way["reachable"] or not way["ways"]
        loss, following = told["lossOfTier"], told["nextTier"]
        if told["score"] is None:
            continue
        if following is not None:
            assert Decimal(following["attainable"]) >= Decimal(told["score"])
            assert all(one["remedy"] for one in following["blockedBy"])
        if loss is not None:
            losses += 1
            assert Decimal(loss["attainable"]) <= Decimal(told["score"])
            assert loss["blockedBy"] == []
            assert all(way["verified"] for way in loss["ways"])
            assert loss["key"] != told["tier"]["computed"]["key"]
    assert losses
    assert reachable == {False, True}


def test_time_alone_is_told_in_both_languages(api: Api) -> None:
    english, chinese = ([told["timeAlone"] for told in explained(api, locale)] for locale in ("EN", "ZH"))
    assert any(english)
    for en, zh in zip(english, chinese, strict=True):
        if en is None:
            assert zh is None
            continue
        assert f"the tier becomes {en['tier']['key']} on {en['at']}" in en["text"]
        assert f"等级将于 {zh['at']} 变为 {zh['tier']['key']}" in zh["text"]
