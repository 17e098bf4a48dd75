"""`tests:` and `invariants:` of a market."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from engine.rulebook.checks import (
    Expected,
    InlineTest,
    Invariant,
    NeverLowers,
    PendingState,
    Score,
    ShareBetween,
    StateGiven,
)
from engine.rulebook.desk import Desk
from engine.rulebook.names import Names
from engine.rulebook.parts.scorecards import scored_metric_named
from engine.rulebook.strict import Node, Scalar, Table
from engine.rulebook.strict.findings import suggestion
from engine.vocabulary import POINTS_SCALE, SHARE_SCALE, UNRATED, HoldCause, Market, Phase, Risk, Stage, Text

T = TypeVar("T")
_NUMBER: Final = r"((?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,4})?)"
_SCORE: Final = re.compile(rf"(==|!=|<=|>=|<|>)?\s*{_NUMBER}", re.ASCII)
_MORE: Final = re.compile(r"(more|less) ([a-z][a-z0-9_]*) never lowers the tier", re.ASCII)
_SHARE: Final = re.compile(rf"share\(([A-Za-z][A-Za-z0-9_]*)\) between {_NUMBER}% and {_NUMBER}%", re.ASCII)


@dataclass(frozen=True, slots=True)
class Referred:
    """Names that tests of one market may refer to."""

    market: Market
    tiers: Names
    reasons: Names
    force: tuple[str, ...]
    campaigns: tuple[str, ...]
    tags: tuple[str, ...]
    consents: tuple[str, ...]


def read_tests(node: Node, referred: Referred, desk: Desk) -> tuple[InlineTest, ...]:
    """Read the inline tests; a broken test is an error of the book."""
    names: set[str] = set()
    found: list[InlineTest] = []
    nothing: dict[str, int | str] = {}
    for item in desk.values.items(node, "tests"):
        keys = desk.keys(item, Text("a test", "测试"))
        name = keys.need("name", desk.values.text)
        as_of = keys.need("as_of", desk.values.date)
        given = keys.want("given", lambda node: _given(node, desk), nothing)
        state = keys.want("state", lambda node: _state(node, referred, desk), StateGiven())
        expect = keys.need("expect", lambda node: _expected(node, referred, desk))
        keys.done()
        if name in names:
            kind = Text("test", "测试")
            line = next(test.place.line for test in found if test.name == name)
            desk.findings.add("repeated_name", keys.place, kind=kind, name=name, line=line)
        elif name and as_of and expect:
            names.add(name)
            found.append(InlineTest(name, referred.market, as_of, given, state, expect, keys.place))
    return tuple(found)


def _given(node: Node, desk: Desk) -> dict[str, int | str]:
    """Stored values by metric."""
    found: dict[str, int | str] = {}
    for name, entry in desk.values.entries(node, Text("given", "已知条件")).items():
        declared = desk.scope.get(name)
        if declared is None:
            if name not in desk.doubtful and not desk.metrics_unread:
                hint, kind = suggestion(name, desk.scope), Text("metric", "指标")
                desk.findings.add("unknown_name", entry.key.place, kind=kind, name=name, hint=hint)
            continue
        value = desk.stored(declared.unit, declared.values)(entry.value)
        if value is not None:
            found[name] = value
    return found


def _state(node: Node, referred: Referred, desk: Desk) -> StateGiven:
    values = desk.values
    keys = desk.keys(node, Text("a test's state", "测试的状态"))
    pending = keys.node("pending")
    contact = keys.node("last_contact")
    consents = keys.node("consents")
    known_consent = values.known(Text("consent purpose", "同意用途"), referred.consents)
    state = StateGiven(
        tier=keys.seek("tier", referred.tiers.known),
        since=keys.seek("since", values.date),
        provisional=keys.want("provisional", values.truth, False),
        stage=keys.seek("stage", values.choice(tuple(Stage))),
        forced=keys.seek("forced", values.known(Text("force rule", "强制规则"), referred.force)),
        override=keys.seek("override", referred.tiers.known),
        pending=_pending(pending, referred, desk) if pending is not None else None,
        consents=_listed(consents, "consents", known_consent, desk) if consents is not None else None,
        last_contact=_contacts(contact, referred, desk) if contact is not None else None,
        contacts=keys.want("contacts", values.whole(0, 10_000), 0),
    )
    keys.done()
    if state.tier is not None and state.since is None and not keys.has("since"):
        desk.findings.add("missing_key", keys.place, owner=keys.owner, key="since")
    return state


def _pending(node: Node, referred: Referred, desk: Desk) -> PendingState | None:
    keys = desk.keys(node, Text("a pending move", "待定变动"))
    direction = keys.need("direction", desk.values.choice(("down", "up")))
    to = keys.need("to", referred.tiers.known)
    since = keys.need("since", desk.values.date)
    last = keys.seek("last", desk.values.date)
    dates = keys.want("dates", desk.values.whole(1, 10_000), 1)
    keys.done()
    return PendingState(direction, to, since, last or since, dates) if direction and to and since else None


def _contacts(node: Node, referred: Referred, desk: Desk) -> Mapping[str, date]:
    found = {}
    known = desk.values.known(Text("campaign", "活动"), referred.campaigns)
    for entry in desk.values.entries(node, Text("last_contact", "最近触达")).values():
        name, day = known(entry.key), desk.values.date(entry.value)
        if name and day:
            found[name] = day
    return found


def _expected(node: Node, referred: Referred, desk: Desk) -> Expected:
    values = desk.values
    keys = desk.keys(node, Text("a test's expect", "测试的预期"))
    with_unrated = (*referred.tiers.given, UNRATED)
    tier = values.known(Text("tier", "等级"), with_unrated)
    forced = values.known(Text("force rule", "强制规则"), referred.force)
    campaign = values.known(Text("campaign", "活动"), referred.campaigns)
    tag = values.known(Text("tag", "标签"), referred.tags)
    expected = Expected(
        keys=tuple(node.entries) if isinstance(node, Table) else (),
        tier=keys.seek("tier", tier),
        computed=keys.seek("computed", tier),
        score=keys.seek("score", lambda node: _or_null(node, lambda one: _score(one, desk))),
        stage=keys.seek("stage", values.choice(tuple(Stage))),
        phase=keys.seek("phase", values.choice(tuple(Phase))),
        risk=keys.seek("risk", lambda node: _or_null(node, values.choice(tuple(Risk)))),
        reasons=keys.want("reasons", lambda node: _listed(node, "reasons", referred.reasons.known, desk), ()),
        campaigns=keys.want("campaigns", lambda node: _listed(node, "campaigns", campaign, desk), ()),
        tags=keys.want("tags", lambda node: _listed(node, "tags", tag, desk), ()),
        held_by=keys.seek("held_by", lambda node: _or_null(node, values.choice(tuple(HoldCause)))),
        forced=keys.seek("forced", lambda node: _or_null(node, forced)),
        provisional=keys.seek("provisional", values.truth),
    )
    if keys.readable and not expected.keys:
        desk.findings.add("empty_list", keys.place, key="expect")
    keys.done()
    return expected


def _or_null(node: Node, read: Callable[[Node], T | None]) -> T | None:
    """A value, or the word `null`, which says that there is none."""
    return None if isinstance(node, Scalar) and node.value is None else read(node)


def _listed(node: Node, key: str, read: Callable[[Node], str | None], desk: Desk) -> tuple[str, ...]:
    """The readable items of a list of names."""
    found = [read(item) for item in desk.values.items(node, key)]
    return tuple(item for item in found if item is not None)


def _score(node: Node, desk: Desk) -> Score | None:
    """`75`, or a comparison such as `">= 75"`."""
    scalar = desk.values.scalar(node, "want_number")
    if scalar is None:
        return None
    found = _SCORE.fullmatch(scalar.text)
    if not found or Decimal(found[2]) > 100:
        desk.findings.add("comparison", scalar.place, text=scalar.text)
        return None
    return Score(found[1] or "==", int(Decimal(found[2]) * POINTS_SCALE))


def read_invariants(node: Node, market: Market, tiers: Names, desk: Desk) -> tuple[Invariant, ...]:
    """Read the sentences that must always hold."""
    found: list[Invariant] = []
    for item in desk.values.items(node, "invariants"):
        scalar = desk.values.scalar(item)
        if scalar is None:
            continue
        invariant = _invariant(scalar, market, tiers, desk)
        if invariant is not None:
            found.append(invariant)
    return tuple(found)


def _invariant(scalar: Scalar, market: Market, tiers: Names, desk: Desk) -> Invariant | None:
    text = " ".join(scalar.text.split())
    more, share = _MORE.fullmatch(text), _SHARE.fullmatch(text)
    if more:
        metric = scored_metric_named(more[2], scalar, desk)
        return NeverLowers(market, more[2], more[1] == "more", text, scalar.place) if metric else None
    if not share:
        desk.findings.add("invariant", scalar.place, text=scalar.text)
        return None
    low, high = (int(Decimal(share[index]) * (SHARE_SCALE // 100)) for index in (2, 3))
    if low > high or high > SHARE_SCALE:
        desk.findings.add("out_of_range", scalar.place, text=f"{share[3]}%", low=f"{share[2]}%", high="100%")
        return None
    if share[1] not in tiers:
        hint, kind = suggestion(share[1], tiers.given), Text("tier", "等级")
        place = scalar.origin(scalar.text.find(share[1], scalar.text.find("(")))
        desk.findings.add("unknown_name", place, kind=kind, name=share[1], hint=hint)
        return None
    return ShareBetween(market, share[1], low, high, text, scalar.place)
