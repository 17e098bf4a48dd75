"""`touchstone rules moved`: whose tier a rule change moved once it was live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import commands
from engine.cli.options import Json, Lang
from engine.cli.place import database
from engine.errors import DamagedError
from engine.vocabulary import Locale

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from engine.cli.told_moves import Moved
    from engine.store.reading import DecisionView

_MOST = 100_000


@commands.command()
def moved(
    change: Annotated[int, typer.Argument(help="Number of the rule change.", metavar="CHANGE")],
    shown: Annotated[
        int, typer.Option("--first", help="How many customers, newest decision first.", metavar="N", min=0, max=_MOST)
    ] = 20,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """List whose tier a rule change moved once it was live: before and after, and every cause of the move.

    Looked at is each customer's first decision since the change went live, against the one before.

    Example: touchstone rules moved 3 --first 100
    """
    from engine.cli.told_moves import moved_as_json, moved_lines, others_line
    from engine.operations.moving import moved_by_change
    from engine.operations.rule_life import change_of
    from engine.store.reading import customers_by_ids, decisions_by_ids

    with database().read() as session:
        row = change_of(session, change)
        moves = moved_by_change(session, change)
        numbers = moves.decisions[::-1]
        views = decisions_by_ids(session, numbers)
        found = [_moved(session, views[number]) for number in numbers[:shown]]
        named = customers_by_ids(session, [one.decision.customer_id for one in found])
        refs = {number: view.ref for number, view in named.items()}
    if json:
        told = moved_as_json(row, [views[number] for number in numbers], found, refs)
        terminal.emit({**told, "others": list(moves.others)})
        return
    locale: Locale = terminal.choose_locale(lang)
    for line in moved_lines(row, [views[number] for number in numbers], found, refs):
        terminal.say(line.within(locale))
    if moves.others:
        terminal.say(others_line(moves.others).within(locale))


def _moved(session: Session, decision: DecisionView) -> Moved:
    """A decision with the causes of its move; or what is wrong with a chunk, so that they cannot be told."""
    from engine.cli.told_moves import Moved
    from engine.operations.explaining import change_since_before

    try:
        change = change_since_before(session, decision.id)
    except DamagedError as error:
        return Moved(decision, (), error.message)
    return Moved(decision, () if change is None else change.parts, None)
