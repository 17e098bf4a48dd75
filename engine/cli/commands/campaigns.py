"""`touchstone campaigns`, `tasks`, `kpis`: what follows from decisions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from engine.cli import terminal
from engine.cli.options import By, Json, Lang, instant
from engine.cli.place import database
from engine.vocabulary import Locale, Market, Text, Unit

if TYPE_CHECKING:
    from engine.operations.contacts import Volume

_STATES: Final = {
    "PENDING": Text("waiting", "待发送"),
    "SENT": Text("sent", "已送出"),
    "DELIVERED": Text("delivered", "已送达"),
    "FAILED": Text("failed", "失败"),
    "CANCELLED": Text("cancelled", "已取消"),
    "SUPPRESSED": Text("not sent", "未发送"),
}

commands = typer.Typer(no_args_is_help=True, help="Campaigns: who was contacted, who was not and why.")


def register(app: typer.Typer) -> None:
    """Add `campaigns`, `tasks` and `kpis` to the program."""
    app.add_typer(commands, name="campaigns")
    app.command()(tasks)
    app.command()(kpis)


@commands.command("list")
def list_campaigns(
    who: Annotated[int, typer.Option("--who", help="Show so many customers of each line.", metavar="N", min=0)] = 0,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Campaigns of all runs: dispatches by state, and why the others were suppressed.

    Example: touchstone campaigns list --who 3
    """
    from engine.operations.contacts import campaign_volumes

    locale = terminal.choose_locale(lang)
    with database().read() as session:
        volumes = campaign_volumes(session, who)
    if json:
        names = ("campaign", "channel", "state", "suppressed_by", "customers", "refs")
        terminal.emit([{name: getattr(volume, name) for name in names} for volume in volumes])
        return
    heads = (
        ("活动", "渠道", "状态", "原因", "人数")
        if locale is Locale.ZH
        else ("campaign", "channel", "state", "why not", "count")
    )
    rows = [
        (v.title.within(locale), v.channel, _state(v, locale), _cause(v, locale), v.customers, *_examples(v, who))
        for v in volumes
    ]
    named = (("例如" if locale is Locale.ZH else "e.g."),) if who else ()
    terminal.table((*heads, *named), rows)


def _state(volume: Volume, locale: Locale) -> str:
    found = _STATES.get(volume.state)
    return volume.state if found is None else found.within(locale)


def _cause(volume: Volume, locale: Locale) -> str:
    from engine.decisions.explanation.narration import SUPPRESSED

    found = SUPPRESSED.get(volume.suppressed_by or "")
    return (volume.suppressed_by or "") if found is None else found.within(locale)


def _examples(volume: Volume, who: int) -> tuple[str, ...]:
    return (", ".join(volume.refs),) if who else ()


@commands.command()
def run(by: By = None, json: Json = False, lang: Lang = None) -> None:
    """Deliver the outbox: owner tasks are created, other channels print to this console.

    Example: touchstone campaigns run --by crm-ops
    """
    from engine.operations.dispatching import deliver_pending

    console = terminal.complain if json else terminal.say
    done = deliver_pending(database(), terminal.now(), console, terminal.actor_of(by))
    if json:
        terminal.emit({"delivered": done.total, "by_channel": done.by_channel})
    else:
        zh = terminal.choose_locale(lang) is Locale.ZH
        channels = ", ".join(f"{channel} {count}" for channel, count in done.by_channel.items())
        more = f" ({channels})" if channels else ""
        terminal.say(f"已送出：{done.total}{more}" if zh else f"delivered: {done.total}{more}")


def tasks(
    assignee: Annotated[str | None, typer.Option(help="Only this owner's.", metavar="OWNER")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", metavar="N", min=1)] = 20,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Open owner tasks, the ones due soonest first.

    Example: touchstone tasks --assignee east-sales-1
    """
    from engine.operations.publishing import live_book
    from engine.operations.tasks import open_tasks

    zh = terminal.choose_locale(lang) is Locale.ZH
    with database().read() as session:
        found, book = open_tasks(session, assignee, limit), live_book(session)
    if json:
        names = ("id", "kind", "state", "title_en", "title_zh", "assignee", "due_at", "version")
        terminal.emit([{name: getattr(task, name) for name in names} for task in found])
        return
    zone = ZoneInfo(book.timezone if book is not None else "UTC")
    rows = [
        (t.id, t.due_at and f"{t.due_at.astimezone(zone):%Y-%m-%d}", t.assignee or "", t.title_zh if zh else t.title_en)
        for t in found
    ]
    terminal.table(("#", "截止", "负责人", "任务") if zh else ("#", "due", "owner", "task"), rows)


def kpis(
    start: Annotated[
        str | None, typer.Option("--from", help="First day; default a year before --to.", metavar="T")
    ] = None,
    stop: Annotated[str | None, typer.Option("--to", help="Day after the last; default now.", metavar="T")] = None,
    market: Annotated[Market | None, typer.Option(help="B2B or B2C; default both.", metavar="B2B|B2C")] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Population figures of a period: retention, repurchase, revenue per buyer, CLV, CAC and more.

    Example: touchstone kpis --from 2026-01-01 --to 2026-11-01 --lang zh
    """
    from engine.operations.publishing import require_live_book
    from engine.operations.reporting import kpis as figures

    locale = terminal.choose_locale(lang)
    with database().read() as session:
        zone = require_live_book(session).timezone
        end = instant(stop, zone) if stop else terminal.now()
        begin = instant(start, zone) if start else end - timedelta(days=365)
        found = figures(session, market, begin, end)
    if json:
        names = ("name", "market", "value", "unit", "currency", "cause", "numerator", "denominator")
        terminal.emit([{name: _plain(getattr(kpi, name)) for name in names} for kpi in found])
        return
    unknown = "未知" if locale is Locale.ZH else "unknown"
    rows = [
        (
            k.market.value,
            k.title.within(locale),
            unknown if k.value is None else k.value,
            k.currency or _unit(k.unit, locale),
        )
        for k in found
    ]
    terminal.table(
        ("客户类型", "指标", "数值", "单位") if locale is Locale.ZH else ("market", "figure", "value", "unit"), rows
    )


def _unit(unit: Unit, locale: Locale) -> str:
    """English readers get the word that rule files use."""
    from engine.expressions.units import TITLES

    return TITLES[unit].zh if locale is Locale.ZH else unit.value


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (str, int)) else str(value)
