"""`scorecard:` of a market: criteria that lower themselves to curves and bins."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from engine.errors import Place
from engine.expressions.tree import Bins, Curve, Name
from engine.metrics.declaration import Metric
from engine.rulebook.blank import Blank, demand
from engine.rulebook.desk import Desk
from engine.rulebook.keys import Keys
from engine.rulebook.names import Names
from engine.rulebook.strict import Broken, Node, Scalar, Series, Table
from engine.scoring.model import Criterion, MissingPolicy, Scorecard
from engine.vocabulary import Text, Unit

_SPAN: Final = 2**62
_OWNER: Final = Text("a criterion", "评分项")
_SCORED: Final = "scored metric"
UNSCORED: Final = (Unit.BOOL, Unit.TEXT, Unit.DATE)
"""Types that cannot earn points."""


def read_scorecard(node: Node, reasons: Names, desk: Desk) -> Scorecard:
    """Read a scorecard; criteria with problems are left out (and reported)."""
    keys = desk.keys(node, Text("a scorecard", "评分卡"))
    missing = keys.node("missing")
    default, known = _missing(missing, desk) if missing is not None else (MissingPolicy.RENORMALISE, 0)
    items = keys.need("criteria", lambda written: desk.values.items(written, "criteria"))
    keys.done()
    if items == () and _is_list(node, "criteria"):
        desk.findings.add("weights", keys.key_place("criteria"))
    names = Names(Text("criterion", "评分项"), desk.findings)
    criteria = [_criterion(item, default, names, reasons, desk) for item in items or ()]
    return Scorecard(tuple(found for found in criteria if found), known, keys.place)


def _is_list(node: Node, key: str) -> bool:
    return isinstance(node, Table) and isinstance(node.entries[key].value, Series)


def _missing(node: Node, desk: Desk) -> tuple[MissingPolicy, int]:
    keys = desk.keys(node, Text("missing", "缺失处理"))
    default = keys.want("default", desk.values.choice(tuple(MissingPolicy)), "renormalise")
    known = keys.want("min_known_weight", desk.values.whole(0, 100), 0)
    keys.done()
    return MissingPolicy(default), known


def _criterion(node: Node, default: MissingPolicy, names: Names, reasons: Names, desk: Desk) -> Criterion | None:
    keys = desk.keys(node, _OWNER)
    name = keys.need("name", names.new)
    metric = keys.need("metric", lambda written: scored_metric(written, _OWNER, desk))
    weight = keys.need("weight", desk.values.whole(1, 1_000_000))
    points = _points(keys, metric, desk)
    policy = keys.want("missing", desk.values.choice(tuple(MissingPolicy)), default.value)
    reason = keys.seek("reason", reasons.known)
    title = keys.seek("title", desk.title)
    keys.done()
    if name is None or metric is None or weight is None or points is None:
        return None
    shown = title or (metric.title if metric.title.zh else Text(name))
    return Criterion(name, metric.name, weight, points, MissingPolicy(policy), reason, shown, keys.place)


def scored_metric(node: Node, owner: Text, desk: Desk) -> Metric | None:
    """A metric with a numeric value; None after a report, or when its own declaration has problems."""
    if isinstance(node, Blank):
        return desk.metrics.get(node.note({"names": _SCORED}) or "")
    name = desk.values.text(node)
    if name is None:
        return None
    metric = _declared_metric(name, node.place, desk)
    if metric is not None and metric.unit in UNSCORED:
        needed = Text("a number", "数值")
        desk.findings.add("unit_of", node.place, what=owner, needed=needed, name=name, unit=metric.unit.value)
        return None
    return metric


def scored_metric_named(name: str, scalar: Scalar, desk: Desk) -> Metric | None:
    """A metric named within a sentence, e.g. of an invariant."""
    return _declared_metric(name, scalar.origin(scalar.text.find(name)), desk)


def _declared_metric(name: str, place: Place, desk: Desk) -> Metric | None:
    """A metric by name; a name that nobody declared is reported, one declared with problems is not again."""
    if name not in desk.scope and name not in desk.doubtful and not desk.metrics_unread:
        kind = Text("metric", "指标")
        desk.findings.add("unknown_name", place, kind=kind, name=name, hint=desk.findings.suggestion(name, desk.scope))
    return desk.metrics.get(name)


def _points(keys: Keys, metric: Metric | None, desk: Desk) -> Curve | Bins | None:
    kind = keys.one_of("curve", "bins")
    if kind is None:
        return None
    node = keys.node(kind)
    keys.node("bins" if kind == "curve" else "curve")
    if node is None or metric is None:
        return None
    return _curve(node, metric, desk) if kind == "curve" else _bins(node, metric, desk)


def _curve(node: Node, metric: Metric, desk: Desk) -> Curve | None:
    items = desk.values.items(node, "curve") if isinstance(node, Series | Blank) else ()
    if any(isinstance(item, Broken) and not isinstance(item, Blank) for item in items):
        return None
    pairs = [desk.values.pair(item) for item in items]
    demand(node, minItems=2)
    if (len(pairs) < 2 and not isinstance(node, Blank)) or any(len(pair) != 2 for pair in pairs):
        if not isinstance(node, Broken):
            desk.findings.add("curve_points", node.place)
        return None
    xs = _rising([pair[0] for pair in pairs], metric, desk)
    ys = _all([desk.values.points(pair[1]) for pair in pairs])
    if xs is None or ys is None:
        return None
    spans = zip(pairwise(xs), pairwise(ys), pairs[1:], strict=False)
    for (left, right), (low, high), pair in spans:
        if (low + abs(high - low)) * (right - left) >= _SPAN:
            desk.findings.add("curve_span", pair[0].place, text=getattr(pair[0], "text", ""))
            return None
    return Curve(Name(metric.name, metric.unit, metric.scale), xs, ys)


def _bins(node: Node, metric: Metric, desk: Desk) -> Bins | None:
    keys = desk.keys(node, Text("bins", "分段"))
    edges = keys.need("edges", lambda written: desk.values.items(written, "edges"))
    points = keys.need("points", lambda written: desk.values.items(written, "points"))
    keys.done()
    lists = (keys.node("edges"), keys.node("points"))
    if edges is None or points is None or not all(isinstance(one, Series | Blank) for one in lists):
        return None
    demand(keys.node("edges"), minItems=1)
    demand(keys.node("points"), minItems=2)
    if not edges:
        desk.findings.add("empty_list", keys.key_place("edges"), key="edges")
        return None
    if len(points) != len(edges) + 1 and not isinstance(node, Blank):
        place, needed = keys.key_place("points"), len(edges) + 1
        desk.findings.add("bins_length", place, edges=len(edges), needed=needed, points=len(points))
        return None
    xs, ys = _rising(list(edges), metric, desk), _all([desk.values.points(item) for item in points])
    return Bins(Name(metric.name, metric.unit, metric.scale), xs, ys) if xs and ys else None


def _rising(nodes: list[Node], metric: Metric, desk: Desk) -> tuple[int, ...] | None:
    """Values of the metric's unit in stored units, each above the one before."""
    read = desk.amount(metric.unit)
    xs = _all([read(node) for node in nodes])
    if xs is None:
        return None
    for (left, right), node in zip(pairwise(xs), nodes[1:], strict=True):
        if right <= left:
            desk.findings.add("curve_order", node.place, text=getattr(node, "text", ""))
            return None
    return xs


def _all(numbers: list[int | None]) -> tuple[int, ...] | None:
    found = tuple(number for number in numbers if number is not None)
    return found if len(found) == len(numbers) else None
