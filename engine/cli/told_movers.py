"""What `touchstone rules preview` tells of the edits one by one, and of the customers who move."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from engine.cli.aligned import aligned
from engine.cli.preview_document import amount
from engine.decisions.explanation.values import signed
from engine.operations.previewing import Preview
from engine.trials.preview import Attribution, Impact, Mover, shifts, why
from engine.vocabulary import UNRATED, Locale

_MOST_CAUSES = 12
"""So many edits are listed; the rest is summed up."""


def cause_lines(done: Preview, attribution: Attribution, locale: Locale) -> Iterator[str]:
    """Which edit moves how many by itself, and what they do together."""
    zh = locale is Locale.ZH
    yield ""
    if attribution.too_many:
        yield (
            f"共 {attribution.too_many} 处修改，过多，未逐项试算。"
            if zh
            else f"{attribution.too_many} edits are too many to try each alone; with fewer at once each is tried."
        )
        return
    number = len(attribution.impacts)
    if not any(one.moved or one.contacts for one in attribution.impacts) and not done.comparison.moved:
        yield (
            f"{number} 处修改均不改变任何等级或触达。"
            if zh
            else f"{number} edit{'s' if number > 1 else ''} tried: no tier and no number of contacts changes."
        )
        return
    yield "哪处修改所致（每处单独试算）：" if zh else "Which edit does it (each tried alone):"
    felt = sorted((one for one in attribution.impacts if one.moved or one.contacts), key=lambda one: -one.moved)
    rows = [(_people(one.moved, locale), _edits(one, locale)) for one in felt[:_MOST_CAUSES]]
    still = number - len(rows)
    if still:
        rest = f"其余 {still} 处修改" if zh else f"{still} other edit{'s' if still > 1 else ''}"
        moved = sum(one.moved for one in felt[_MOST_CAUSES:])
        rows.append((_people(moved, locale), rest))
    if attribution.interaction:
        together = "共同作用（单独相加之外）" if zh else "on top when applied together (interaction)"
        rows.append((f"{attribution.interaction:+,}", together))
    rows.append((_people(done.comparison.moved, locale), "合计变动" if zh else "move in all"))
    yield from aligned(rows, left=(1,))


def _people(number: int, locale: Locale) -> str:
    return f"{number:,} 人" if locale is Locale.ZH else f"{number:,}"


def _edits(impact: Impact, locale: Locale) -> str:
    zh = locale is Locale.ZH
    text = impact.edits[0].text.within(locale)
    others = [edit.text.within(locale) for edit in impact.edits[1:]]
    if others:
        listed = ("；" if zh else "; ").join(others[:3]) + (" …" if len(others) > 3 else "")
        text += f"（须连同：{listed}）" if zh else f" (needs: {listed})"
    if impact.contacts:
        text += f"  [触达 {impact.contacts:+,}]" if zh else f"  [contacts {impact.contacts:+,}]"
    return text


def mover_lines(done: Preview, attribution: Attribution | None, shown: int, locale: Locale) -> Iterator[str]:
    """The first movers, each with the reason and the edits that do it."""
    zh, movers = locale is Locale.ZH, done.comparison.movers
    listed = movers.first(shown)
    if not listed:
        return
    yield ""
    number, every = len(listed), len(movers)
    yield (
        f"变动的客户（近12个月销售额从高到低，{every:,} 位中的 {number:,} 位）："
        if zh
        else f"Who moves (largest revenue of the last 12 months first, {number:,} of {every:,}):"
    )
    currency = done.comparison.live.currency
    rows = [_mover(mover, currency) for mover in listed]
    for line, mover in zip(aligned(rows, left=(0, 1, 2)), listed, strict=True):
        yield line
        yield f"      {_reason(mover, attribution, locale)}"


def _mover(mover: Mover, currency: str) -> tuple[str, ...]:
    arrow = "↓" if mover.down else "↑"
    move = f"{mover.before or UNRATED} {arrow} {mover.after or UNRATED}"
    scores = " → ".join("?" if told.score is None else f"{told.score:.1f}" for told in (mover.live, mover.candidate))
    return mover.ref, str(mover.market), move, f"{amount(mover.revenue, currency):,} {currency}", scores


def _reason(mover: Mover, attribution: Attribution | None, locale: Locale) -> str:
    zh = locale is Locale.ZH
    told = why(mover).within(locale)
    parts = [
        f"{shift.title.within(locale)} {signed(shift.delta)}"
        for shift in shifts(mover)[:2]
        if abs(shift.delta) >= Decimal("0.05")
    ]
    if parts:
        told += (" 分项：" if zh else " ") + ("，" if zh else ", ").join(parts) + ("。" if zh else ".")
    if attribution is None or attribution.too_many or len(attribution.impacts) < 2:
        return told
    alone = [one.edits[0].text.within(locale) for one in attribution.impacts if one.explains(mover)]
    if not alone:
        return told + (" 只有多处修改共同作用才会如此。" if zh else " Only several edits together do this.")
    each = ("起因" if zh else "By") if len(alone) == 1 else ("任一处即可" if zh else "Each alone does it")
    return f"{told} {each}：{'；'.join(alone)}" if zh else f"{told} {each}: {'; '.join(alone)}"
