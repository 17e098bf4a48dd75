"""Sources too old to be believed, told in one line each beside what was decided without them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.rulebook.telling.names import SOURCE_TEXTS
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from engine.operations.stale_sources import StaleSource


def stale_lines(found: Iterable[StaleSource], zone: str, locale: Locale) -> Iterator[str]:
    """One line per source: how far it is complete, that its metrics are unknown, and what to do."""
    zh = locale is Locale.ZH
    for one in found:
        name = SOURCE_TEXTS.get(one.source, Text(one.source)).within(locale)
        plain, name = name, name[:1].upper() + name[1:]
        if one.complete_until is None:
            yield (
                f"⚠ {name}（{one.source}）从未导入：由其计算的指标均未知（过期）。请导入{plain}。"
                if zh
                else f"⚠ {name} were never imported: metrics from them are unknown (stale). Import {plain}."
            )
            continue
        until = one.complete_until.astimezone(ZoneInfo(zone)).date()
        yield (
            f"⚠ {name}（{one.source}）只完整到 {until}：由其计算的指标均未知（过期）。"
            f"请导入更新的{plain}；如果没有更新的，请用 `--complete-until 日期` 重新导入最近的文件。"
            if zh
            else f"⚠ {name} are complete until {until}: metrics from them are unknown (stale). "
            f"Import newer {plain}; if there are none, import the last file again with `--complete-until DATE`."
        )
