"""What `touchstone rules preview` tells a person: how many move, whether they may, by which edit, and who they are."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.cli.aligned import aligned, percent
from engine.cli.preview_document import amount
from engine.cli.told_movers import cause_lines, mover_lines
from engine.decisions.explanation.phrases import HOLD_NAMES
from engine.operations.previewing import Preview
from engine.trials.preview import Attribution, Judged, Pair, cells
from engine.vocabulary import UNRATED, Locale


def preview_lines(
    done: Preview, attribution: Attribution | None, shown: int, folder: str, locale: Locale
) -> Iterator[str]:
    """The whole report, the most important first.

    Args:
        attribution: None: it was not asked for.
        shown: So many movers.
        folder: Where the candidate's files are.
    """
    yield from _head(done, folder, locale)
    yield ""
    yield from _moved(done, locale)
    yield from _guardrails(done, locale)
    if attribution is not None and done.edits:
        yield from cause_lines(done, attribution, locale)
    for pair in done.comparison.pairs:
        if pair.moved.any():
            yield from _matrix(pair, locale)
    yield from _campaigns(done, locale)
    yield from _scores(done, locale)
    yield from mover_lines(done, attribution, shown, locale)


def _head(done: Preview, folder: str, locale: Locale) -> Iterator[str]:
    zh, zone = locale is Locale.ZH, ZoneInfo(done.comparison.live.timezone)
    day = f"{done.as_of.astimezone(zone):%Y-%m-%d %H:%M}"
    yield f"{folder} 与生效规则对比，截至 {day}" if zh else f"{folder} against the live rules, as of {day}"
    if done.chosen:
        yield (
            "  数据截至这一天仍算新鲜；此后有来源已过期。可用 --as-of 指定其他时间。"
            if zh
            else "  The last day for which all data are fresh enough; --as-of names another."
        )
    for stale in done.stale:
        if stale.complete_until is None:
            yield (
                f"  ⚠ {stale.source} 从未导入：由其计算的指标均未知，未知不会改变任何等级。"
                if zh
                else f"  ⚠ {stale.source} was never imported: what is taken from it is unknown and moves nobody."
            )
            continue
        until = f"{stale.complete_until.astimezone(zone):%Y-%m-%d}"
        yield (
            f"  ⚠ {stale.source} 只完整到 {until}，已过期：由其计算的指标均未知，未知不会改变任何等级。"
            if zh
            else f"  ⚠ {stale.source} is complete until {until} only, which is too old:"
            " what is taken from it is unknown and moves nobody."
        )
    if done.left_out:
        yield (
            f"  {done.left_out} 位客户已有更晚的决定，不参与对比。"
            if zh
            else f"  Left out: {done.left_out:,} customers who have a decision at this instant or later."
        )
    yield from (f"  ⚠ {one.text.within(locale)}" for one in done.damaged)
    yield "  预览不作任何改动。" if zh else "  A preview changes nothing."


def _moved(done: Preview, locale: Locale) -> Iterator[str]:
    zh, found = locale is Locale.ZH, done.comparison
    down, up = found.moved_down, found.moved - found.moved_down
    share = percent(Decimal(found.moved) / found.customers) if found.customers else "0%"
    if not done.edits:
        yield "这些规则与生效规则含义相同。" if zh else "These rules mean the same as the live ones."
    if not found.moved:
        of = f"{found.customers:,}"
        yield f"{of} 位客户中无人变动等级。" if zh else f"None of {of} customers would move."
    else:
        yield (
            f"{found.customers:,} 位客户中有 {found.moved:,} 位变动等级（{share}）：上升 {up:,}，下降 {down:,}。"
            if zh
            else f"{found.moved:,} of {found.customers:,} customers would move ({share}): {up:,} up, {down:,} down."
        )
    if found.held:
        told = [
            f"{HOLD_NAMES[cause].zh} {count:,}" if zh else f"{count:,} by {HOLD_NAMES[cause].en}"
            for cause, count in found.held.items()
        ]
        number, causes = sum(found.held.values()), ("，" if zh else ", ").join(told)
        yield (
            f"另有 {number:,} 位本会变动，但暂由稳定性规则保持（{causes}）。"
            if zh
            else f"{number:,} more would move but stay for now, kept by stability ({causes})."
        )
    if found.newly_unknown:
        yield (
            f"⚠ {found.newly_unknown:,} 位客户将失去分数（已知权重不足）。"
            if zh
            else f"⚠ {found.newly_unknown:,} customers would lose their score: too little of its weight is known."
        )


def _guardrails(done: Preview, locale: Locale) -> Iterator[str]:
    judged, zh = done.comparison.guardrails, locale is Locale.ZH
    if not judged:
        return
    yield ""
    crossed = any(one.crossed for one in judged)
    if crossed:
        yield "护栏：已越过！应有第二人批准。" if zh else "GUARDRAIL CROSSED: this should have a second approver."
    else:
        yield "护栏：均未越过。" if zh else "Guardrails: none is crossed."
    rows = [(*_limit(one, locale), str(one.guardrail.place) if one.crossed else "") for one in judged]
    yield from aligned(rows, left=(0, 3))


def _limit(judged: Judged, locale: Locale) -> tuple[str, str, str]:
    zh, mark = locale is Locale.ZH, "✗" if judged.crossed else "✓"
    tier, market = judged.guardrail.tier, judged.market
    if tier is None:
        name = "变动等级的客户" if zh else "customers who move"
    else:
        name = f"{market} 从 {tier} 下降" if zh else f"{market} customers who move down from {tier}"
    of = f"（上限 {percent(judged.limit)}）" if zh else f"of at most {percent(judged.limit)}"
    return f"{mark} {name}", percent(judged.found), of


def _matrix(pair: Pair, locale: Locale) -> Iterator[str]:
    zh = locale is Locale.ZH
    counts = {(cell.before, cell.after): cell.customers for cell in cells(pair)}
    keys = [key for key in (*pair.keys, None) if any(key in move for move in counts)]
    yield ""
    names = [key or UNRATED for key in keys]
    yield f"{pair.market}：从（行）到（列）" if zh else f"{pair.market}: from (rows) to (columns)"
    rows: list[tuple[str, ...]] = [("", *names)]
    for key, name in zip(keys, names, strict=True):
        rows.append((name, *(_cell(counts.get((key, other), 0), stays=key == other) for other in keys)))
    yield from aligned(rows, left=(0,))


def _cell(count: int, *, stays: bool) -> str:
    if not count:
        return "·"
    return f"{count:,}" if stays else f"→{count:,}"


def _campaigns(done: Preview, locale: Locale) -> Iterator[str]:
    zh, found = locale is Locale.ZH, done.comparison
    differing = [one for one in found.campaigns if one.gained or one.lost or one.cost_before != one.cost_after]
    yield ""
    if not differing:
        yield (
            "活动：下一次运行的触达与成本不变。"
            if zh
            else "Campaigns: the next run contacts the same customers at the same cost."
        )
        return
    yield "活动（下一次运行的触达与成本）：" if zh else "Campaigns (contacts of the next run, and their cost):"
    head = ("活动", "现在", "之后", "新增", "减少", "成本") if zh else ("", "now", "then", "new", "gone", "cost")
    rows: list[tuple[str, ...]] = [head]
    live, candidate = found.live.currency, found.candidate.currency
    for one in differing:
        cost = f"{amount(one.cost_before, live):,} → {amount(one.cost_after, candidate):,} {candidate}"
        free = not one.cost_before and not one.cost_after
        counts = (one.before, one.after, one.gained, one.lost)
        rows.append((one.title.within(locale), *(f"{count:,}" for count in counts), "–" if free else cost))
    yield from aligned(rows, left=(0,))
    if live == candidate:
        more = sum(one.cost_after - one.cost_before for one in found.campaigns)
        told = f"{amount(more, live):+,} {live}"
        yield f"  每次运行的成本合计 {told}" if zh else f"  Cost of a run in all: {told}"


def _scores(done: Preview, locale: Locale) -> Iterator[str]:
    zh = locale is Locale.ZH
    for pair in done.comparison.pairs:
        mine = [band for band in done.comparison.scores if band.market is pair.market]
        if all(band.before == band.after for band in mine):
            continue
        yield ""
        yield f"{pair.market} 分数分布：" if zh else f"{pair.market} scores:"
        head = ("分数", "现在", "之后", "") if zh else ("", "now", "then", "")
        most = max(max(band.before, band.after) for band in mine)
        rows = [(_range(band.low), f"{band.before:,}", f"{band.after:,}", _bar(band.after, most)) for band in mine]
        yield from aligned([head, *rows], left=(0, 3))


def _range(low: int) -> str:
    return f"{low}–{low + 10}"


def _bar(count: int, most: int) -> str:
    return "█" * round(30 * count / most) if most else ""
