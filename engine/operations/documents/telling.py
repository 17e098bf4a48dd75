"""How a document says things: languages, dates in the book's zone, values with units, places, tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from engine.decisions.record import MetricValue
from engine.errors import Place
from engine.expressions.amounts import UNKNOWN, worded
from engine.operations.documents.gathering import Documented
from engine.operations.documents.markup import Markup, element, joined
from engine.vocabulary import UNRATED, UNRATED_TEXT, Locale, MetricState, Text, Unit, UnknownCause

_STATES: Final = {
    MetricState.KNOWN: Text("known", "已知"),
    MetricState.ASSUMED: Text("assumed", "假定"),
    MetricState.UNKNOWN: UNKNOWN,
}
_CAUSES: Final = {
    UnknownCause.MISSING: Text("no data", "无数据"),
    UnknownCause.STALE: Text("data too old", "数据过旧"),
    UnknownCause.OUT_OF_RANGE: Text("out of range", "超出范围"),
    UnknownCause.DIVISION_BY_ZERO: Text("division by zero", "除数为零"),
    UnknownCause.CURRENCY: Text("another currency", "币种不符"),
}


class Teller:
    """Says what a document shows in one language."""

    def __init__(self, shown: Documented, locale: Locale) -> None:
        self.shown, self.locale = shown, locale
        self.answer, self.told = shown.answer, shown.answer.explained
        self.zone = ZoneInfo(self.told.timezone)

    def say(self, en: str, zh: str) -> str:
        """One of two texts."""
        return zh if self.locale is Locale.ZH else en

    def text(self, text: Text) -> str:
        """A text of the book in the document's language."""
        return text.within(self.locale)

    def date(self, instant: datetime) -> str:
        """The local date in the book's zone."""
        return instant.astimezone(self.zone).date().isoformat()

    def instant(self, instant: datetime) -> str:
        """The local time in the book's zone, with its offset."""
        local = instant.astimezone(self.zone)
        offset = f"{local:%z}"
        return f"{local:%Y-%m-%d %H:%M} {offset[:3]}:{offset[3:]}"

    def tier(self, key: str | None) -> str:
        """A tier's key with its title."""
        if key is None:
            return self.with_title(UNRATED, UNRATED_TEXT)
        return self.with_title(key, self.told.titles.get(key, Text(key)))

    def with_title(self, key: str, title: Text) -> str:
        """A key with its title, once where both are the same."""
        named = self.text(title)
        return key if named == key else self.say(f"{key} ({named})", f"{key}（{named}）")

    def value(self, value: str | None, unit: Unit) -> str:
        """A value with its unit.

        Args:
            value: Exact text as explanations hold it; None: unknown.
        """
        return self.text(worded(value, unit, self.shown.currency, kind=True))

    def state(self, state: MetricState) -> str:
        """What is known about a metric."""
        return self.text(_STATES[state])

    def cause(self, cause: UnknownCause) -> str:
        """Why it is not known."""
        return self.text(_CAUSES[cause])

    def metrics(self, metrics: Iterable[MetricValue]) -> list[str]:
        """Metrics with their values, the cause where there is none."""
        said = []
        for one in metrics:
            value = self.value(one.value, one.unit)
            if one.cause is not None:
                value += self.say(f" ({self.cause(one.cause)})", f"（{self.cause(one.cause)}）")
            said.append(self.say(f"{one.title.en}: {value}", f"{self.text(one.title)}：{value}"))
        return said

    def listed(self, parts: Iterable[str]) -> str:
        """Names in a row."""
        return ("、" if self.locale is Locale.ZH else ", ").join(parts)


def place(where: Place) -> Markup:
    """A place in the rule files, file:line:column."""
    return element("code", str(where), class_="place")


def small(*content: str) -> Markup:
    """A line of its own in small type."""
    return element("span", *content, class_="small")


def section(title: str, *content: str, name: str) -> Markup:
    """A part of the page under its own heading."""
    heading = element("h2", title, id=f"{name}-title")
    return element("section", heading, *content, id=name, aria_labelledby=f"{name}-title")


def table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], name: str, *, foot: Sequence[str] = (), numbers: str = ""
) -> Markup:
    """A table.

    Args:
        rows: Cells; the first of a row is its heading.
        name: Class that gives the columns their widths.
        foot: Cells of a last row.
        numbers: Indices of the columns that hold numbers, e.g. "1 3".
    """
    right = {int(index) for index in numbers.split()}

    def cells(row: Sequence[str], tag: str) -> Markup:
        made = []
        for index, cell in enumerate(row):
            kind = "number" if index in right else None
            if tag == "th":
                made.append(element("th", cell, scope="col", class_=kind))
            else:
                first = {"tag": "th", "scope": "row"} if index == 0 else {"tag": "td"}
                made.append(element(first.pop("tag"), cell, class_=kind, **first))
        return element("tr", *made)

    columns = [element("col", class_=f"c{index}") for index in range(len(headers))]
    parts = [element("colgroup", *columns), element("thead", cells(headers, "th"))]
    parts.append(element("tbody", *(cells(row, "td") for row in rows)))
    if foot:
        parts.append(element("tfoot", cells(foot, "td")))
    return element("table", *parts, class_=name)


def pairs(rows: Iterable[tuple[str, str]], name: str) -> Markup:
    """Names with what they stand for."""
    return element(
        "dl",
        *(element("div", element("dt", term), element("dd", meaning)) for term, meaning in rows),
        class_=name,
    )


def bullets(lines: Iterable[str], name: str | None = None) -> Markup:
    """Lines of a list."""
    return element("ul", *(element("li", line) for line in lines), class_=name)


def paragraphs(lines: Iterable[str]) -> Markup:
    """Sentences, each a paragraph."""
    return joined(element("p", line) for line in lines)
