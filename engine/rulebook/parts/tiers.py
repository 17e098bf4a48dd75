"""`tiers:`, `force:`, `stability:` and `risk:` of a market."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from engine.errors import Place, Severity
from engine.rulebook.blank import Blank, demand
from engine.rulebook.book import Force, Gate, RiskBands, Stability, Tier
from engine.rulebook.desk import Desk
from engine.rulebook.keys import Keys
from engine.rulebook.names import Names
from engine.rulebook.parts.scorecards import scored_metric
from engine.rulebook.strict import Broken, Entry, Node, Scalar, Series, Table
from engine.rulebook.strict.limits import LIMITS
from engine.vocabulary import POINTS_SCALE, UNRATED, Risk, Text, Unit

ON_UNKNOWN: Final = ("hold", "pass", "fail")
_STEPS: Final = ("one_step", "immediate")


def tier_keys(node: Node) -> tuple[str, ...] | None:
    """The tier keys of a market file before it is read in earnest; None when they cannot be found."""
    entry = node.entries.get("tiers") if isinstance(node, Table) else None
    if entry is None or not isinstance(entry.value, Series):
        return None
    written = [item.entries.get("key") if isinstance(item, Table) else None for item in entry.value.items]
    keys = [entry.value.text if entry and isinstance(entry.value, Scalar) else None for entry in written]
    return None if None in keys else tuple(key for key in keys if key is not None)


def read_tiers(node: Node, names: Names, desk: Desk) -> tuple[Tier, ...]:
    """Read the tiers, best first."""
    items = desk.values.items(node, "tiers")
    demand(node, minItems=1)
    if not items and isinstance(node, Series):
        desk.findings.add("empty_list", node.place, key="tiers")
    if len(items) > LIMITS.tiers:
        desk.findings.add("too_many_tiers", items[LIMITS.tiers].place, limit=LIMITS.tiers)
        return ()
    tiers: list[Tier] = []
    broken = any(isinstance(item, Broken) for item in items)
    for index, item in enumerate(items):
        keys = desk.keys(item, Text("a tier", "等级"))
        tier = _tier(keys, names, desk)
        if tier is not None and not broken:
            _check_order(keys, tier, index == len(items) - 1, tiers, desk)
        if tier is not None:
            tiers.append(tier)
    return tuple(tiers)


def _tier(keys: Keys, names: Names, desk: Desk) -> Tier | None:
    key = keys.need("key", names.new_key)
    demand(keys.node("key"), **{"not": {"enum": [UNRATED]}})
    if key == UNRATED:
        desk.findings.add("reserved", keys.place, text=key)
    at_least = keys.seek("at_least", desk.values.points)
    title = keys.seek("title", desk.title)
    gates = _gates(keys, desk)
    or_when = keys.seek("or_when", lambda written: _or_when(written, desk))
    keys.done()
    if key is None:
        return None
    return Tier(key, at_least, gates, or_when, title or Text(key), keys.place)


def _check_order(keys: Keys, tier: Tier, last: bool, above: Sequence[Tier], desk: Desk) -> None:
    """`at_least` falls from tier to tier; the last has none, nor any condition."""
    if last:
        for extra in ("at_least", "gates", "or_when"):
            if keys.has(extra):
                desk.findings.add("tier_last", keys.key_place(extra), key=extra)
    elif keys.mistyped("at_least"):
        return
    elif not keys.has("at_least"):
        desk.findings.add("tier_not_last", keys.place, key=tier.key)
    elif tier.at_least is not None:
        _check_falling(keys.key_place("at_least"), tier, above, desk)


def _check_falling(place: Place, tier: Tier, above: Sequence[Tier], desk: Desk) -> None:
    """A better tier that asks for no more leaves this one out of reach, unless it has gates: then that is only odd."""
    for better in reversed(above):
        if better.at_least is None or tier.at_least is None or tier.at_least < better.at_least:
            continue
        severity = Severity.WARNING if better.gates else Severity.ERROR
        text, least = _points(tier.at_least), _points(better.at_least)
        desk.findings.add(
            "tier_order", place, severity=severity, key=tier.key, text=text, better=better.key, above=least
        )
        return


def _points(stored: int) -> str:
    return f"{Decimal(stored) / POINTS_SCALE:f}"


def _gates(keys: Keys, desk: Desk) -> tuple[Gate, ...]:
    node = keys.node("gates")
    if node is None:
        return ()
    names = Names(Text("gate", "门槛"), desk.findings)
    gates = [_gate(item, names, desk) for item in desk.values.items(node, "gates")]
    return tuple(gate for gate in gates if gate)


def _gate(node: Node, names: Names, desk: Desk) -> Gate | None:
    keys = desk.keys(node, Text("a gate", "门槛"))
    name = keys.need("name", names.new)
    when = keys.need("when", desk.condition(desk.gate_scope()))
    on_unknown = keys.want("on_unknown", desk.values.choice(ON_UNKNOWN), "hold")
    title = keys.seek("title", desk.title)
    keys.done()
    return Gate(name, when, on_unknown, keys.place, title or Text(name)) if name and when else None


def _or_when(node: Node, desk: Desk) -> Gate | None:
    """A condition, or `{when, on_unknown}`."""
    condition = desk.condition(desk.gate_scope())
    if not isinstance(node, Table):
        when = condition(node)
    if not isinstance(node, Table | Blank):
        return Gate("or_when", when, "hold", node.place, Text("or_when")) if when else None
    keys = desk.keys(node, Text("or_when", "or_when"))
    when = keys.need("when", condition)
    on_unknown = keys.want("on_unknown", desk.values.choice(ON_UNKNOWN), "hold")
    title = keys.seek("title", desk.title)
    keys.done()
    return Gate("or_when", when, on_unknown, keys.place, title or Text("or_when")) if when else None


def read_force(node: Node, names: Names, tiers: Names, reasons: Names, desk: Desk) -> tuple[Force, ...]:
    """Read the rules that decide a tier outright, in order."""
    found = []
    for item in desk.values.items(node, "force"):
        keys = desk.keys(item, Text("a force rule", "强制规则"))
        name = keys.need("name", names.new)
        when = keys.need("when", desk.condition(desk.scope))
        on_unknown = keys.want("on_unknown", desk.values.choice(ON_UNKNOWN), "hold")
        tier = keys.need("tier", tiers.known)
        reason = keys.seek("reason", reasons.known)
        title = keys.seek("title", desk.title)
        keys.done()
        if name and when and tier:
            found.append(Force(name, when, on_unknown, tier, reason, keys.place, title or Text(name)))
    return tuple(found)


def read_stability(node: Node, desk: Desk) -> Stability:
    """Read how reluctantly tiers move."""
    values = desk.values
    keys = desk.keys(node, Text("stability", "稳定性"))
    stability = Stability(
        exit_margin=keys.want("exit_margin", values.points, 0),
        grace_days=keys.want("grace", values.days, 0),
        min_dwell_days=keys.want("min_dwell", values.days, 0),
        down=keys.want("down", values.choice(_STEPS), "immediate"),
        up=keys.want("up", values.choice(_STEPS), "immediate"),
        confirm=keys.want("confirm", values.whole(0, 100), 0),
    )
    keys.done()
    return stability


def read_risk(node: Node, desk: Desk) -> RiskBands | None:
    """Read the bands of the churn probability."""
    owner = Text("risk", "流失风险")
    keys = desk.keys(node, owner)
    metric = keys.need("metric", lambda written: scored_metric(written, owner, desk))
    bands = keys.need("bands", lambda written: desk.values.entries(written, owner))
    demand(keys.node("bands"), minProperties=1)
    keys.done()
    if metric is not None and metric.unit is not Unit.PROBABILITY:
        needed = Text("a probability", "概率")
        place = keys.key_place("metric")
        desk.findings.add("unit_of", place, what=owner, needed=needed, name=metric.name, unit=metric.unit.value)
        return None
    edges = _edges(bands or {}, desk)
    if bands is None:
        return None
    if not bands and isinstance(node, Table) and isinstance(node.entries["bands"].value, Table):
        desk.findings.add("empty_list", keys.key_place("bands"), key="bands")
    return RiskBands(metric.name, tuple(edges), tuple(edges.values()), keys.place) if metric and edges else None


def _edges(bands: dict[str, Entry], desk: Desk) -> dict[str, int]:
    """Lower edges by band, in rising order of both."""
    edges: dict[str, int] = {}
    last = -1
    known = desk.values.known(Text("risk band", "风险档"), tuple(Risk))
    read = desk.amount(Unit.PROBABILITY)
    for key, entry in bands.items():
        band, edge = known(entry.key), read(entry.value)
        if band is None or edge is None:
            continue
        rank = list(Risk).index(Risk(band))
        if not edges and edge != 0:
            desk.findings.add("band_first", entry.value.place)
        if rank <= last or (edges and edge <= max(edges.values())):
            desk.findings.add("band_order", entry.key.place, key=key)
        last = max(last, rank)
        edges[band] = edge
    return edges
