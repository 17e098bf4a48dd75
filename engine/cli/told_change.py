"""A change with the records and rule edits behind its parts: the JSON shape, and one line for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from engine.cli.commands.rules.group import edits_as_json
from engine.decisions import CAUSE_TEXTS, MOST_LINES
from engine.store.reading import Kind, global_id
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from engine.decisions.record import ChangePart
    from engine.operations.evidence import Evidence
    from engine.operations.explaining import ExplainedDecision
    from engine.store.reading import RecordView

_SHOWN: Final = 2
_KINDS: Final = {
    "ORDER": Text("order", "订单"),
    "CONTRACT": Text("contract", "合同"),
    "OPPORTUNITY": Text("opportunity", "商机"),
    "INTERACTION": Text("interaction", "互动"),
    "TICKET": Text("ticket", "工单"),
    "SURVEY_RESPONSE": Text("survey response", "问卷"),
    "REFERRAL": Text("referral", "推荐"),
    "COST": Text("cost", "成本"),
    "CONSENT": Text("consent", "同意"),
    "CAMPAIGN_TOUCH": Text("contact", "触达"),
}


def change_as_json(answer: ExplainedDecision) -> dict[str, Any] | None:
    """The change of an explained decision, each part with its criteria, records and edits; None: there is none."""
    change = answer.change
    if change is None:
        return None
    return {
        "since": change.since,
        "since_as_of": change.since_as_of.isoformat(),
        "since_revision": change.since_revision,
        "delta": None if change.delta is None else format(change.delta, "f"),
        "parts": [_part_as_json(part, answer.evidence) for part in change.parts],
    }


def cause_as_json(part: ChangePart) -> dict[str, Any]:
    """What one cause did to score and tier."""
    delta = None if part.delta is None else format(part.delta, "f")
    return {"cause": part.cause, "delta": delta, "tier": part.tier, "tier_before": part.tier_before}


def _part_as_json(part: ChangePart, evidence: Evidence) -> dict[str, Any]:
    return {
        **cause_as_json(part),
        "criteria": [{"name": one.name, "delta": format(one.delta, "f")} for one in part.criteria],
        "records": [_record_as_json(record) for record in evidence.records.get(part.cause, ())],
        "edits": edits_as_json(evidence.edits) if part.cause == "RULE" else [],
    }


def _record_as_json(record: RecordView) -> dict[str, Any]:
    corrects = record.corrects_id
    return {
        "id": global_id(Kind.RECORD, record.id),
        "kind": record.kind,
        "key": record.key,
        "source": record.source,
        "occurred_at": record.occurred_at.isoformat(),
        "recorded_at": record.recorded_at.isoformat(),
        "corrects": None if corrects is None else global_id(Kind.RECORD, corrects),
    }


def told_lines(answer: ExplainedDecision, locale: Locale, room: int = 0) -> list[str]:
    """The narration, with what stands behind the change; under a dozen lines together with `room` others."""
    behind = list(change_lines(answer, locale))
    return [*answer.narration(locale)[: MOST_LINES - len(behind) - room], *behind]


def change_lines(answer: ExplainedDecision, locale: Locale) -> Iterator[str]:
    """One line: the newest records and the first edits behind each part that moved the score or the tier.

    Or that the decision before cannot be read.
    """
    zh = locale is Locale.ZH
    if answer.unread_before is not None:
        said = answer.unread_before.within(locale)
        yield f"⚠ 无法说明与上次决定相比的变化：{said}" if zh else f"⚠ What changed cannot be told: {said}"
    told = []
    for part in answer.change.parts if answer.change is not None else ():
        names = list(_named(part, answer, locale)) if part.delta or part.tier else []
        if names:
            more = len(names) - _SHOWN
            rest = (f"，另有 {more} 项" if zh else f" and {more} more") if more > 0 else ""
            cause = CAUSE_TEXTS[part.cause].within(locale)
            told.append(cause + ("：" if zh else ": ") + ("、" if zh else ", ").join(names[:_SHOWN]) + rest)
    if told:
        yield (
            ("变化依据：" if zh else "Behind the change: ") + ("；" if zh else "; ").join(told) + ("。" if zh else ".")
        )


def _named(part: ChangePart, answer: ExplainedDecision, locale: Locale) -> Iterator[str]:
    """What stands behind a part in words; versions of one record are named once."""
    zone = ZoneInfo(answer.explained.timezone)
    if part.cause == "RULE":
        yield from (edit.text.within(locale) for edit in answer.evidence.edits)
    records = answer.evidence.records.get(part.cause, ())
    for kind, key, day in dict.fromkeys((r.kind, r.key, r.occurred_at.astimezone(zone).date()) for r in records):
        name = _KINDS[kind].within(locale)
        yield f"{name} {key}（{day}）" if locale is Locale.ZH else f"{name} {key} ({day})"
