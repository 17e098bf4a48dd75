"""Force rules and lifecycle lines that an earlier one always catches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.errors import Problem
from engine.rulebook.book import StageRule
from engine.trials.analysis.gates import holds, names_behind, never_holds, seeing
from engine.trials.analysis.pairs import decided_views, metrics_behind, taker
from engine.trials.analysis.pool import Crowd
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE, UNKNOWN
from engine.trials.analysis.saying import undecided, warning
from engine.trials.analysis.search import Asks
from engine.trials.analysis.spans import TIER
from engine.trials.analysis.standing import line_names, staged
from engine.trials.analysis.steps import forced_by
from engine.trials.analysis.study import Study, also
from engine.trials.analysis.triggers import shown
from engine.trials.analysis.verdicts import Can, Rows, Verdict, either, together, verdict
from engine.vocabulary import Text

_HINT = Text("Move it up, narrow the rules above, or remove it.", "请把它上移，收窄上面的规则，或删除。")
_ABOVE = Text("above", "上面的规则")


def shadowed_force(study: Study) -> Iterator[Problem]:
    """Force rules that can hold and never decide, because a rule above them always decides first."""
    for index, force in enumerate(study.rules.force[1:], 1):
        hold = holds(study, [force.when])
        by = None if hold.can is Can.NEVER else _force_above(study, index)
        if by is not None:
            yield _shadowed_force(study, hold, index, by)
            continue
        if hold.can is not Can.HAPPEN:
            continue
        names = study.inputs(name for rule in study.rules.force[: index + 1] for name in rule.when.names)
        found = verdict(study, partial(_decided, index), names, partial(_forces, study, index))
        if found.can is Can.OPEN:
            yield undecided(force.place, Text(f"whether the force rule `{force.name}` ever decides",
                                              f"强制规则 `{force.name}` 能否生效"))  # fmt: skip
        elif found.can is Can.NEVER:
            yield _shadowed_force(study, hold, index, None)


def _force_above(study: Study, index: int) -> int | None:
    """The position of a rule above that alone takes whoever meets this one; None: none is proved to."""
    if _decided(index, study.pool).any():
        return None
    return taker(
        study,
        study.rules.force[: index + 1],
        lambda condition: names_behind(study, [condition]),
        lambda conditions: lambda possible: seeing(study, possible, conditions),
    )


def _shadowed_force(study: Study, hold: Verdict, index: int, by: int | None) -> Problem:
    """A force rule behind others; `by`: the position of the one that alone takes whoever meets it."""
    force = study.rules.force[index]
    said = Text(
        f"The force rule `{force.name}` never decides: whoever meets it is caught {_force_named(study, by).en}.",
        f"强制规则 `{force.name}` 永远不会生效：满足它的客户都已被{_force_named(study, by).zh}处理。",
    )
    if hold.can is Can.HAPPEN:
        first = study.rules.force[int(study.alone(hold.facts).outcomes.forced[0])]
        said = Text(
            f"{said.en} The customer shown meets it and is decided by `{first.name}` (line {first.place.line}).",
            f"{said.zh}所示客户满足它，却由 `{first.name}`（第 {first.place.line} 行）决定。",
        )
    return warning("RULE_SHADOWED", force.place, said, _HINT, study.witness(hold.facts))


def _force_named(study: Study, by: int | None) -> Text:
    if by is None:
        return _ABOVE
    one = study.rules.force[by]
    return Text(f"by `{one.name}` (line {one.place.line})", f" `{one.name}`（第 {one.place.line} 行）")


def _decided(index: int, crowd: Crowd) -> NDArray[np.bool_]:
    is_so: NDArray[np.bool_] = crowd.outcomes.forced == index
    return is_so


def _forces(study: Study, index: int, possible: Possible) -> int:
    found = forced_by(study.rules, possible)
    return (TRUE if index in found else 0) | (FALSE if found - {index} else 0)


def lifecycle_lines(studies: Sequence[Study]) -> Iterator[Problem]:
    """Lines of the lifecycle that never hold, always hold, or are never reached, in any market."""
    lines = studies[0].rules.lifecycle if studies else ()
    for index, line in enumerate(lines):
        if line.when is None:
            continue
        hold = [_line(study, index, truth=1) for study in studies]
        called = _called(line)
        if together(hold) is Can.NEVER:
            told = Text(f"the lifecycle line {called.en}", f"生命周期规则 {called.zh} ")
            message = never_holds(told, line.when, passes=line.on_unknown == "pass")
            fail = [_line(study, index, truth=0) for study in studies]
            yield warning("RULE_NEVER", line.place, message, _HINT, shown(studies, fail))
            continue
        fail = [_line(study, index, truth=0) for study in studies]
        if together(fail) is Can.NEVER:
            message = Text(f"The lifecycle line {called.en} always holds: no line below it is ever reached.",
                           f"生命周期规则 {called.zh} 永远成立：下面的规则都不会执行。")  # fmt: skip
            yield warning("RULE_ALWAYS", line.place, message, _HINT, shown(studies, hold))
        above = [_line_above(study, index) for study in studies]
        reach = [_reached(study, index, by) for study, by in zip(studies, above, strict=True)]
        if together(reach) is Can.NEVER and (together(hold) is Can.HAPPEN or None not in above):
            yield _shadowed_line(studies, hold, index, above)
        elif Can.OPEN in (together(hold), together(fail), together(reach)):
            message = Text(
                f"whether the lifecycle line {called.en} can be reached and passed",
                f"生命周期规则 {called.zh} 能否达到和越过",
            )
            yield undecided(line.place, message)


def _line_above(study: Study, index: int) -> int | None:
    """The position of a line above that alone takes whoever meets this one; None: none is proved to."""
    if (study.pool.outcomes.stage_rule == index).any():
        return None
    lines = study.rules.lifecycle[: index + 1]
    return taker(study, lines, partial(metrics_behind, study), partial(decided_views, study, campaigns=False))


def _called(line: StageRule) -> Text:
    return Text(f"{line.stage.value} (line {line.place.line})", f"{line.stage.value}（第 {line.place.line} 行）")


def _shadowed_line(
    studies: Sequence[Study], hold: Sequence[Verdict], index: int, above: Sequence[int | None]
) -> Problem:
    """A line behind others; `above`: by market the position of the one that alone takes whoever meets it."""
    lines = studies[0].rules.lifecycle
    alone = above[0] if len(set(above)) == 1 else None
    by = _ABOVE if alone is None else _called(lines[alone])
    called = _called(lines[index])
    said = Text(
        f"The lifecycle line {called.en} is never reached: "
        f"whoever meets it is caught {by.en if alone is None else f'by {by.en}'}.",
        f"生命周期规则 {called.zh} 永远不会执行：满足它的客户都已被{by.zh if alone is None else f' {by.zh}'}处理。",
    )
    shown_of = next((pair for pair in zip(studies, hold, strict=True) if pair[1].can is Can.HAPPEN), None)
    if shown_of is None:
        return warning("RULE_SHADOWED", lines[index].place, said, _HINT)
    study, one = shown_of
    first = study.rules.lifecycle[int(study.alone(one.facts).outcomes.stage_rule[0])]
    said = Text(
        f"{said.en} The customer shown meets it and is {first.stage.value} by line {first.place.line}.",
        f"{said.zh}所示客户满足它，却由第 {first.place.line} 行定为 {first.stage.value}。",
    )
    facts = (also("market", study.rules.market.value), *study.witness(one.facts))
    return warning("RULE_SHADOWED", lines[index].place, said, _HINT, facts)


def _line(study: Study, index: int, truth: int) -> Verdict:
    """Whether a line's condition can be true (1) or false (0); the tier may be any one."""
    condition = study.rules.lifecycle[index].when
    assert condition is not None
    wanted, rest = (TRUE, FALSE | UNKNOWN) if truth else (FALSE, TRUE | UNKNOWN)

    def asks(possible: Possible) -> int:
        truths = line_names(study.rules, possible).truths(condition.node)
        return (TRUE if truths & wanted else 0) | (FALSE if truths & rest else 0)

    return _of_lines(study, lambda crowd: crowd.line_answer(condition) == truth, asks)


def _reached(study: Study, index: int, by: int | None) -> Verdict:
    if by is not None:
        return Verdict(Can.NEVER, {})

    def asks(possible: Possible) -> int:
        found = staged(study.rules, line_names(study.rules, possible))
        lines = found.closed | found.open
        return (TRUE if index in lines else 0) | (FALSE if lines - {index} else 0)

    return _of_lines(study, lambda crowd: crowd.outcomes.stage_rule == index, asks)


def _of_lines(study: Study, rows: Rows, asks: Asks) -> Verdict:
    """Whether it can happen with any tier, one the rules give or one set by hand."""
    free = verdict(study, rows, study.stage_inputs | {TIER}, asks)
    if not study.stages_read_tiers:
        return Verdict(free.can, {name: value for name, value in free.facts.items() if name != TIER})
    return either(free, lambda: verdict(study, rows, study.stage_inputs | study.tier_inputs, asks))
