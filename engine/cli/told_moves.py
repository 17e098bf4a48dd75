"""What `touchstone rules moved` tells: tiers before and after, and the causes of each move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.cli.aligned import aligned
from engine.cli.told_change import cause_as_json
from engine.decisions import CAUSE_TEXTS
from engine.store.reading import Kind, global_id
from engine.vocabulary import UNRATED, Locale, Text

if TYPE_CHECKING:
    from engine.decisions.record import ChangePart
    from engine.store.reading import DecisionView
    from engine.store.tables import RuleChangeRow

_NOT_TOLD: Final = Text("causes cannot be told any more", "原因已无法说明")


@dataclass(frozen=True, slots=True)
class Moved:
    """A decision that gave another tier, with the parts of its change.

    Attributes:
        parts: Empty: they cannot be told any more.
        unread: What is wrong with a chunk that they need; None: nothing.
    """

    decision: DecisionView
    parts: Sequence[ChangePart]
    unread: Text | None

    @property
    def causes(self) -> list[ChangePart]:
        """The parts that moved the tier."""
        return [part for part in self.parts if part.tier is not None]


def moved_as_json(
    change: RuleChangeRow, every: Sequence[DecisionView], found: Sequence[Moved], refs: Mapping[int, str]
) -> dict[str, Any]:
    """The `--json` shape.

    Args:
        every: All decisions that moved; `found`: those that are told one by one.
        refs: By customer row number.
    """
    return {
        "change": change.id,
        "state": change.state,
        "live_from": change.live_from,
        "count": len(every),
        "matrix": [[*move, number] for move, number in sorted(_counted(every).items())],
        "moved": [_as_json(one, refs) for one in found],
    }


def _as_json(one: Moved, refs: Mapping[int, str]) -> dict[str, Any]:
    decision = one.decision
    return {
        "ref": refs[decision.customer_id],
        "decision": global_id(Kind.DECISION, decision.id),
        "as_of": decision.as_of,
        "market": decision.market,
        "before": decision.previous or UNRATED,
        "after": decision.effective or UNRATED,
        "causes": [cause_as_json(part) for part in one.causes],
        "unread": None if one.unread is None else one.unread.en,
    }


def moved_lines(
    change: RuleChangeRow, every: Sequence[DecisionView], found: Sequence[Moved], refs: Mapping[int, str]
) -> Iterator[Text]:
    """The same for a person."""
    if change.live_from is None:
        yield Text(
            f"#{change.id} was never live, so it moved nobody.", f"变更 #{change.id} 从未生效，没有客户因此变动。"
        )
        return
    if not every:
        yield Text(
            f"#{change.id} moved nobody's tier at their first decision since it went live.",
            f"变更 #{change.id} 生效后的首次决定中，没有改变任何客户的等级。",
        )
        return
    count, shown, who = f"{len(every):,}", f"{len(found):,}", "customer" if len(every) == 1 else "customers"
    yield Text(
        f"#{change.id} moved {count} {who} at their first decision since it went live:",
        f"变更 #{change.id} 生效后的首次决定中，改变了 {count} 位客户的等级：",
    )
    for (market, before, after), number in sorted(_counted(every).items()):
        yield Text(f"  {market}  {before} → {after}  {number:,}")
    if not found:
        return
    yield Text(f"Newest decision first, {shown} of {count}:", f"最新的决定在前，{count} 位中的 {shown} 位：")
    left = range(4)
    english, chinese = (aligned([_row(one, refs, locale) for one in found], left) for locale in (Locale.EN, Locale.ZH))
    yield from (Text(en, zh) for en, zh in zip(english, chinese, strict=True))


def others_line(others: Sequence[int]) -> Text:
    """Which other changes count some of these moves too."""
    names = [f"#{number}" for number in others]
    return Text(
        f"Some of these moves are counted for {', '.join(names)} as well: who was not decided in between.",
        f"其中部分变动也计入 {'、'.join(names)}：相关客户在其间没有作出决定。",
    )


def _counted(every: Sequence[DecisionView]) -> Counter[tuple[str, str, str]]:
    return Counter((one.market, one.previous or UNRATED, one.effective or UNRATED) for one in every)


def _row(one: Moved, refs: Mapping[int, str], locale: Locale) -> tuple[str, ...]:
    decision = one.decision
    move = f"{decision.previous or UNRATED} → {decision.effective or UNRATED}"
    if one.unread is not None:
        why = one.unread.within(locale)
    elif not one.parts:
        why = _NOT_TOLD.within(locale)
    else:
        told = (f"{CAUSE_TEXTS[part.cause].within(locale)} {part.tier_before} → {part.tier}" for part in one.causes)
        why = ("；" if locale is Locale.ZH else "; ").join(told)
    return refs[decision.customer_id], decision.market, move, why
