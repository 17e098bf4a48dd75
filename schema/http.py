"""GraphQL over HTTP: with which type and status a request is answered."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from engine.errors import TouchstoneError
from engine.vocabulary import Locale, Text
from schema import deadlines
from schema.asking import JSON, Asked, RefusedRequestError, read_request
from schema.callers import CHALLENGE, caller_of
from schema.context import Context, Services
from schema.faults import fault_body, told_fault
from schema.languages import language_of, weight_of

RESPONSE_JSON: Final = "application/graphql-response+json"
GRACE_SECONDS: Final = 1.0
"""Fields end at the deadline; an answer that is not there this much later is none."""

_STATUSES: Final = {"UNAUTHENTICATED": (401, CHALLENGE), "FORBIDDEN": (403, {})}
"""Status and headers where nothing could be executed; else the service is not ready."""
_ALLOWED: Final = {"GET": {OperationType.QUERY}, "POST": {OperationType.QUERY, OperationType.MUTATION}}
_RANGE: Final = re.compile(r"\s*([\w*.+-]+/[\w*.+-]+)\s*(?:;\s*q\s*=\s*([0-9.]+))?(?:;.*)?")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_.-]{8,64}")


@dataclass(slots=True)
class Tally:
    """Counts for `/metrics`."""

    requests: dict[int, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)

    def count(self, status: int, errors: list[dict[str, Any]]) -> None:
        """Count one answer."""
        self.requests[status] = self.requests.get(status, 0) + 1
        for error in errors:
            code = str(error.get("extensions", {}).get("code", "INTERNAL"))
            self.faults[code] = self.faults.get(code, 0) + 1


def request_id_of(headers: Headers) -> str:
    """The caller's request id if it looks like one, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def accepted_type(header: str | None) -> str:
    """The media type to answer with.

    Raises:
        RefusedRequestError: 406, none of ours is accepted.

    >>> accepted_type(None), accepted_type("application/graphql-response+json, application/json;q=0.9")
    ('application/json', 'application/graphql-response+json')
    """
    if header is None or not header.strip():
        return JSON
    best, chosen = 0.0, ""
    for part in header[:1000].split(","):
        match = _RANGE.fullmatch(part)
        media = match[1].lower() if match is not None else ""
        ours = {RESPONSE_JSON: RESPONSE_JSON, JSON: JSON, "application/*": JSON, "*/*": JSON}.get(media)
        weight = weight_of(match[2]) if match is not None else 0.0
        if ours is not None and weight > best:
            best, chosen = weight, ours
    if chosen:
        return chosen
    raise RefusedRequestError(
        406,
        "BAD_USER_INPUT",
        Text(f"Answers come as {RESPONSE_JSON} or {JSON}.", f"仅支持 {RESPONSE_JSON} 或 {JSON}。"),
    )


async def execute(schema: Any, asked: Asked, context: Context, method: str) -> ExecutionResult:
    """Execute a request.

    Raises:
        RefusedRequestError: The operation cannot be run this way, or took too long.
    """
    running = schema.execute(
        asked.query,
        variable_values=asked.variables,
        context_value=context,
        operation_name=asked.operation,
        allowed_operation_types=_ALLOWED["GET" if method == "GET" else "POST"],
    )
    try:
        longest = deadlines.length(context.services.deadline, command=True) + GRACE_SECONDS
        result: ExecutionResult = await asyncio.wait_for(running, longest)
    except TimeoutError:
        raise RefusedRequestError(503, "DEADLINE", Text("The answer took too long.", "查询超时。")) from None
    except InvalidOperationTypeError as error:
        raise _wrong_way(error.operation_type) from None
    except (CannotGetOperationTypeError, MissingQueryError):
        message = Text("The document has no such operation to run.", "文档中没有可执行的该操作。")
        raise RefusedRequestError(400, "GRAPHQL_VALIDATION_FAILED", message) from None
    return result


def _wrong_way(kind: OperationType) -> RefusedRequestError:
    if kind is OperationType.SUBSCRIPTION:
        return RefusedRequestError(
            400,
            "BAD_USER_INPUT",
            Text("Subscriptions run over graphql-transport-ws.", "订阅请使用 graphql-transport-ws。"),
        )
    return RefusedRequestError(
        405, "BAD_USER_INPUT", Text("Send mutations by POST.", "变更请使用 POST。"), {"allow": "POST"}
    )


def answer(result: ExecutionResult, media: str) -> tuple[int, dict[str, Any]]:
    """Status and body of an executed request.

    A request that could not begin (parsing, validation, variables) has no `data`; it is 400 in the media type that
    says so by status, and 200 in plain JSON.
    """
    errors = [error.formatted for error in result.errors or ()]
    unbegun = isinstance(result, PreExecutionError) or (
        result.data is None and any(error.path is None for error in result.errors or ())
    )
    body: dict[str, Any] = {} if unbegun else {"data": result.data}
    if errors:
        body["errors"] = errors
    if result.extensions:
        body["extensions"] = result.extensions
    return (400 if unbegun and media == RESPONSE_JSON else 200), body


def _over_budget(body: Mapping[str, Any]) -> dict[str, str]:
    """The header that says when to come again, for an operation beyond the budget."""
    found = (error["extensions"] for error in body.get("errors", ()) if "extensions" in error)
    return next(({"retry-after": str(one["retryAfter"])} for one in found if one["code"] == "LIMIT_RATE"), {})


def respond(status: int, body: Mapping[str, Any], media: str, request_id: str, headers: Mapping[str, str]) -> Response:
    """An answer with its type and request id."""
    content = orjson.dumps(body)
    kind = f"{media}; charset=utf-8"
    return Response(content, status, {**headers, "content-type": kind, "x-request-id": request_id})


async def handle(request: Request, schema: Any, services: Services | TouchstoneError, tally: Tally) -> Response:
    """Answer one GraphQL request; without services (not ready), or a caller who counts, by that fault."""
    request_id = request_id_of(request.headers)
    locale = language_of(request.headers.get("accept-language", ""))
    media, headers, caller = JSON, dict[str, str](), None
    try:
        media = accepted_type(request.headers.get("accept"))
        if isinstance(services, TouchstoneError):
            raise services
        caller = await caller_of(services, request.headers.get("authorization"))
        asked = await read_request(request)
        context = Context(services, locale, request_id, proven=caller)
        result = await execute(schema, asked, context, request.method)
        status, body = answer(result, media)
        headers = _over_budget(body)
        status = 429 if headers and media == RESPONSE_JSON else status
    except TouchstoneError as error:
        status, headers = _STATUSES.get(error.code, (503, {}))
        body = {"errors": [_told(error, locale, request_id)]}
    except RefusedRequestError as refused:
        status, headers = refused.status, refused.headers
        body = {"errors": [fault_body(refused.code, refused.message, locale, request_id)]}
    if caller is not None and isinstance(services, Services):
        body.setdefault("extensions", services.budgets.standing(caller).told(0))
    tally.count(status, body.get("errors", []))
    return respond(status, body, media, request_id, headers)


def _told(error: TouchstoneError, locale: Locale, request_id: str) -> dict[str, Any]:
    code, message, hint = told_fault(error, locale)
    return {"message": message, "extensions": {"code": code, "requestId": request_id, "hint": hint or None}}
