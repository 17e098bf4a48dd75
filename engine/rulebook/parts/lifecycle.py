"""`lifecycle.yaml`: the stages, first match wins."""

from __future__ import annotations

from typing import Final

from engine.rulebook.blank import demand
from engine.rulebook.book import StageRule
from engine.rulebook.desk import Desk
from engine.rulebook.keys import Keys
from engine.rulebook.parts.tiers import ON_UNKNOWN
from engine.rulebook.strict import Node
from engine.vocabulary import Phase, Stage, Text

FILE: Final = "lifecycle.yaml"
_OWNER: Final = Text("a lifecycle line", "生命周期规则")


def read_lifecycle(node: Node, desk: Desk) -> tuple[StageRule, ...]:
    """Read the lines in order; the last is the `else` line."""
    keys = desk.keys(node, Text("the lifecycle file", "生命周期文件"))
    items = keys.need("lifecycle", lambda written: desk.values.items(written, "lifecycle"))
    demand(keys.node("lifecycle"), contains={"required": ["else"]})
    keys.done()
    if items is None:
        return ()
    lines = [desk.keys(item, _OWNER) for item in items]
    rules = [_rule(line, desk) for line in lines]
    elses = [index for index, line in enumerate(lines) if line.has("else")]
    if not elses:
        desk.findings.add("else_missing", lines[-1].place if lines else keys.place)
    elif elses[0] != len(lines) - 1:
        desk.findings.add("else_last", lines[elses[0] + 1].place)
    found = tuple(rule for rule in rules if rule)
    desk.stages_unread = len(found) < len(rules)
    _check_phases(found, desk)
    return found


def _rule(keys: Keys, desk: Desk) -> StageRule | None:
    kind = keys.one_of("stage", "else")
    stage = keys.need(kind, desk.values.choice(tuple(Stage))) if kind else None
    keys.node("else" if kind == "stage" else "stage")
    phase = keys.need("phase", desk.values.choice(tuple(Phase)))
    title = keys.seek("title", desk.title)
    when, on_unknown = None, "hold"
    if kind == "else":
        keys.without("when", "on_unknown")
    else:
        when = keys.need("when", desk.condition(desk.stage_scope()))
        on_unknown = keys.want("on_unknown", desk.values.choice(ON_UNKNOWN), "hold")
    keys.done()
    if stage is None or phase is None or (when is None and kind != "else"):
        return None
    return StageRule(Stage(stage), Phase(phase), when, on_unknown, title or Text(stage), keys.place)


def _check_phases(rules: tuple[StageRule, ...], desk: Desk) -> None:
    """A stage that stands in several lines has one phase."""
    first: dict[Stage, StageRule] = {}
    for rule in rules:
        other = first.setdefault(rule.stage, rule)
        if other.phase is not rule.phase:
            line = other.place.line
            desk.findings.add("phase_differs", rule.place, stage=rule.stage, phase=other.phase, line=line)
