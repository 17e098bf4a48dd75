"""Puts the parts together; `touchstone serve` hands uvicorn the string "server:create"."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from engine.access import ANYBODY, Permission, is_loopback
from engine.errors import TouchstoneError
from engine.operations.authenticating import gate_of
from engine.operations.sealing import seal_of
from engine.settings import Settings, load_settings
from engine.store import Database, open_database
from engine.store.reading import head_position, pending_dispatches
from engine.vocabulary import Text
from schema.activating import Activating
from schema.budgets import Budgets
from schema.callers import refusal
from schema.context import Services
from schema.deadlines import in_thread
from schema.documents import ROUTE, decision_document
from schema.editors import rule_schema
from schema.http import Tally, handle
from schema.languages import language_of
from schema.limits import DocumentCache
from schema.readiness import what_is_missing, within
from schema.root import the_schema
from schema.signing import Signing
from schema.sockets import Sockets

GRAPHIQL: Final = Path(__file__).parent / "schema" / "graphiql"

_ONLY_HERE: Final = Text(
    "This server answers on its own machine only (no authentication yet): ask for it as 127.0.0.1 or localhost.",
    "本服务器尚无身份验证，仅供本机访问：请使用 127.0.0.1 或 localhost。",
)
_FOR_PAGES: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self' ws: wss:; frame-ancestors 'none'",
}


class Rooms:
    """What the whole server shares: the database once it can be opened, the counts, the schema.

    A server started before its database is there begins to answer as soon as it is.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        """Keep what the settings say.

        Raises:
            InputError: Authentication that cannot work.
        """
        self.settings = settings
        self.seal = seal_of(settings)
        self.signing = Signing(self._opened, self.seal, now)
        self.activating = Activating(lambda: self.services().database, now)
        self.gate = gate_of(settings)
        self.tally = Tally()
        self._now = now
        self._services: Services | None = None
        self._lock = Lock()

    def services(self) -> Services:
        """What requests share.

        Raises:
            NotReadyError: No database, or one that does not fit this version.
        """
        with self._lock:
            if self._services is None:
                database = open_database(self.settings.database_url)
                unproven = (self.settings.actor or ANYBODY) if self.gate.open else None
                outside = None if self.seal is None else self.seal.outside
                budgets = Budgets(self.settings.budget_rows, self.settings.budget_rows_per_second)
                self._services = Services(
                    database, self._now, unproven, self.gate, checkpoints=outside, budgets=budgets,
                    deadline=self.settings.deadline_seconds,
                )  # fmt: skip
            return self._services

    async def services_or_fault(self) -> Services | TouchstoneError:
        """What requests share, or why it is not there."""
        try:
            return await in_thread(self.services) if self._services is None else self._services
        except TouchstoneError as error:
            return error

    async def close(self) -> None:
        """Let what runs in the background end, then close the database."""
        if self._services is None:
            return
        if self._services.background:
            await asyncio.wait(self._services.background)
        await self.signing.sign()
        self._services.database.close()

    def _opened(self) -> Database | None:
        return None if self._services is None else self._services.database


class OnlyLoopback:
    """Refuses requests addressed to another name than this machine's.

    Without authentication the server listens on loopback only; a page elsewhere could still reach it through a name
    that resolves to 127.0.0.1, and such a request names itself in `Host`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through what was addressed to loopback."""
        if scope["type"] in ("http", "websocket") and not is_loopback(_host_of(scope)):
            if scope["type"] == "websocket":
                await WebSocket(scope, receive, send).close(1008)
                return
            locale = language_of(_header(scope, b"accept-language") or "")
            await PlainTextResponse(_ONLY_HERE.within(locale) + "\n", 421)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _header(scope: Scope, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)


def _host_of(scope: Scope) -> str:
    """The name in `Host`, without port; without the header, loopback (HTTP/1.0 clients on this machine)."""
    named = _header(scope, b"host") or "127.0.0.1"
    if named.startswith("["):
        return named[1:].partition("]")[0]
    return named.rpartition(":")[0] if named.count(":") == 1 else named


def create() -> Starlette:
    """The application, by the settings of the environment."""
    _log_with_times()
    return application(load_settings(), lambda: datetime.now(UTC))


def _log_with_times() -> None:
    """Lines of the log begin with the instant in UTC and how grave they are, unless somebody set up another log."""
    form = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(form)
    logging.basicConfig(handlers=[handler])


