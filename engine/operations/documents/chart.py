"""The score as a drawing: each criterion's contribution building up to it, points lost, where the tiers begin.

Drawn to be read without colours: what counts is filled, what was assumed is hatched, what was lost is an empty box
with a dashed edge, and every length stands beside it as a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from engine.decisions.explanation.values import plain, rough, short
from engine.decisions.record import CriterionResult
from engine.operations.documents.lettering import cut, width, wrapped
from engine.operations.documents.markup import Markup, element, joined
from engine.operations.documents.telling import Teller
from engine.vocabulary import MetricState

WIDTH: Final = 680
_LEFT, _RIGHT = 196.0, 556.0
"""Where 0 and 100 points lie."""
_LETTERS: Final = 11.0
_ROW: Final = 30.0
_BAR: Final = 14.0
_LABEL: Final = 14.0
_INK: Final = "#222"


def waterfall(teller: Teller) -> Markup:
    """The drawing with its caption; the caption and the description say the same in words."""
    flags, top = _flags(teller)
    bottom = top + _ROW * (len(teller.told.criteria) + 1)
    parts = [
        element("title", teller.say("How the score came about", "得分的构成"), id="chart-title"),
        element("desc", described(teller), id="chart-desc"),
        _hatching(),
        *_axis(top, bottom),
        *flags,
        *_lines(teller, top, bottom),
        *_bars(teller, top),
        *_total(teller, bottom - _ROW),
    ]
    drawing = element(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {_px(bottom + 20)}",
        role="img",
        aria_labelledby="chart-title chart-desc",
        xmlns="http://www.w3.org/2000/svg",
    )
    return element("figure", drawing, element("figcaption", _legend(teller)), class_="chart")


def described(teller: Teller) -> str:
    """The drawing in words, for those who do not see it."""
    told = teller.told
    parts = []
    for one in told.criteria:
        title, part, lost = teller.text(one.title), rough(one.contribution), rough(one.points_lost)
        if one.points is None:
            parts.append(teller.say(f"{title} does not count", f"{title}不计入"))
        elif told.score is None:
            parts.append(teller.say(f"{title} has {rough(one.points)} points", f"{title} {rough(one.points)} 分"))
        else:
            parts.append(teller.say(f"{title} adds {part}, {lost} lost", f"{title}贡献 {part} 分，失 {lost} 分"))
    for key, start in told_thresholds(teller):
        parts.append(teller.say(f"tier {key} starts at {start}", f"等级 {key} 从 {start} 分起"))
    if told.score is None:
        low, high = short(told.bounds.low), short(told.bounds.high)
        parts.append(teller.say(f"the score is unknown, {low} to {high}", f"得分未知，在 {low} 至 {high} 之间"))
    else:
        parts.append(teller.say(f"together the score {plain(told.score)}", f"合计得分 {plain(told.score)}"))
    return teller.say("; ".join(parts) + ".", "；".join(parts) + "。")


def told_thresholds(teller: Teller) -> list[tuple[str, str]]:
    """Where tiers begin, best first, as keys with scores."""
    return [(key, plain(start)) for key, start in teller.shown.thresholds]


def _legend(teller: Teller) -> str:
    return teller.say(
        "Filled: points that count; hatched: points assumed by the rules; dashed box: points lost; vertical lines: "
        "the score a tier starts at (dotted: the score this customer needs to stay).",
        "实心：计入的分；斜纹：按规则假定的分；虚线框：失去的分；竖线：各等级的起始分（点线：该客户保持原等级所需的分）。",
    )


def _x(score: Decimal | float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * float(score) / 100


def _px(length: float) -> str:
    return f"{length:.2f}".rstrip("0").rstrip(".")


def _written(text: str, x: float, y: float, anchor: str = "start", **more: object) -> Markup:
    return element("text", text, x=_px(x), y=_px(y), text_anchor=anchor, **more)


def _box(start: Decimal | float, end: Decimal | float, y: float, **look: object) -> Markup:
    """A bar between two scores; one of no length is left out."""
    length = _x(end) - _x(start)
    if length <= 0:
        return Markup("")
    return element("rect", x=_px(_x(start)), y=_px(y), width=_px(length), height=_px(_BAR), **look)


def _line(x1: float, y1: float, x2: float, y2: float, **look: object) -> Markup:
    return element("line", x1=_px(x1), y1=_px(y1), x2=_px(x2), y2=_px(y2), **look)


def _hatching() -> Markup:
    stroke = element("path", d="M0 5 L5 0 M-1 1 L1 -1 M4 6 L6 4", stroke=_INK, stroke_width="1.2")
    paper = element("rect", width="5", height="5", fill="#fff")
    pattern = element("pattern", paper, stroke, id="hatched", width="5", height="5", patternUnits="userSpaceOnUse")
    return element("defs", pattern)


def _axis(top: float, bottom: float) -> Iterator[Markup]:
    for score in range(0, 101, 20):
        yield _line(_x(score), top, _x(score), bottom, stroke="#ddd")
        yield _written(str(score), _x(score), bottom + 14, "middle", class_="faint")


def _marks(teller: Teller) -> list[tuple[float, str, str]]:
    """Lines to draw, from the left: score, label, dash; beside a tier's start the lower score that keeps it."""
    asked = {verdict.key: verdict.needed for verdict in teller.told.tiers}
    marks = []
    for key, start in teller.shown.thresholds:
        marks.append((float(start), f"{key} ≥ {plain(start)}", "7 3"))
        needed = asked.get(key)
        if needed is not None and needed != start:
            kept = teller.say(f"stays {key} ≥ {plain(needed)}", f"保持 {key} ≥ {plain(needed)}")
            marks.append((float(needed), kept, "1.5 3"))
    return sorted(marks)


