"""Whether a server can decide, and what is missing otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import TouchstoneError
from engine.operations.publishing import require_live_book
from engine.store import Database
from engine.store.reading import has_live_model
from engine.vocabulary import Locale, Text
from schema.context import Services


def within(value: object, locale: Locale) -> object:
    """A text in one language; anything else as it is."""
    return value.within(locale) if isinstance(value, Text) else value


def what_is_missing(services: Callable[[], Services]) -> list[dict[str, Any]]:
    """What is missing, most basic first; without a model deciding works, with what the rules say of unknowns."""
    try:
        database = services().database
        with database.read() as session:
            model = has_live_model(session)
    except TouchstoneError as error:
        return [{"what": "database", "needed": True, "message": error.message, "hint": error.hint}]
    missing: list[dict[str, Any]] = []
    rules = _missing_rules(database)
    if rules is not None:
        missing.append({"what": "rules", "needed": True, "message": rules.message, "hint": rules.hint})
    if not model:
        message = Text("No churn model is live yet.", "尚无启用的流失模型。")
        hint = Text("Train one: touchstone model train.", "请先训练：touchstone model train。")
        missing.append({"what": "model", "needed": False, "message": message, "hint": hint})
    return missing


def _missing_rules(database: Database) -> TouchstoneError | None:
    try:
        with database.read() as session:
            require_live_book(session)
    except TouchstoneError as error:
        return error
    return None
