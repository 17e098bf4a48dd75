"""What `touchstone whatif` prints: what was changed, what differs because of it, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.cli.aligned import aligned
from engine.cli.explanation import as_json
from engine.cli.told_stale import stale_lines
from engine.decisions.explanation.values import short, signed
from engine.decisions.record import Explained, MetricValue
from engine.expressions.amounts import UNKNOWN, worded
from engine.operations.local_time import local_words
from engine.operations.stale_sources import StaleSource
from engine.operations.whatif import WhatIf
from engine.vocabulary import RISK_TEXTS, UNRATED, Locale, Text, UnknownCause

_MOST_EDITS: Final = 10
_MOST_SHIFTS: Final = 5
_BEYOND: Final = Text("unknown (beyond the metric's bounds)", "未知（超出指标范围）")


def whatif_as_json(done: WhatIf) -> dict[str, Any]:
    """The `--json` shape: the explanation as of a stored decision, and what it is compared with."""
    before, after = done.before, done.after
    return {
        **as_json(after.decision),
        "as_known_at": after.clocks.as_known_at.isoformat(),
        "set": [
            {"metric": name, "before": None if was is None else was.value, "after": now.value}
            for name, was, now in _set_by_hand(done)
        ],
        "idle": list(after.idle),
        "kept_estimates": sorted(after.kept_estimates),
        "edits": [{"item": edit.item, "en": edit.text.en, "zh": edit.text.zh} for edit in done.edits],
        "before": None if before is None else as_json(before.decision),
        "delta": None if done.delta is None else format(done.delta, "f"),
        "parts": [{"criterion": one.criterion, "delta": format(one.delta, "f")} for one in done.shifts],
    }


def whatif_lines(done: WhatIf, stale: Iterable[StaleSource], locale: Locale) -> Iterator[str]:
    """The same for people: changes, before and after, then the decision in words."""
    told, zh = done.after.decision.explained, locale is Locale.ZH
    when, ref = local_words(told.as_of, told.timezone), done.after.decision.ref
    yield f"{ref}：假设分析，截至 {when}，不会保存" if zh else f"{ref}: what if, as of {when}; nothing is stored"
    yield from _changes(done, locale)
    if done.before is not None:
        yield from _comparison(done, done.before.decision.explained, locale)
    yield ""
    yield from done.after.decision.narration(locale)
    stale = list(stale)
    yield from stale_lines(stale, told.timezone, locale)
    yield from _fresher(stale, told.timezone, locale)


def _fresher(stale: Sequence[StaleSource], zone: str, locale: Locale) -> Iterator[str]:
    """On which day the sources that are too old were complete."""
    until = [one.complete_until for one in stale if one.complete_until is not None]
    if until:
        day = min(until).astimezone(ZoneInfo(zone)).date()
        yield (
            f"加上 --as-of {day} 可询问数据完整的那一天。"
            if locale is Locale.ZH
            else f"Add --as-of {day} to ask for the day until which they are complete."
        )


def _changes(done: WhatIf, locale: Locale) -> Iterator[str]:
    """What was set by hand, and the edits of the draft."""
    zh, told = locale is Locale.ZH, done.after.decision.explained
    rows = []
    for name, was, now in _set_by_hand(done):
        old = "?" if was is None else _value(was).within(locale)
        rows.append((f"{now.title.within(locale)} ({name})", f"{old} → {_value(now).within(locale)}"))
    if rows:
        yield from aligned(rows, left=(0, 1))
    edits = [edit.text.within(locale) for edit in done.edits]
    yield from (f"  {text}" for text in edits[:_MOST_EDITS])
    if len(edits) > _MOST_EDITS:
        more = len(edits) - _MOST_EDITS
        yield f"  … 另有 {more} 处修改" if zh else f"  … and {more} more edits"
    if done.after.kept_estimates:
        titles = [value.title.within(locale) for value in told.metrics if value.name in done.after.kept_estimates]
        yield (
            f"  不会按所设数值重新估算：{'、'.join(titles)}。"
            if zh
            else f"  Not estimated again with what was set: {', '.join(titles)}."
        )
    market = told.market
    for name in done.after.idle:
        yield (
            f"⚠ {market} 的规则不读取 {name}：不改变任何结果。"
            if zh
            else (f"⚠ No rule of {market} reads {name}: it changes nothing.")
        )


def _set_by_hand(done: WhatIf) -> Iterator[tuple[str, MetricValue | None, MetricValue]]:
    """Name, value without the changes (None: the live book's rules do not read it) and value set, by name."""
    old = {} if done.before is None else _metrics(done.before.decision.explained)
    new = _metrics(done.after.decision.explained)
    yield from ((name, old.get(name), new[name]) for name in sorted(done.after.by_hand))


def _metrics(told: Explained) -> dict[str, MetricValue]:
    return {value.name: value for value in told.metrics}


def _value(metric: MetricValue) -> Text:
    """A metric's value as people write it."""
    if metric.value is None and metric.cause is UnknownCause.OUT_OF_RANGE:
        return _BEYOND
    return worded(metric.value, metric.unit, metric.currency or "")


def _comparison(done: WhatIf, before: Explained, locale: Locale) -> Iterator[str]:
    """Before and after, one line each; what stays the same is told once."""
    after, zh = done.after.decision.explained, locale is Locale.ZH
    score = _pair(_score(before, locale), _score(after, locale))
    if done.delta:
        score += f" ({signed(done.delta)})" if not zh else f"（{signed(done.delta)}）"
    rows = [
        ("等级" if zh else "tier", _pair(_tier(before, locale), _tier(after, locale))),
        ("得分" if zh else "score", score),
        ("阶段" if zh else "stage", _pair(_stage(before, locale), _stage(after, locale))),
        ("流失风险" if zh else "churn risk", _pair(_risk(before, locale), _risk(after, locale))),
        ("活动" if zh else "campaigns", _pair(_campaigns(before, locale), _campaigns(after, locale))),
    ]
    yield from aligned(rows, left=(0, 1))
    parts = [
        f"{one.title.within(locale)} {signed(one.delta)}"
        for one in done.shifts[:_MOST_SHIFTS]
        if abs(one.delta) >= Decimal("0.05")
    ]
    if parts:
        yield (
            ("得分变化：" if zh else "The score differs by ")
            + ("，" if zh else ", ").join(parts)
            + ("。" if zh else ".")
        )


def _pair(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _tier(told: Explained, locale: Locale) -> str:
    key = told.tier.effective
    if key is None:
        return UNRATED
    title = told.titles[key].within(locale)
    return f"{key}（{title}）" if locale is Locale.ZH else f"{key} ({title})"


def _score(told: Explained, locale: Locale) -> str:
    return UNKNOWN.within(locale) if told.score is None else short(told.score)


def _stage(told: Explained, locale: Locale) -> str:
    title = told.stage_rule.text.within(locale)
    if title in ("", told.stage) or told.stage_rule.name != told.stage:
        return told.stage
    return f"{told.stage}（{title}）" if locale is Locale.ZH else f"{told.stage} ({title})"


def _risk(told: Explained, locale: Locale) -> str:
    return (UNKNOWN if told.risk is None else RISK_TEXTS[told.risk]).within(locale)


def _campaigns(told: Explained, locale: Locale) -> str:
    """Titles of the campaigns that would reach the customer."""
    reached = [one.title.within(locale) for one in told.campaigns if one.suppressed_by is None]
    return ("、" if locale is Locale.ZH else ", ").join(reached) or ("无" if locale is Locale.ZH else "none")
