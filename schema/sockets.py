"""Subscriptions over graphql-transport-ws: same schema, no foreign origins, bounded messages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.http.exceptions import NonJsonMessageReceived
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ConnectionInitMessage
from strawberry.types.unset import UnsetType

from engine.errors import ForbiddenError, TouchstoneError, UnauthenticatedError
from schema.callers import caller_of, renewal_of
from schema.context import Context, Services
from schema.http import LARGEST_BODY, RefusedRequestError, refuse_deep, request_id_of
from schema.languages import language_of

MOST_OPERATIONS: Final = 20
"""Running operations of one connection."""


class CheckedMessages(ASGIWebSocketAdapter):
    """Lets only messages through that have the protocol's shape."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        """Messages as they come.

        Raises:
            NonJsonMessageReceived: Not such a message; the connection is closed for it.
        """
        async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
            if not isinstance(message, dict) or not _has_shape(message):
                raise NonJsonMessageReceived
            yield message


def _has_shape(message: dict[str, Any]) -> bool:
    if message.get("type") not in ("subscribe", "complete"):
        return isinstance(message.get("type"), str)
    if not isinstance(message.get("id"), str):
        return False
    if message["type"] == "complete":
        return True
    payload = message.get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return False
    if len(payload["query"]) > LARGEST_BODY or not isinstance(payload.get("operationName"), str | None):
        return False
    if not isinstance(payload.get("variables"), dict | None):
        return False
    try:
        refuse_deep(payload.get("variables"))
    except RefusedRequestError:
        return False
    return True


_CLOSED: Final[tuple[tuple[type[TouchstoneError], int, str], ...]] = (
    (UnauthenticatedError, 4401, "Unauthorized"),
    (ForbiddenError, 4403, "Forbidden"),
    (TouchstoneError, 1013, "Try again later"),
)
"""Code and reason a connection is closed with that cannot begin."""


class CheckedCallers(BaseGraphQLTransportWSHandler[Context, None]):
    """Lets only callers begin who are known."""

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """The first message; what it shows as proof is looked at before it is acknowledged."""
        try:
            await super().handle_connection_init(message)
        except TouchstoneError as error:
            code, reason = next((code, reason) for kind, code, reason in _CLOSED if isinstance(error, kind))
            await self.websocket.close(code=code, reason=reason)


def _shown(context: Context) -> str | None:
    """What `connection_init` shows as proof: its `authorization`, in any case."""
    for name, value in (context.connection_params or {}).items():
        if name.lower() == "authorization" and isinstance(value, str):
            return value
    return None


class Sockets(GraphQL[Context, None]):
    """The websocket side of the GraphQL path."""

    websocket_adapter_class = CheckedMessages
    graphql_transport_ws_handler_class = CheckedCallers

    def __init__(self, schema: Any, services: Callable[[], Services]) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=10),
            max_subscriptions_per_connection=MOST_OPERATIONS,
        )
        self._services = services

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """One context per connection; it keeps nothing it has loaded, since every event is later."""
        locale = language_of(request.headers.get("accept-language", ""))
        return Context(self._services(), locale, request_id_of(request.headers), keeps=False)

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """Who opened the connection; asked again from time to time while it is open.

        Raises:
            TouchstoneError: Nobody who counts.
        """
        shown = _shown(context)
        context.proven = await caller_of(context.services, shown)
        context.renewal = renewal_of(context.services, shown, context.proven)
        return await super().on_ws_connect(context)

    def decode_json(self, data: str | bytes) -> object:
        """Read a message; too deep is refused like anything that is not JSON."""
        return orjson.loads(data)
