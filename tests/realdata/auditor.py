"""What an auditor works with: answers of GraphQL alone, and arithmetic of their own on records and rule lines.

Nothing here reads the database or calls the engine. Rule files are read as YAML from the text the API gives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import yaml

Json = dict[str, Any]
STRATUM = (
    "query($market: Market!, $tier: String!, $stage: Stage!) { customers(first: 5, filter: "
    "{market: $market, tier: [$tier], stage: [$stage]}) { edges { node { ref records(first: 1) { totalCount } } } } }"
)
TIERS = "{ rulebook { B2B: tiers(market: B2B) { key } B2C: tiers(market: B2C) { key } } }"
STAGES = '{ __type(name: "Stage") { enumValues { name } } }'
DECISION = """query($ref: Ref!) { customer(ref: $ref) { ref market decision {
  id asOf recordedAt digest revision score documentUrl(locale: EN) replay { identical digest }
  run { id root asOf revision } entry { position kind hash previousHash body subject { id } }
  explanation { score bounds { low high } coverage revision asOf market tier { computed { key } effective { key } }
    criteria { name metric value unit state cause points weight effectiveWeight contribution
               place { file line column } }
    tiers { key place { file line column } gates { name place { file line column } } }
    nextTier { key ways { verified changes { metric to } } } stageRule { name place { file line } }
    churn { status probability asOf model { digest } }
    metrics { name value unit state cause place { file line } inputs { name value }
      records(first: 100) { totalCount edges { contribution node { id } } pageInfo { hasNextPage endCursor } }
    } } } } }"""
RULES = "query($revision: Hash!) { rulebook(revision: $revision) { revision timezone files { path text } } }"
RECORDS = """query($ref: Ref!, $asOf: DateTime!, $known: DateTime!, $after: String) { customer(ref: $ref) {
  records(first: 100, after: $after, kind: [ORDER], to: $asOf, asKnownAt: $known) { totalCount
    edges { node { id occurredAt fields { name value } } } pageInfo { hasNextPage endCursor } } } }"""
BEHIND = """query($ref: Ref!, $name: String!, $after: String) { customer(ref: $ref) { decision { explanation {
  metrics(names: [$name]) { records(first: 100, after: $after) { totalCount
    edges { contribution node { id } } pageInfo { hasNextPage endCursor } } } } } } }"""


@dataclass(frozen=True)
class Api:
    """The API over HTTP, by one connection that stays open."""

    client: httpx.Client

    def data(self, query: str, **variables: Any) -> Json:
        """The data of a document that must not fail; asks again when told that it asks too fast."""
        body = self.client.post("/graphql", json={"query": query, "variables": variables}).json()
        while body.get("errors", [{}])[0].get("extensions", {}).get("code") == "LIMIT_RATE":
            time.sleep(body["errors"][0]["extensions"]["retryAfter"])
            body = self.client.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in body, body
        data: Json = body["data"]
        return data


def pages(api: Api, query: str, at: Sequence[str | int], begun: Json | None = None, **variables: Any) -> list[Json]:
    """All edges of a connection, page by page from the one already there; their number is that of `totalCount`."""
    page = begun or _page(api, query, at, variables)
    edges: list[Json] = list(page["edges"])
    while page["pageInfo"]["hasNextPage"]:
        page = _page(api, query, at, {**variables, "after": page["pageInfo"]["endCursor"]})
        edges += page["edges"]
    assert len(edges) == page["totalCount"]
    return edges


def _page(api: Api, query: str, at: Sequence[str | int], variables: Json) -> Json:
    found: Any = api.data(query, **variables)
    for step in at:
        found = found[step]
    page: Json = found
    return page


def sample(api: Api, number: int) -> tuple[list[str], int]:
    """Customers of every market, tier and stage there are, in turn, those with fewer records first; and the groups."""
    stages = [one["name"] for one in api.data(STAGES)["__type"]["enumValues"]]
    groups = []
    for market, tiers in api.data(TIERS)["rulebook"].items():
        for tier in [*(one["key"] for one in tiers), "UNRATED"]:
            for stage in stages:
                found = api.data(STRATUM, market=market, tier=tier, stage=stage)["customers"]["edges"]
                nodes = sorted((edge["node"] for edge in found), key=lambda one: one["records"]["totalCount"])
                groups += [[one["ref"] for one in nodes]] if nodes else []
    chosen = [group[turn] for turn in range(5) for group in groups if turn < len(group)]
    return chosen[:number], len(groups)


@dataclass(frozen=True)
class Row:
    """A record as the API gives it, with its local day."""

    id: str
    day: date
    fields: Mapping[str, Any]

    @staticmethod
    def of(node: Json, zone: ZoneInfo) -> Row:
        at = datetime.fromisoformat(node["occurredAt"])
        return Row(node["id"], at.astimezone(zone).date(), {one["name"]: one["value"] for one in node["fields"]})


@dataclass(frozen=True)
class RuleText:
    """The files of a revision as text and as YAML."""

    zone: ZoneInfo
    lines: Mapping[str, list[str]]
    files: Mapping[str, Any]

    @staticmethod
    def of(api: Api, revision: str) -> RuleText:
        book = api.data(RULES, revision=revision)["rulebook"]
        assert book["revision"] == revision
        texts = {one["path"]: one["text"] for one in book["files"]}
        files = {path: yaml.safe_load(text) for path, text in texts.items()}
        return RuleText(ZoneInfo(book["timezone"]), {p: text.splitlines() for p, text in texts.items()}, files)

    def opened(self, place: Json) -> str:
        """The line a place opens, from its column on."""
        return self.lines[place["file"]][place["line"] - 1][place.get("column", 1) - 1 :]

    @property
    def metrics(self) -> Mapping[str, Json]:
        declared: Mapping[str, Json] = self.files["metrics.yaml"]["metrics"]
        return declared

    def criterion(self, market: str, name: str) -> Json:
        (found,) = (one for one in self.files[f"{market.lower()}.yaml"]["scorecard"]["criteria"] if one["name"] == name)
        return dict(found)


def selected(rule: Json, rows: Sequence[Row], as_of: date) -> list[Row]:
    """The records a declaration counts: its `where` and its window, a day to a day before the decision's."""
    if "where" in rule:
        field, _, wanted = rule["where"].partition(" == ")
        rows = [row for row in rows if row.fields[field] == wanted.strip("'")]
    if "within" not in rule:
        return list(rows)
    window = rule["within"] if isinstance(rule["within"], dict) else {"days": int(rule["within"].rstrip("d"))}
    end = as_of - timedelta(days=window.get("offset", 0))
    return [row for row in rows if end - timedelta(days=window["days"]) <= row.day < end]


