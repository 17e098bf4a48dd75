"""`metrics.yaml` in words: what is measured, of what, over which time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.expressions.amounts import spoken
from engine.metrics.declaration import (
    FromExpression,
    FromField,
    FromModel,
    FromRecords,
    FromValue,
    Metric,
    Take,
    Window,
)
from engine.metrics.derived import OCCURRED_AT
from engine.metrics.segments import SINCE
from engine.metrics.sources import SOURCES, Source
from engine.rulebook.book import Book
from engine.rulebook.desk import UNIT_TEXTS
from engine.rulebook.telling.conditions import Speaker
from engine.rulebook.telling.names import SOURCE_TEXTS, Words, words_of_source
from engine.rulebook.telling.phrases import COMMA, Line, days, join, named, quoted, say
from engine.vocabulary import Locale, Text, Unit

_TAKEN: Final[Mapping[str, Text]] = {
    "count": Text("the number of {scope}", "{scope}的数量"),
    "count_distinct": Text("the number of different values of {field} among {scope}", "{scope}中不同{field}的个数"),
    "sum": Text("the sum of {field} over {scope}", "{scope}的{field}之和"),
    "mean": Text("the mean of {field} over {scope}", "{scope}的{field}平均值"),
    "median": Text("the median of {field} over {scope}", "{scope}的{field}中位数"),
    "min": Text("the least {field} among {scope}", "{scope}中最小的{field}"),
    "max": Text("the greatest {field} among {scope}", "{scope}中最大的{field}"),
    "any": Text("whether {field} holds for any of {scope}", "{scope}中是否有任一条{field}"),
    "all": Text("whether {field} holds for every one of {scope}", "{scope}是否全部{field}"),
    "first": Text("{field} of the earliest of {scope}", "{scope}中最早一条的{field}"),
    "latest": Text("{field} of the latest of {scope}", "{scope}中最近一条的{field}"),
    "median_gap": Text("the usual days from one {field} to the next of {scope}", "{scope}中相邻{field}的通常间隔天数"),
    "last_gap": Text("the days between the last two, by {field}, of {scope}", "{scope}中最近两个{field}的间隔天数"),
    "days_since": Text("the days since {inner}", "{inner}至今的天数"),
    "days_until": Text("the days until {inner}", "距{inner}的天数"),
    "months_since": Text("the whole months since {inner}", "{inner}至今的整月数"),
}
_DATES: Final = {
    "min": Text("the earliest {field} among {scope}", "{scope}中最早的{field}"),
    "max": Text("the latest {field} among {scope}", "{scope}中最近的{field}"),
}
_ESTIMATES: Final = {
    "clv": Text("the estimated lifetime value", "客户生命周期价值估计"),
    "cac": Text("what it cost to win the customer", "获客成本"),
    "margin": Text("the gross margin to date", "累计毛利"),
}
_MODELS: Final = {"churn": Text("the prediction of the churn model", "流失模型的预测")}


def tell_metrics(book: Book, words: Words) -> Iterator[Line]:
    """Every metric in a sentence, in written order."""
    yield Line(Text("What is measured for every customer", "每位客户的指标"), None, 0)
    for metric in sorted(book.metrics.values(), key=lambda one: one.place):
        yield Line(_metric(metric, words), metric.place, 1)


def _metric(metric: Metric, words: Words) -> Text:
    parts = [_origin(metric, words), *_limits(metric, words)]
    return say(
        "{name}, {unit}: {parts}.",
        "{name}，{unit}：{parts}。",
        name=named(metric.title, metric.name),
        unit=UNIT_TEXTS[metric.unit],
        parts=join(Text("; ", "；"), parts),
    )


def _origin(metric: Metric, words: Words) -> Text:
    match metric.origin:
        case FromRecords():
            return _from_records(metric.origin, words)
        case FromField(field):
            return say("imported with the customer as {field}", "随客户资料导入的 {field}", field=field)
        case FromValue(value, horizon):
            told = _ESTIMATES.get(value, Text(value))
            ahead = say("{told} for the next {days}", "{told}（未来 {days}）", told=told, days=days(horizon or 0))
            return told if horizon is None else ahead
        case FromModel(model):
            return _MODELS.get(model, Text(model))
        case FromExpression(expression):
            return say("calculated: {how}", "计算得出：{how}", how=Speaker(words).quantity(expression.node))
    return Text("given by hand in tests and what-ifs", "仅在测试和假设分析中给出")


def _from_records(origin: FromRecords, words: Words) -> Text:
    source = SOURCES[origin.source]
    fields = words_of_source(source, words.currency)
    told = _take(origin.take, source, fields, _scope(SOURCE_TEXTS[source.name], origin.within))
    if origin.where is None:
        return told
    when = Speaker(fields).condition(origin.where.node)
    return say("{told}, only those where {when}", "{told}，仅限{when}的", told=told, when=when)


def _scope(records: Text, window: Window) -> Text:
    """Which records count, e.g. the orders of the last 365 days."""
    if window.days is None:
        return say("all {records}", "全部{records}", records=records)
    if not window.offset:
        return say("the {records} of the last {n}", "近 {n}{records}", records=records, n=days(window.days))
    return say(
        "the {records} of the {n} that ended {offset} ago",
        "截至 {offset}前的 {n}内{records}",
        records=records,
        n=days(window.days),
        offset=days(window.offset),
    )


def _take(take: Take, source: Source, fields: Words, scope: Text) -> Text:
    """What is taken of the records; least and greatest days are the earliest and the latest."""
    parts = {"field": fields.name(take.field) if take.field else Text(""), "scope": scope}
    forms = {**_TAKEN, **_DATES} if _is_date(take, source) else _TAKEN
    form = forms[take.function]
    if take.function not in SINCE:
        return say(form.en, form.zh, **parts)
    inside = forms[take.inner] if take.inner else Text("{field} of {scope}", "{scope}的{field}")
    return say(form.en, form.zh, inner=say(inside.en, inside.zh, **parts))


def _is_date(take: Take, source: Source) -> bool:
    if take.field is None or take.field == OCCURRED_AT:
        return take.field is not None
    return source.fields[take.field].unit is Unit.DATE


def _limits(metric: Metric, words: Words) -> Iterator[Text]:
    """What makes it unknown, and what somebody can do about it."""
    origin = metric.origin
    empty = getattr(origin, "empty", None)
    if empty is not None:
        value = _said(metric, empty, words)
        if isinstance(origin, FromRecords):
            yield say("no record at all counts as {value}", "没有记录时记为 {value}", value=value)
        else:
            yield say("not stated counts as {value}", "未填写时记为 {value}", value=value)
    if isinstance(origin, FromRecords) and origin.min_count:
        yield say("unknown with fewer than {n} records", "少于 {n} 条记录时为未知", n=origin.min_count)
    age = getattr(origin, "max_age_days", None)
    if age is not None:
        yield say("unknown when older than {n}", "超过 {n}未更新时为未知", n=days(age))
    if metric.values:
        values = join(COMMA, [quoted(Text(value)) for value in metric.values])
        yield say("one of {values}", "取值为 {values} 之一", values=values)
    yield from _bounds(metric, words)


def _bounds(metric: Metric, words: Words) -> Iterator[Text]:
    if metric.low is not None:
        yield say("below {value} it is unknown", "低于 {value} 视为未知", value=_said(metric, metric.low, words))
    if metric.high is not None:
        yield say("above {value} it is unknown", "高于 {value} 视为未知", value=_said(metric, metric.high, words))
    if metric.actionable is not None:
        step = _said(metric, metric.actionable.step, words)
        way = Text("up", "提高") if metric.actionable.up else Text("down", "降低")
        yield say("somebody can move it {way}, in steps of {step}", "可人为{way}，每步 {step}", way=way, step=step)


def _said(metric: Metric, value: int | str, words: Words) -> Text:
    said = spoken(value, metric.unit, metric.scale, words.currency)
    return Text(said.en, said.within(Locale.ZH))
