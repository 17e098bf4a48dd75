"""`touchstone model` and `touchstone value`: churn and lifetime value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import terminal
from engine.cli.options import AsOf, By, Json, Lang, instant
from engine.cli.place import database
from engine.vocabulary import Locale

if TYPE_CHECKING:
    from datetime import datetime

    from engine.store import Database

commands = typer.Typer(no_args_is_help=True, help="Train, evaluate and apply the churn model.")
values = typer.Typer(no_args_is_help=True, help="Lifetime value, historic margin, acquisition cost.")
Horizon = Annotated[int, typer.Option("--horizon", help="Days ahead.", metavar="DAYS", min=7, max=730)]


def register(app: typer.Typer) -> None:
    """Add `model` and `value` to the program."""
    app.add_typer(commands, name="model")
    app.add_typer(values, name="value")


def _zone(place: Database) -> str:
    from engine.operations.publishing import require_live_book

    with place.read() as session:
        return require_live_book(session).timezone


def _when(place: Database, as_of: str | None, now: datetime) -> datetime:
    zone = _zone(place)
    return instant(as_of, zone) if as_of else now


@commands.command()
def train(
    as_of: AsOf = None,
    horizon: Horizon = 90,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; kept in the ledger.", metavar="TEXT")
    ] = "scheduled training",
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Train the churn model on what was known by an instant; it becomes `live`.

    Example: touchstone model train --as-of 2026-11-01 --by analyst
    """
    from engine.operations.modelling import train as train_model

    now, place = terminal.now(), database()
    done = train_model(place, _when(place, as_of, now), horizon, terminal.actor_of(by), reason, now)
    if json:
        terminal.emit({"digest": done.digest, "baseline_won": done.baseline_won, "card": done.card})
        return
    from engine.cli.told_models import training_lines

    for line in training_lines(done.digest, done.card, _zone(place), terminal.choose_locale(lang)):
        terminal.say(line)


@commands.command()
def predict(as_of: AsOf = None, by: By = None, json: Json = False, lang: Lang = None) -> None:
    """Store a churn probability for every customer, with its status and reasons.

    Example: touchstone model predict --as-of 2026-11-01 --by schedule
    """
    from engine.operations.modelling import predict as predict_churn

    now, place = terminal.now(), database()
    counts = predict_churn(place, _when(place, as_of, now), terminal.actor_of(by), now)
    if json:
        terminal.emit({"predictions": counts})
        return
    _say_predictions(counts, terminal.choose_locale(lang))


def _say_predictions(counts: dict[str, int], locale: Locale) -> None:
    from engine.cli.told_models import prediction_rows

    zh = locale is Locale.ZH
    heads = ("客户数", "状态", "") if zh else ("customers", "status", "")
    terminal.table(heads, prediction_rows(counts, locale))


@commands.command()
def evaluate(
    as_of: Annotated[
        list[str] | None, typer.Option("--as-of", help="Snapshots; default those after training.", metavar="T")
    ] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Evaluate the live model at instants after its training, beside four baselines.

    Example: touchstone model evaluate --as-of 2026-08-01 --json
    """
    from engine.operations.modelling import evaluate as evaluate_model

    now, place = terminal.now(), database()
    snapshots = evaluate_model(place, [_when(place, text, now) for text in as_of or ()], now)
    if json:
        terminal.emit({"snapshots": snapshots})
        return
    from engine.cli.told_models import evaluation_table

    terminal.table(*evaluation_table(snapshots, _zone(place), terminal.choose_locale(lang)))


@commands.command()
def card(json: Json = False, lang: Lang = None) -> None:
    """Show the live model's card: label, cut-offs, baselines, digest, predictions by status.

    Example: touchstone model card --lang zh
    """
    from engine.cli.told_models import card_lines, evaluation_table
    from engine.operations.modelling import card_of_live

    locale, place = terminal.choose_locale(lang), database()
    with place.read() as session:
        found = card_of_live(session)
    if json:
        terminal.emit(found)
        return
    for line in card_lines(found, _zone(place), locale):
        terminal.say(line)
    terminal.say()
    terminal.table(*evaluation_table(found["evaluation"], _zone(place), locale))
    terminal.say()
    _say_predictions({status: part["customers"] for status, part in found["predictions"].items()}, locale)


@commands.command("list")
def list_models(json: Json = False, lang: Lang = None) -> None:
    """List model versions, newest first.

    Example: touchstone model list
    """
    from engine.operations.modelling import versions

    with database().read() as session:
        found = versions(session)
    if json:
        terminal.emit(found)
        return
    zh = terminal.choose_locale(lang) is Locale.ZH
    rows = [(v["digest"], v["at"][:16], v["by"], ", ".join(v["aliases"]), v["reason"]) for v in found]
    terminal.table(
        ("摘要", "时间（UTC）", "训练者", "别名", "原因") if zh else ("digest", "at (UTC)", "by", "alias", "why"), rows
    )


@values.command("fit")
def fit_values(
    as_of: AsOf = None, horizon: Horizon = 365, by: By = None, json: Json = False, lang: Lang = None
) -> None:
    """Fit lifetime value and store value, margin and acquisition cost of every customer.

    Example: touchstone value fit --as-of 2026-11-01 --by schedule
    """
    from engine.operations.valuing import estimate_values

    now, place = terminal.now(), database()
    report = estimate_values(place, _when(place, as_of, now), horizon, terminal.actor_of(by), now)
    if json:
        terminal.emit(report)
        return
    from engine.cli.told_models import value_lines
    from engine.vocabulary import Market

    for line in value_lines(report, list(Market), _zone(place), terminal.choose_locale(lang)):
        terminal.say(line)


values.command("predict")(fit_values)