def application(settings: Settings, now: Callable[[], datetime]) -> Starlette:
    """The application.

    Args:
        now: The clock.
    """
    logging.getLogger("touchstone").setLevel(settings.log_level.upper())
    schema, cache = the_schema()
    rooms = Rooms(settings, now)
    sockets = Sockets(schema, rooms.services)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        going_on = [asyncio.create_task(one.go_on()) for one in (rooms.signing, rooms.activating)]
        yield
        for one in going_on:
            one.cancel()
        await rooms.close()

    async def graphql_socket(socket: WebSocket) -> None:
        services = await rooms.services_or_fault()
        if isinstance(services, TouchstoneError):
            await socket.close(1013)
        else:
            await sockets(socket.scope, socket.receive, socket.send)

    app = Starlette(
        routes=[
            Route("/graphql", partial(_graphql, rooms, schema), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            WebSocketRoute("/graphql", graphql_socket),
            Mount("/graphiql", StaticFiles(directory=GRAPHIQL), name="graphiql"),
            Route("/healthz", _healthz),
            Route("/readyz", partial(_readyz, rooms)),
            Route("/metrics", partial(_metrics, rooms, cache)),
            Route("/rules/schema.json", partial(_rule_schema, rooms)),
            Route("/rules/schema/{name}", partial(_rule_schema, rooms)),
            Route(ROUTE, partial(_document, rooms)),
            Route("/", _home),
        ],
        lifespan=lifespan,
    )
    if rooms.gate.open:
        app.add_middleware(OnlyLoopback)
    return app


async def _graphql(rooms: Rooms, schema: Any, request: Request) -> Response:
    """GraphQL over HTTP; a browser that asks for a page gets GraphiQL."""
    accepts = request.headers.get("accept", "")
    if request.method in ("GET", "HEAD") and "text/html" in accepts and "query" not in request.query_params:
        return FileResponse(GRAPHIQL / "index.html", headers=_FOR_PAGES)
    return await handle(request, schema, await rooms.services_or_fault(), rooms.tally)


async def _rule_schema(rooms: Rooms, request: Request) -> Response:
    """What editors complete and check rule files by."""
    services = await rooms.services_or_fault()
    return await refusal(request, services, Permission.READ) or await rule_schema(request, services)


async def _document(rooms: Rooms, request: Request) -> Response:
    """The explanation of one decision as a printable page."""
    services = await rooms.services_or_fault()
    refused = await refusal(request, services, Permission.READ)
    return refused or await decision_document(request, services, rooms.settings.objection_contact)


async def _home(request: Request) -> Response:
    """Where to go."""
    return PlainTextResponse(
        "Touchstone: /graphql /decisions/{id}/document /rules/schema.json /readyz /healthz /metrics\n"
    )


async def _healthz(request: Request) -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


async def _readyz(rooms: Rooms, request: Request) -> Response:
    """Whether it can decide, and what is missing otherwise."""
    locale = language_of(request.headers.get("accept-language", ""))
    missing = await in_thread(partial(what_is_missing, rooms.services))
    needed = [one for one in missing if one["needed"]]
    told = [{name: within(value, locale) for name, value in one.items()} for one in missing]
    return JSONResponse({"ready": not needed, "missing": told}, 503 if needed else 200)


async def _metrics(rooms: Rooms, cache: DocumentCache, request: Request) -> Response:
    """Counts in the text format of Prometheus."""
    services = await rooms.services_or_fault()
    refused = await refusal(request, services, Permission.OBSERVE)
    if refused is not None:
        return refused
    lines = _counter("http_requests_total", "Answers of /graphql by status.", "status", rooms.tally.requests)
    lines += _counter("graphql_faults_total", "Faults by code.", "code", rooms.tally.faults)
    lines += _single(
        "graphql_documents_parsed_total", "counter", "Documents parsed, not found in the cache.", cache.parsed
    )
    lines += _single("graphql_documents_validated_total", "counter", "Documents validated.", cache.validated)
    ready = isinstance(services, Services)
    lines += _single("database_up", "gauge", "1: the database can be opened.", int(ready))
    if isinstance(services, Services):
        head, pending = await in_thread(partial(_stored_counts, services.database))
        lines += _single("ledger_position", "gauge", "Position of the last ledger entry.", head)
        lines += _single("outbox_pending", "gauge", "Dispatches that wait in the outbox.", pending)
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


def _stored_counts(database: Database) -> tuple[int, int]:
    with database.read() as session:
        return head_position(session), pending_dispatches(session)


def _single(name: str, kind: str, about: str, value: int) -> list[str]:
    return [f"# HELP touchstone_{name} {about}", f"# TYPE touchstone_{name} {kind}", f"touchstone_{name} {value}"]


def _counter(name: str, about: str, label: str, values: dict[Any, int]) -> list[str]:
    head = [f"# HELP touchstone_{name} {about}", f"# TYPE touchstone_{name} counter"]
    return head + [f'touchstone_{name}{{{label}="{key}"}} {count}' for key, count in sorted(values.items())]
