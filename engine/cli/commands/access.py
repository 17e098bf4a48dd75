"""`touchstone actors`, `touchstone tokens`: who may do what over the server, and their API tokens.

The command line itself asks nobody: whoever can write the database file (or has its password) has its rights.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from engine.cli import terminal
from engine.cli.options import By, Json, Lang, days, instant
from engine.cli.place import database
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from engine.store.reading import TokenView

actors = typer.Typer(no_args_is_help=True, help="Who may do what over the server: roles of people and programs.")
tokens = typer.Typer(no_args_is_help=True, help="API tokens: issued, replaced, revoked; the secret is shown once.")

_ONCE: Final = Text("Shown this once; keep it safe:", "仅显示这一次，请妥善保存：")
_MOST: Final = 1000

Reason = Annotated[str, typer.Option("--reason", help="Why; it stands in the ledger.", metavar="TEXT")]
Roles = Annotated[
    list[str] | None,
    typer.Option("--role", help="viewer, analyst, author, approver, operator, auditor, privacy or admin.", metavar="R"),
]


def register(app: typer.Typer) -> None:
    """Add `actors` and `tokens` to the program."""
    app.add_typer(actors, name="actors")
    app.add_typer(tokens, name="tokens")


def _named() -> list[str]:
    from engine.store.reading import Slice, actors_page

    names: list[str] = []
    with database().read() as session:
        cursor, more = None, True
        while more:
            page = actors_page(session, Slice(_MOST, cursor))
            names += [view.name for view in page.rows]
            cursor, more = page.cursors[-1] if page.cursors else None, page.has_next
    return names


@actors.command("list")
def list_actors(json: Json = False, lang: Lang = None) -> None:
    """Everybody who was given roles once, and those they have now.

    Example: touchstone actors list
    """
    from engine.store.reading import roles_of_actors

    names = _named()
    with database().read() as session:
        held = roles_of_actors(session, names)
    if json:
        terminal.emit([{"actor": name, "roles": list(held.get(name, ()))} for name in names])
        return
    heads = ("操作人", "角色") if terminal.choose_locale(lang) is Locale.ZH else ("actor", "roles")
    terminal.table(heads, [(name, ", ".join(held.get(name, ())).lower() or "–") for name in names])


@actors.command("roles")
def give_roles(
    actor: Annotated[str, typer.Argument(help="Name of the actor; with OIDC the subject.", metavar="ACTOR")],
    reason: Reason,
    role: Roles = None,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Give an actor exactly these roles; without --role none.

    Example: touchstone actors roles mei --role viewer --role author --reason "joined the team" --by root
    """
    from engine.operations.granting import RolesGiven, set_roles
    from engine.store.reading import roles_of_actors

    store = database()
    name = set_roles(store, RolesGiven(actor, role or [], reason), terminal.actor_of(by), terminal.now())
    with store.read() as session:
        held = roles_of_actors(session, [name]).get(name, ())
    if json:
        terminal.emit({"actor": name, "roles": list(held)})
        return
    said = ", ".join(held).lower() or "–"
    terminal.say(f"{name} 的角色：{said}" if terminal.choose_locale(lang) is Locale.ZH else f"{name} now has: {said}")


@tokens.command()
def issue(
    actor: Annotated[str, typer.Argument(help="Whose token it is; must have roles.", metavar="ACTOR")],
    label: Annotated[str, typer.Option("--label", help="What it is for.", metavar="TEXT")],
    role: Roles = None,
    until: Annotated[
        str, typer.Option("--until", help="How long it counts: a date, an instant, or days such as 90d.", metavar="T")
    ] = "90d",
    replaces: Annotated[
        str | None, typer.Option("--replaces", help="A token of theirs that ends a day from now.", metavar="ID")
    ] = None,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Issue a token with all roles of its actor, or with those named; prints the secret, this once.

    Example: touchstone tokens issue mei --label laptop --role viewer --until 90d --by root
    """
    from engine.access import Actor
    from engine.operations.granting import TokenGiven, issue_token
    from engine.store.reading import Kind, global_id, read_number, roles_of_actors

    store = database()
    now = terminal.now()
    with store.read() as session:
        name = Actor.named(actor).name
        held = roles_of_actors(session, [name]).get(name, ())
    number = None if replaces is None else read_number(replaces, Kind.TOKEN)
    given = TokenGiven(actor, label, role or held, _until(until, now), number)
    issued = issue_token(store, given, terminal.actor_of(by), now)
    if json:
        terminal.emit({"token": global_id(Kind.TOKEN, issued.token), "secret": issued.secret})
        return
    terminal.say(_ONCE.within(terminal.choose_locale(lang)))
    terminal.say(issued.secret or "")


def _until(text: str, now: datetime) -> datetime:
    """An end as people write it; a bare date is 00:00 UTC."""
    if text.endswith("d"):
        return now + timedelta(days=days(text))
    return instant(text, "UTC")


@tokens.command()
def revoke(
    token: Annotated[str, typer.Argument(help="Its id, as `tokens list` shows it.", metavar="ID")],
    reason: Reason,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """End a token at once.

    Example: touchstone tokens revoke tok_0000000000001 --reason "laptop stolen" --by root
    """
    from engine.operations.granting import revoke_token
    from engine.store.reading import Kind, read_number

    revoke_token(database(), read_number(token, Kind.TOKEN), reason, terminal.actor_of(by), terminal.now())
    if json:
        terminal.emit({"token": token, "revoked": True})
    else:
        terminal.say("已吊销。" if terminal.choose_locale(lang) is Locale.ZH else "Revoked.")


@tokens.command("list")
def list_tokens(
    actor: Annotated[str | None, typer.Option("--actor", help="Only this actor's.", metavar="NAME")] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Tokens without their secrets, ended ones too.

    Example: touchstone tokens list --actor mei
    """
    from engine.store.reading import Kind, global_id, tokens_of_actors

    names = _named() if actor is None else [actor]
    with database().read() as session:
        found = [view for name in names for view in tokens_of_actors(session, [name]).get(name, ())]
    if json:
        parts = ("actor", "label", "created_at", "expires_at", "last_used_at", "revoked_at")
        terminal.emit(
            [
                {"token": global_id(Kind.TOKEN, view.id), "begins": f"ts_{view.handle}_", "roles": view.roles.split()}
                | {name: getattr(view, name) for name in parts}
                for view in found
            ]
        )
        return
    zh = terminal.choose_locale(lang) is Locale.ZH
    heads = (
        ("令牌", "开头", "操作人", "名称", "角色", "状态")
        if zh
        else ("token", "begins", "actor", "label", "roles", "state")
    )
    now = terminal.now()
    rows = [
        (global_id(Kind.TOKEN, view.id), f"ts_{view.handle}_…", view.actor, view.label,
         ", ".join(view.roles.split()).lower(), _state(view, now).within(Locale.ZH if zh else Locale.EN))
        for view in found
    ]  # fmt: skip
    terminal.table(heads, rows)


def _state(view: TokenView, now: datetime) -> Text:
    """Whether it still counts, and until when."""
    if view.revoked_at is not None and view.revoked_at <= now:
        at = f"{view.revoked_at:%Y-%m-%d %H:%M} UTC"
        return Text(f"revoked {at}", f"{at} 已吊销")
    end = min(view.expires_at, view.revoked_at or view.expires_at)
    at = f"{end:%Y-%m-%d %H:%M} UTC"
    if end <= now:
        return Text(f"expired {at}", f"{at} 已过期")
    return Text(f"until {at}", f"有效至 {at}")
