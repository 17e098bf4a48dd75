"""Over HTTP: the document of a decision, one printable page, and the path to it."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from engine.errors import DamagedError, GoneError, InputError, NotFoundError, TouchstoneError
from engine.operations.documents import documented, page_of, policy, refusal_page
from engine.store.reading import Kind, global_id, read_number
from engine.vocabulary import Locale, Text
from schema.context import Services, in_thread, language_of

ROUTE: Final = "/decisions/{id}/document"

_NO_DECISION: Final = Text("There is no such decision", "没有这项决定")
_NOT_THERE: Final = Text(
    "The address names no decision that is stored here. Take it from `documentUrl` of the decision, unchanged.",
    "此地址所指的决定不在本系统中。请使用该决定的 `documentUrl`，不要改动。",
)
_GONE: Final = Text("This decision is no longer here", "该决定已不在此处")
_NO_PAGE: Final = Text("There is no page", "无法显示")
_NO_LANGUAGE: Final = Text(
    "This page exists in English (locale=en) and Chinese (locale=zh).",
    "本页有英文（locale=en）和中文（locale=zh）两种。",
)


def document_path(decision_id: int, locale: Locale) -> str:
    """Where the document of a decision is served, in one language."""
    return f"{ROUTE.format(id=global_id(Kind.DECISION, decision_id))}?locale={locale}"


async def decision_document(request: Request, services: Services | TouchstoneError, contact: str) -> Response:
    """The document of the decision in the path; without `locale` in the request's language.

    Args:
        contact: To whom an objection goes; empty: nobody was named.
    """
    locale = language_of(request.headers.get("accept-language", ""))
    asked = request.query_params.get("locale")
    if asked is not None:
        if asked.lower() not in frozenset(Locale):
            return _page(refusal_page(_NO_PAGE, _NO_LANGUAGE, locale), 400)
        locale = Locale(asked.lower())
    if isinstance(services, TouchstoneError):
        return _page(refusal_page(_NO_PAGE, _told(services), locale), 503)
    try:
        number = read_number(request.path_params["id"], Kind.DECISION)
    except InputError:
        return _page(refusal_page(_NO_DECISION, _NOT_THERE, locale), 404)
    try:
        return _page(await in_thread(partial(_written, services, number, locale, contact)), 200)
    except NotFoundError:
        return _page(refusal_page(_NO_DECISION, _NOT_THERE, locale), 404)
    except GoneError as error:
        return _page(refusal_page(_GONE, _told(error), locale), 410)
    except TouchstoneError as error:  # wrong input too: what is wrong is stored, the reader gave nothing but the id
        status = 500 if isinstance(error, DamagedError | InputError) else 503
        return _page(refusal_page(_NO_PAGE, _told(error), locale), status)


def _written(services: Services, number: int, locale: Locale, contact: str) -> str:
    with services.database.read() as session:
        return page_of(documented(session, number, contact), locale)


def _told(error: TouchstoneError) -> Text:
    return Text(error.tell(Locale.EN), error.tell(Locale.ZH))


def _page(page: str, status: int) -> Response:
    """A page that may load nothing, is framed by nobody and stays in no cache."""
    headers = {
        "content-security-policy": f"{policy()}; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }
    return HTMLResponse(page, status, headers)
