"""Over HTTP: the document of a decision, one printable page, and the path to it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from engine.access import mask
from engine.errors import DamagedError, GoneError, InputError, NotFoundError, TouchstoneError
from engine.operations.documents import Documented, documented, page_of, policy, refusal_page
from engine.store.reading import Kind, global_id, read_number
from engine.vocabulary import Locale, Text
from schema.callers import caller_of
from schema.context import Context, Services, in_thread
from schema.http import request_id_of
from schema.languages import language_of
from schema.personal import note_shown, unmasked

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

    The customer's name is masked without the right and a `purpose`, which is logged.

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
        context = Context(services, locale, request_id_of(request.headers))
        context.proven = await caller_of(services, request.headers.get("authorization"))
        told = await in_thread(partial(_documented, services, number, contact))
        shown = await _for_caller(context, told, request.query_params.get("purpose"))
        return _page(await in_thread(partial(page_of, shown, locale)), 200)
    except NotFoundError:
        return _page(refusal_page(_NO_DECISION, _NOT_THERE, locale), 404)
    except GoneError as error:
        return _page(refusal_page(_GONE, _told(error), locale), 410)
    except TouchstoneError as error:  # wrong input too: what is wrong is stored, the reader gave nothing but the id
        status = 500 if isinstance(error, DamagedError | InputError) else 503
        return _page(refusal_page(_NO_PAGE, _told(error), locale), status)


def _documented(services: Services, number: int, contact: str) -> Documented:
    with services.database.read() as session:
        return documented(session, number, contact)


async def _for_caller(context: Context, told: Documented, purpose: str | None) -> Documented:
    """With the customer's name as the caller may see it; seen unmasked it is on record first."""
    answer = told.answer
    if answer.name is None or await unmasked(context, answer.customer_id, ("name",), purpose):
        await note_shown(context)
        return told
    return replace(told, answer=replace(answer, name=mask(answer.name)))


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
