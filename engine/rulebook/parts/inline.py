"""`fixtures:` and `tests:` of a market."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from engine.rulebook.blank import Blank, demand
from engine.rulebook.checks import Expected, InlineTest, PendingState, Score, StateGiven
from engine.rulebook.desk import Desk
from engine.rulebook.keys import Keys
from engine.rulebook.names import Names
from engine.rulebook.strict import Entry, Node, Scalar, Table
from engine.vocabulary import POINTS_SCALE, UNRATED, HoldCause, Market, Phase, Risk, Stage, Text

T = TypeVar("T")
_GIVEN: Final = Text("given", "已知条件")
_NEVER: Final = ((">", 100 * POINTS_SCALE), ("<", 0))
_RISK: Final = Text("risk band", "风险档")
_SCORE: Final = re.compile(r"(==|!=|<=|>=|<|>)?\s*((?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,4})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Referred:
    """Names that tests of one market may refer to; None: where they are given cannot be read, and none is refused.

    Attributes:
        stages, phases, risks: What a decision of this market can give.
    """

    market: Market
    tiers: Names
    reasons: Names
    force: tuple[str, ...]
    campaigns: tuple[str, ...] | None
    tags: tuple[str, ...] | None
    consents: tuple[str, ...] | None
    stages: tuple[str, ...] | None
    phases: tuple[str, ...] | None
    risks: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Fixture:
    """A named customer that tests start from.

    Attributes:
        given: Stored value by metric.
        state: What is written of the state, by key.
        dated: It says an `as_of`, readable or not.
        named: Metrics it is given, those whose value or declaration cannot be read among them.
    """

    as_of: date | None
    given: Mapping[str, int | str]
    state: Mapping[str, Entry]
    dated: bool = False
    named: frozenset[str] = frozenset()


_NOBODY: Final = Fixture(None, {}, {})


def read_fixtures(node: Node, referred: Referred, desk: Desk) -> dict[str, Fixture]:
    """Read the named customers that tests may start from; each may start from one above it."""
    names = Names(Text("fixture", "样例"), desk.findings)
    found: dict[str, Fixture] = {}
    for entry in desk.values.entries(node, Text("the fixtures", "样例清单")).values():
        name = names.new(entry.key)
        keys = desk.keys(entry.value, Text("a fixture", "样例"))
        fixture = _start(keys, Text("earlier fixture", "在前的样例"), found, desk)
        _state(_all_of_state(keys, fixture), referred, desk, whole=False)
        keys.done()
        if name is not None:
            found[name] = fixture
    return found


def read_tests(node: Node, fixtures: Mapping[str, Fixture], referred: Referred, desk: Desk) -> tuple[InlineTest, ...]:
    """Read the inline tests; a broken test is an error of the book."""
    names: set[str] = set()
    found: list[InlineTest] = []
    for item in desk.values.items(node, "tests"):
        keys = desk.keys(item, Text("a test", "测试"))
        name = keys.need("name", desk.values.text)
        start = _start(keys, Text("fixture", "样例"), fixtures, desk)
        if not start.dated:
            keys.miss("as_of")
        demand(item, anyOf=[{"required": ["as_of"]}, {"required": ["like"]}])
        state = _state(_all_of_state(keys, start), referred, desk)
        expect = keys.need("expect", lambda node: _expected(node, referred, desk))
        keys.done()
        if name in names:
            kind = Text("test", "测试")
            line = next(test.place.line for test in found if test.name == name)
            desk.findings.add("repeated_name", keys.place, kind=kind, name=name, line=line)
        elif name and start.as_of and expect:
            names.add(name)
            found.append(InlineTest(name, referred.market, start.as_of, start.given, state, expect, keys.place))
    return tuple(found)


def _start(keys: Keys, kind: Text, fixtures: Mapping[str, Fixture], desk: Desk) -> Fixture:
    """What a test or fixture says about its customer, on top of the fixture it is `like`."""
    like = keys.seek("like", desk.values.known(kind, fixtures))
    ground = fixtures.get(like, _NOBODY) if like is not None else _NOBODY
    without = keys.node("without")
    left = desk.values.known(Text("metric in that fixture", "该样例中的指标"), sorted(ground.named))
    gone = _listed(without, "without", left, desk) if without is not None else ()
    as_of = keys.seek("as_of", desk.values.date)
    given = keys.want("given", lambda node: _given(node, desk), dict[str, int | str]())
    written = keys.node("given")
    named = (ground.named - set(gone)) | set(written.entries if isinstance(written, Table) else ())
    state = keys.node("state")
    read = state is not None and not isinstance(state, Blank)
    entries = desk.values.entries(state, Text("a test's state", "测试的状态")) if read and state else {}
    kept = {name: value for name, value in ground.given.items() if name not in gone}
    dated = ground.dated or keys.has("as_of")
    return Fixture(as_of or ground.as_of, {**kept, **given}, {**ground.state, **entries}, dated, named)


def _all_of_state(keys: Keys, start: Fixture) -> Node:
    """The state with what the fixture says of it, as one mapping."""
    written = keys.node("state")
    if isinstance(written, Blank):
        return written
    return Table(start.state, keys.place if written is None else written.place)


def _given(node: Node, desk: Desk) -> dict[str, int | str]:
    """Stored values by metric."""
    found: dict[str, int | str] = {}
    if isinstance(node, Blank):
        for name, metric in desk.scope.items():
            desk.stored(metric.unit, metric.values)(node.below(name))
        node.owners.append(_GIVEN)
        return found
    for name, entry in desk.values.entries(node, _GIVEN).items():
        declared = desk.scope.get(name)
        if declared is None:
            if name not in desk.doubtful and not desk.metrics_unread:
                hint, kind = desk.findings.suggestion(name, desk.scope), Text("metric", "指标")
                desk.findings.add("unknown_name", entry.key.place, kind=kind, name=name, hint=hint)
            continue
        value = desk.stored(declared.unit, declared.values)(entry.value)
        if value is not None:
            found[name] = value
    return found


def _state(node: Node, referred: Referred, desk: Desk, *, whole: bool = True) -> StateGiven:
    """The state a test starts from.

    Args:
        whole: Nothing comes on top of it.
    """
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
    if whole and state.tier is not None and state.since is None and not keys.has("since"):
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
        stage=keys.seek("stage", _given_by(Text("stage", "阶段"), Stage, referred.stages, desk)),
        phase=keys.seek("phase", _given_by(Text("phase", "时期"), Phase, referred.phases, desk)),
        risk=keys.seek("risk", lambda node: _or_null(node, _given_by(_RISK, Risk, referred.risks, desk))),
        reasons=keys.want("reasons", lambda node: _listed(node, "reasons", referred.reasons.known, desk), ()),
        campaigns=keys.want("campaigns", lambda node: _listed(node, "campaigns", campaign, desk), ()),
        tags=keys.want("tags", lambda node: _listed(node, "tags", tag, desk), ()),
        held_by=keys.seek("held_by", lambda node: _or_null(node, values.choice(tuple(HoldCause)))),
        forced=keys.seek("forced", lambda node: _or_null(node, forced)),
        provisional=keys.seek("provisional", values.truth),
    )
    demand(node, minProperties=1)
    if keys.readable and not expected.keys:
        desk.findings.add("empty_list", keys.place, key="expect")
    keys.done()
    return expected


def _given_by(
    kind: Text, words: Iterable[str], given: tuple[str, ...] | None, desk: Desk
) -> Callable[[Node], str | None]:
    """One of some words, and one that this book gives: a test that expects another could never pass."""

    def read(node: Node) -> str | None:
        text = desk.values.choice(words)(node)
        if text is not None and given is not None and text not in given:
            desk.findings.add(
                "never_given", node.place, kind=kind, text=text, hint=desk.findings.suggestion(text, given)
            )
            return None
        return text

    return read


def _or_null(node: Node, read: Callable[[Node], T | None]) -> T | None:
    """A value, or the word `null`, which says that there is none."""
    if isinstance(node, Blank):
        node.note({"type": "null"})
    return None if isinstance(node, Scalar) and node.value is None else read(node)


def _listed(node: Node, key: str, read: Callable[[Node], str | None], desk: Desk) -> tuple[str, ...]:
    """The readable items of a list of names."""
    found = [read(item) for item in desk.values.items(node, key)]
    return tuple(item for item in found if item is not None)


def _score(node: Node, desk: Desk) -> Score | None:
    """`75`, or a comparison such as `">= 75"`."""
    if isinstance(node, Blank):
        node.note({"type": "number", "minimum": 0, "maximum": 100})
        node.note({"type": "string", "pattern": f"^(?:{_SCORE.pattern})$"})
    scalar = desk.values.scalar(node, "want_number")
    if scalar is None:
        return None
    found = _SCORE.fullmatch(scalar.text)
    if not found or Decimal(found[2]) > 100:
        desk.findings.add("comparison", scalar.place, text=scalar.text)
        return None
    score = Score(found[1] or "==", int(Decimal(found[2]) * POINTS_SCALE))
    if (score.operator, score.points) in _NEVER:
        desk.findings.add("never_true", scalar.place, text=scalar.text)
        return None
    return score
