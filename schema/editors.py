"""Over HTTP: the JSON Schemas of the live rule book, for editors that fetch them by address."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from engine import __version__
from engine.errors import TouchstoneError
from engine.operations.publishing import require_live_book
from engine.rulebook import Book
from engine.rulebook.editing import schema_name, schema_text
from engine.rulebook.loader import KNOWN
from engine.vocabulary import Text
from schema.context import Services, in_thread
from schema.languages import language_of

_PATHS: Final = {schema_name(path): path for path in KNOWN}
_UNKNOWN: Final = Text(
    f"There is no such schema. There are: {', '.join(_PATHS)}.", f"没有这样的模式文件。可用：{'、'.join(_PATHS)}。"
)


async def rule_schema(request: Request, services: Services | TouchstoneError) -> Response:
    """The schema of one rule file (`/rules/schema/b2b.json`), or the one for any of them (`/rules/schema.json`)."""
    locale = language_of(request.headers.get("accept-language", ""))
    name = request.path_params.get("name")
    if name is not None and name not in _PATHS:
        return PlainTextResponse(_UNKNOWN.within(locale) + "\n", 404)
    if isinstance(services, TouchstoneError):
        return PlainTextResponse(services.tell(locale) + "\n", 503)
    path = None if name is None else _PATHS[name]
    try:
        book = await in_thread(partial(_live_book, services))
    except TouchstoneError as error:
        return PlainTextResponse(error.tell(locale) + "\n", 503)
    tag = {"etag": f'"{book.revision}-{__version__}"', "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == tag["etag"]:
        return Response(status_code=304, headers=tag)
    text = await in_thread(partial(schema_text, book, path))
    return Response(text, media_type="application/schema+json", headers=tag)


def _live_book(services: Services) -> Book:
    with services.database.read() as session:
        return require_live_book(session)
