"""`overrides` and `review_queue` of `rulebook.yaml`."""

from __future__ import annotations

from typing import Final

from engine.rulebook.by_hand import (
    USUAL_PER_RUN,
    USUAL_TIERS_APART,
    NearThreshold,
    OverrideRules,
    ReviewQueue,
    SecondApprover,
)
from engine.rulebook.desk import Desk
from engine.rulebook.names import Names
from engine.rulebook.strict import Node
from engine.vocabulary import Text, Unit

_MOST_PER_RUN: Final = 5_000
"""A queue nobody can work off is none."""
_MOST_APART: Final = 20


def read_overrides(node: Node, desk: Desk) -> OverrideRules:
    """How tiers are set by hand."""
    keys = desk.keys(node, Text("overrides", "人工评级"))
    reasons = keys.want("reasons", lambda written: _reasons(written, desk), {})
    second = keys.node("second_approver")
    approver = None if second is None else _second_approver(second, desk)
    keys.done()
    return OverrideRules(reasons, approver)


def _reasons(node: Node, desk: Desk) -> dict[str, Text]:
    """Texts by reason code."""
    names = Names(Text("reason", "原因代码"), desk.findings)
    found: dict[str, Text] = {}
    for entry in desk.values.entries(node, Text("the reasons", "原因清单")).values():
        code, text = names.new_key(entry.key), desk.title(entry.value)
        if code is not None:
            found[code] = text or Text(code)
    return found


def _second_approver(node: Node, desk: Desk) -> SecondApprover:
    keys = desk.keys(node, Text("second approver", "第二审批人"))
    apart = keys.want("tiers_apart", desk.values.whole(1, _MOST_APART), USUAL_TIERS_APART)
    best = keys.want("best_tier", desk.values.truth, True)
    value = keys.seek("value_above", desk.amount(Unit.MONEY))
    keys.done()
    return SecondApprover(apart, best, value)


def read_review_queue(node: Node, desk: Desk) -> ReviewQueue:
    """Which decisions a run puts before a person."""
    keys = desk.keys(node, Text("the review queue", "复核队列"))
    held = keys.want("missing_data", desk.values.truth, False)
    near = keys.node("near_threshold")
    close = None if near is None else _near_threshold(near, desk)
    guardrail = keys.want("guardrail", desk.values.truth, False)
    most = keys.want("per_run", desk.values.whole(1, _MOST_PER_RUN), USUAL_PER_RUN)
    keys.done()
    return ReviewQueue(held, close, guardrail, most)


def _near_threshold(node: Node, desk: Desk) -> NearThreshold | None:
    keys = desk.keys(node, Text("near a threshold", "接近门槛"))
    margin = keys.need("margin", desk.values.points)
    share = keys.need("top_share", desk.values.share)
    keys.done()
    return None if margin is None or share is None else NearThreshold(margin, share)