def half_even(value: Fraction | Decimal) -> Decimal:
    """To a whole number."""
    return Decimal(round(Fraction(value)))


def _middle(values: list[int]) -> Decimal:
    ordered, half = sorted(values), len(values) // 2
    two = ordered[half] if len(values) % 2 else Fraction(ordered[half - 1] + ordered[half], 2)
    return half_even(Fraction(two))


def _gaps(rows: Sequence[Row]) -> list[int]:
    days = sorted({row.day for row in rows})
    return [(later - day).days for day, later in pairwise(days)]


TAKES: Mapping[str, Callable[[Sequence[Row], date], Decimal | None]] = {
    "sum(net)": lambda rows, _: sum((Decimal(row.fields["net"]) for row in rows), Decimal(0)),
    "count_distinct(order_no)": lambda rows, _: Decimal(len({row.fields["order_no"] for row in rows})),
    "count_distinct(category)": lambda rows, _: Decimal(len({row.fields["category"] for row in rows})),
    "count_distinct(occurred_at)": lambda rows, _: Decimal(len({row.day for row in rows})),
    "median(quantity)": lambda rows, _: _middle([int(row.fields["quantity"]) for row in rows]),
    "days_since(max(occurred_at))": lambda rows, as_of: Decimal((as_of - max(row.day for row in rows)).days),
    "last_gap(occurred_at)": lambda rows, _: Decimal(_gaps(rows)[-1]) if _gaps(rows) else None,
    "median_gap(occurred_at)": lambda rows, _: _middle(_gaps(rows)) if _gaps(rows) else None,
}


def recomputed(rule: Json, rows: Sequence[Row], as_of: date) -> Decimal | None:
    """What a declaration takes from its records; None: unknown."""
    if not rows:
        return Decimal(rule["empty"]) if "empty" in rule else None
    if len(rows) < rule.get("min_count", 0):
        return None
    return TAKES[rule["take"]](rows, as_of)


Known = Mapping[str, Decimal | None]


def _share(known: Known) -> Decimal | None:
    cancelled, sales = known["cancelled_180d"], known["sales_180d"]
    return None if cancelled is None or not sales else _ratio(float(-cancelled), float(sales))


def _rhythm(known: Known) -> Decimal | None:
    days, usual = known["days_since_purchase"], known["usual_gap_days"]
    return None if days is None else _ratio(float(days), max(60.0 if usual is None else float(usual), 14.0))


def _ratio(one: float, other: float) -> Decimal:
    """A quotient of doubles as it is stored: half to even at a millionth."""
    return half_even(Decimal(one / other * 1_000_000)).scaleb(-6)


EXPRESSIONS: Mapping[str, Callable[[Known], Decimal | None]] = {
    "-cancelled_180d / sales_180d": _share,
    "days_since_purchase / max(usual_gap_days if known(usual_gap_days) else 60, 14)": _rhythm,
}


def points(rule: Json, value: Decimal) -> Decimal:
    """Points of a curve or of bins, half to even at 0.0001."""
    if "bins" in rule:
        edges, given = rule["bins"]["edges"], rule["bins"]["points"]
        return Decimal(str(given[len([edge for edge in edges if Decimal(str(edge)) <= value])]))
    knots = [(Fraction(str(x)), Fraction(str(y))) for x, y in rule["curve"]]
    x = min(max(Fraction(value), knots[0][0]), knots[-1][0])
    for (x0, y0), (x1, y1) in pairwise(knots):
        if x <= x1:
            return half_even((y0 + (y1 - y0) * (x - x0) / (x1 - x0)) * 10_000).scaleb(-4)
    raise AssertionError("clamped before")


def mean(weighted: Sequence[tuple[int, Decimal]]) -> Decimal:
    """The weighted mean of points, half to even at 0.0001."""
    total = sum(weight for weight, _ in weighted)
    whole = Fraction(sum(Fraction(value) * weight for weight, value in weighted), total)
    return half_even(whole * 10_000).scaleb(-4)


def rounded(value: Decimal, places: str) -> Decimal:
    """A decimal as a page writes it."""
    return value.quantize(Decimal(places), ROUND_HALF_EVEN)