def _flags(teller: Teller) -> tuple[list[Markup], float]:
    """The labels of the lines, stacked where they would touch; with the height they take."""
    ends: list[float] = []
    placed = []
    for score, label, _ in _marks(teller):
        shown = cut(label, 18) if width(label) > 18 else label
        half = width(shown) * _LETTERS / 2 + 3
        level = next((number for number, end in enumerate(ends) if end <= _x(score) - half), len(ends))
        ends[level : level + 1] = [_x(score) + half]
        placed.append((score, shown, level))
    height = _LABEL * max(len(ends), 1) + 4
    flags = [
        _written(shown, _x(at), height - 6 - _LABEL * level, "middle", class_="flag") for at, shown, level in placed
    ]
    return flags, height


def _lines(teller: Teller, top: float, bottom: float) -> Iterator[Markup]:
    for score, _, dash in _marks(teller):
        yield _line(_x(score), top - 2, _x(score), bottom, stroke=_INK, stroke_width="1.1", stroke_dasharray=dash)


def _bars(teller: Teller, top: float) -> Iterator[Markup]:
    """A row for every criterion; each begins where the one above ends."""
    reached = Decimal(0)
    for index, one in enumerate(teller.told.criteria):
        middle = top + _ROW * (index + 0.5)
        yield _name(teller.text(one.title), middle)
        yield from _bar(teller, one, reached, middle)
        reached += one.contribution
        if teller.told.score is not None:
            yield _line(_x(reached), middle + _BAR / 2, _x(reached), middle + _ROW - _BAR / 2, stroke=_INK)


def _bar(teller: Teller, one: CriterionResult, reached: Decimal, middle: float) -> Iterator[Markup]:
    if one.points is None:
        yield _written(teller.say("does not count", "不计入"), WIDTH, middle + 4, "end", class_="faint")
        return
    if teller.told.score is None:
        yield _written(teller.say(f"{rough(one.points)} points", f"{rough(one.points)} 分"), WIDTH, middle + 4, "end")
        return
    end, y = reached + one.contribution, middle - _BAR / 2
    fill = "url(#hatched)" if one.state is MetricState.ASSUMED else "#555"
    yield _box(reached, end, y, fill=fill, stroke=_INK)
    yield _box(end, end + one.points_lost, y, fill="#fff", stroke=_INK, stroke_dasharray="3 2")
    lost = f" (−{rough(one.points_lost)})" if one.points_lost else ""
    yield _written(f"+{rough(one.contribution)}{lost}", WIDTH, middle + 4, "end")


def _name(title: str, middle: float) -> Markup:
    """A criterion's title left of its bar, in at most two lines."""
    lines = wrapped(title, (_LEFT - 14) / _LETTERS)
    first = middle + 4 - (len(lines) - 1) * 6.5
    return joined(_written(line, _LEFT - 10, first + 13 * index, "end") for index, line in enumerate(lines))


def _total(teller: Teller, top: float) -> Iterator[Markup]:
    """The score itself, with what it could be where something is unknown."""
    told, middle = teller.told, top + _ROW / 2
    yield _line(0, top, WIDTH, top, stroke=_INK)
    yield _written(teller.say("Score", "得分"), _LEFT - 10, middle + 4, "end", class_="strong")
    if told.score is not None:
        yield _box(0, told.score, middle - _BAR / 2, fill="#000", stroke="#000")
        yield _box(told.score, 100, middle - _BAR / 2, fill="#fff", stroke=_INK, stroke_dasharray="3 2")
    low, high = told.bounds.low, told.bounds.high
    if low != high:
        y = middle + _BAR / 2 + 4
        yield _line(_x(low), y, _x(high), y, stroke="#000", stroke_width="2")
        yield from (_line(_x(end), y - 3, _x(end), y + 3, stroke="#000", stroke_width="2") for end in (low, high))
    said = teller.say("unknown", "未知") if told.score is None else short(told.score)
    yield _written(f"= {said}", WIDTH, middle + 4, "end", class_="strong")
    if low != high:
        span = teller.say(f"{short(low)} to {short(high)}", f"{short(low)} 至 {short(high)}")
        yield _written(span, WIDTH, middle + 17, "end", class_="faint")
