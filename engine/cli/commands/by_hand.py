"""`touchstone override`: tiers set by hand, the second person, their end."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from engine.cli import terminal
from engine.cli.commands.rules.proposing import OnBehalfOf, person
from engine.cli.options import By, Json, Lang
from engine.cli.place import database
from engine.cli.told_overrides import STATES, as_dict, day_of, in_full, live_zone, read_override, say_in_full
from engine.vocabulary import Locale

if TYPE_CHECKING:
    from typer._click import Context


class _OrSet(TyperGroup):
    """`override REF TIER` is `override set REF TIER`: what is no command of the group is a customer."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Put `set` before arguments that begin with no command."""
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["set", *args]
        return super().parse_args(ctx, args)


overrides = typer.Typer(
    cls=_OrSet,
    no_args_is_help=True,
    help="Tiers set by hand: `override REF TIER --reason CODE`, and the commands below.",
)


def register(app: typer.Typer) -> None:
    """Add `override` to the program."""
    app.add_typer(overrides, name="override")


Number = Annotated[int, typer.Argument(help="Number of the override, see `override list`.", metavar="NUMBER")]


@overrides.command("set")
def set_tier(
    ref: Annotated[str, typer.Argument(help="Customer, source:key.", metavar="REF")],
    tier: Annotated[str, typer.Argument(help="Tier key.", metavar="TIER")],
    reason: Annotated[str, typer.Option("--reason", help="Reason code; kept for ever.", metavar="CODE")],
    days: Annotated[int, typer.Option(help="In force for so many days.", metavar="N", min=1, max=366)] = 90,
    note: Annotated[str | None, typer.Option(help="More words.", metavar="TEXT")] = None,
    evidence: Annotated[
        list[str] | None, typer.Option("--evidence", help="A link, record id or text; may be repeated.", metavar="TEXT")
    ] = None,
    by: By = None,
    on_behalf_of: OnBehalfOf = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Set a customer's tier by hand for a time; the computed tier stays beside it.

    Where the rule book asks for a second person, it takes effect once somebody else has approved it.

    Example: touchstone override demo:B-0007 A --reason strategic --days 90 --by sales-lead
    """
    from engine.operations.overriding import OverrideInput, override_tier
    from engine.store.reading import overrides_by_ids

    now, place = terminal.now(), database()
    until = now + timedelta(days=days)
    given = OverrideInput(ref, tier, reason, until, note, tuple(evidence or ()), on_behalf_of=on_behalf_of)
    number = override_tier(place, given, terminal.actor_of(by), now)
    with place.read() as session:
        waits = overrides_by_ids(session, [number])[number].needs_approval
    if json:
        state = "PENDING" if waits else "ACTIVE"
        terminal.emit({"override": number, "customer": ref, "tier": tier, "expires_at": until, "state": state})
        return
    zh, day = terminal.choose_locale(lang) is Locale.ZH, day_of(until, live_zone())
    if waits:
        terminal.say(
            f"{ref}：{tier}，至 {day}，须经另一人批准后生效：touchstone override approve {number}"
            if zh
            else f"{ref} is to be {tier} until {day} once somebody else approves: touchstone override approve {number}"
        )
    else:
        terminal.say(
            f"{ref}：{tier}，至 {day}，下次评级起生效。"
            if zh
            else f"{ref} is {tier} until {day}, from the next decision on."
        )


@overrides.command()
def approve(
    number: Number,
    note: Annotated[str | None, typer.Option("--note", help="What to say about it.", metavar="TEXT")] = None,
    reject: Annotated[bool, typer.Option("--reject", help="Refuse it instead.")] = False,
    by: By = None,
    on_behalf_of: OnBehalfOf = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Approve (or --reject) a tier that somebody else has set by hand; it is in force from the next decision on.

    Says what it was; `override show NUMBER` says so before.

    Example: touchstone override approve 3 --by li
    """
    from engine.operations.overriding import approve_override

    one, why = read_override(number)
    approve_override(database(), number, not reject, person(by, on_behalf_of), terminal.now(), note, one.row.version)
    if json:
        told = {name: value for name, value in in_full(one, why).items() if name not in ("id", "state", "version")}
        terminal.emit({"override": number, "approved": not reject, **told})
        return
    locale = terminal.choose_locale(lang)
    zh = locale is Locale.ZH
    say_in_full(one, why, locale)
    en = "refused" if reject else "approved; in force from the next decision on"
    terminal.say(
        f"人工评级 {number} {'已驳回' if reject else '已批准，下次评级起生效'}。"
        if zh
        else f"Override {number} is {en}."
    )


@overrides.command()
def show(number: Number, json: Json = False, lang: Lang = None) -> None:
    """What was set by hand, by whom and why, beside the computed tier; and why it waits for a second person.

    Example: touchstone override show 3
    """
    one, why = read_override(number)
    if json:
        terminal.emit(in_full(one, why))
    else:
        say_in_full(one, why, terminal.choose_locale(lang))


@overrides.command()
def end(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept for ever.", metavar="TEXT")],
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """End a tier set by hand before its time, or take one back that waits.

    Example: touchstone override end 3 --reason "the contract has ended" --by sales-lead
    """
    from engine.operations.overriding import end_override

    end_override(database(), number, terminal.actor_of(by), reason, terminal.now())
    if json:
        terminal.emit({"override": number, "state": "ENDED"})
    else:
        zh = terminal.choose_locale(lang) is Locale.ZH
        terminal.say(f"人工评级 {number} 已结束。" if zh else f"Override {number} has ended.")


@overrides.command()
def expire(by: By = None, json: Json = False, lang: Lang = None) -> None:
    """Tell the ledger of tiers set by hand whose time is over; a run does so too.

    Example: touchstone override expire --by schedule
    """
    from engine.operations.overriding import expire_overrides

    done = expire_overrides(database(), terminal.actor_of(by), terminal.now())
    if json:
        terminal.emit({"expired": done})
    else:
        zh = terminal.choose_locale(lang) is Locale.ZH
        terminal.say(f"{len(done)} 个人工评级已到期。" if zh else f"{len(done)} overrides have expired.")


@overrides.command("list")
def list_overrides(
    pending: Annotated[bool, typer.Option("--pending", help="Only those that wait for a second person.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many.", metavar="N", min=1)] = 50,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Tiers set by hand, the latest first, each beside the tier that is computed now.

    Example: touchstone override list --pending
    """
    from engine.operations.overriding import Standing, listed_overrides

    locale = terminal.choose_locale(lang)
    with database().read() as session:
        found = listed_overrides(session, terminal.now(), (Standing.PENDING,) if pending else None, limit)
    if json:
        terminal.emit([as_dict(one) for one in found])
        return
    zone = live_zone()
    rows = [
        (
            one.row.id, one.ref, one.row.tier, one.computed or "", STATES[one.standing].within(locale), one.row.reason,
            day_of(one.row.expires_at, zone), one.row.actor, one.row.approver or "",
        )
        for one in found
    ]  # fmt: skip
    en = ("#", "customer", "by hand", "computed", "state", "reason", "until", "by", "second person")
    zh = ("#", "客户", "人工等级", "计算等级", "状态", "原因", "至", "操作人", "第二人")
    terminal.table(zh if locale is Locale.ZH else en, rows)


@overrides.command()
def stats(json: Json = False, lang: Lang = None) -> None:
    """Which rules are overridden most, for which reasons, and from which tier to which.

    Counts every tier ever set by hand; `rules health --all` tells of those in force, rule by rule.

    Example: touchstone override stats
    """
    from engine.operations.overriding import override_statistics

    locale = terminal.choose_locale(lang)
    with database().read() as session:
        found = override_statistics(session, terminal.now())
    if json:
        terminal.emit(asdict(found))
        return
    zh = locale is Locale.ZH
    heads = ("规则", "人工改动次数", "现由其定级的客户") if zh else ("rule", "overridden", "customers it decides now")
    terminal.table(heads, [(one.rule, one.overridden, one.customers) for one in found.rules])
    terminal.say()
    terminal.table(("原因", "次数") if zh else ("reason", "count"), [(one.reason, one.count) for one in found.reasons])
    terminal.say()
    moved = ("客户类型", "计算等级", "人工等级", "次数") if zh else ("market", "computed", "by hand", "count")
    terminal.table(moved, [(one.market.value, one.computed or "", one.tier, one.count) for one in found.moves])
    terminal.say()
    states = [(STATES[one.state].within(locale), one.count) for one in found.states]
    terminal.table(("状态", "次数") if zh else ("state", "count"), states)
