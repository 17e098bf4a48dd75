"""GraphQL over HTTP: what a request must look like, and with which type and status it is answered."""

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
from schema.callers import CHALLENGE, caller_of
from schema.context import Context, Services
from schema.faults import fault_body, told_fault
from schema.languages import language_of, weight_of

RESPONSE_JSON: Final = "application/graphql-response+json"
JSON: Final = "application/json"
LARGEST_BODY: Final = 2_000_000
DEEPEST_VARIABLES: Final = 32
DEADLINE_SECONDS: Final = 60.0

_STATUSES: Final = {"UNAUTHENTICATED": (401, CHALLENGE), "FORBIDDEN": (403, {})}
"""Status and headers where nothing could be executed; else the service is not ready."""
_ALLOWED: Final = {"GET": {OperationType.QUERY}, "POST": {OperationType.QUERY, OperationType.MUTATION}}
_RANGE: Final = re.compile(r"\s*([\w*.+-]+/[\w*.+-]+)\s*(?:;\s*q\s*=\s*([0-9.]+))?(?:;.*)?")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class RefusedRequestError(Exception):
    """A request that is answered without being executed.

    Args:
        status: HTTP status.
        code: Of the closed list of faults.
        headers: Further headers of the answer.
    """

    def __init__(self, status: int, code: str, message: Text, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message.en)
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers or {})


@dataclass(frozen=True, slots=True)
class Asked:
    """A well-formed request."""

    query: str
    operation: str | None
    variables: dict[str, Any] | None


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


async def read_request(request: Request) -> Asked:
    """The document, operation and variables of a request.

    Raises:
        RefusedRequestError: Not a well-formed GraphQL request.
    """
    if request.method == "GET":
        named = request.query_params
        given: dict[str, Any] = {"query": named.get("query"), "operationName": named.get("operationName")}
        for name in ("variables", "extensions"):
            given[name] = _json(named[name].encode(), name) if named.get(name) else None
        return _asked(given)
    if request.method != "POST":
        raise RefusedRequestError(
            405,
            "BAD_USER_INPUT",
            Text("Use POST, or GET for queries.", "请使用 POST，查询也可用 GET。"),
            {"allow": "GET, POST"},
        )
    kind = request.headers.get("content-type", "").lower()
    charset = re.search(r"charset=\"?([\w-]+)", kind)
    if kind.split(";")[0].strip() != JSON or (charset is not None and charset[1] != "utf-8"):
        raise RefusedRequestError(
            415, "BAD_USER_INPUT", Text(f"Send {JSON} in UTF-8.", f"请发送 UTF-8 编码的 {JSON}。"), {"accept": JSON}
        )
    return _asked(_json(await _body(request), "body"))


async def _body(request: Request) -> bytes:
    """The body, read no further than it may be long."""
    parts, length = [], 0
    async for part in request.stream():
        parts.append(part)
        length += len(part)
        if length > LARGEST_BODY:
            raise RefusedRequestError(
                413,
                "LIMIT_BODY",
                Text(f"The body is longer than {LARGEST_BODY} bytes.", f"请求体超过 {LARGEST_BODY} 字节。"),
                {"connection": "close"},
            )
    return b"".join(parts)


def _json(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise RefusedRequestError(
            400, "BAD_USER_INPUT", Text(f"The {what} is not JSON.", f"{what} 不是合法的 JSON。")
        ) from None


def _asked(given: Any) -> Asked:
    if not isinstance(given, dict):
        raise RefusedRequestError(400, "BAD_USER_INPUT", Text("Send one JSON object.", "请发送一个 JSON 对象。"))
    query, operation = given.get("query"), given.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise RefusedRequestError(
            400, "BAD_USER_INPUT", Text("`query` must be a document.", "`query` 必须是查询文本。")
        )
    if not isinstance(operation, str | None):
        raise RefusedRequestError(
            400, "BAD_USER_INPUT", Text("`operationName` must be text.", "`operationName` 必须是文本。")
        )
    for name in ("variables", "extensions"):
        if not isinstance(given.get(name), dict | None):
            raise RefusedRequestError(
                400, "BAD_USER_INPUT", Text(f"`{name}` must be an object.", f"`{name}` 必须是对象。")
            )
    variables = given.get("variables")
    refuse_deep(variables)
    return Asked(query, operation or None, variables)


def refuse_deep(variables: object) -> None:
    """Refuse variables nested deeper than any input of ours.

    Raises:
        RefusedRequestError: 400, LIMIT_DEPTH.
    """
    level = [variables]
    for _ in range(DEEPEST_VARIABLES):
        inner: list[object] = []
        for value in level:
            inner += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if not inner:
            return
        level = inner
    raise RefusedRequestError(
        400,
        "LIMIT_DEPTH",
        Text(f"Variables are nested deeper than {DEEPEST_VARIABLES}.", f"变量嵌套超过 {DEEPEST_VARIABLES} 层。"),
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
        result: ExecutionResult = await asyncio.wait_for(running, DEADLINE_SECONDS)
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
    return (400 if unbegun and media == RESPONSE_JSON else 200), body


def respond(status: int, body: Mapping[str, Any], media: str, request_id: str, headers: Mapping[str, str]) -> Response:
    """An answer with its type and request id."""
    content = orjson.dumps(body)
    kind = f"{media}; charset=utf-8"
    return Response(content, status, {**headers, "content-type": kind, "x-request-id": request_id})


async def handle(request: Request, schema: Any, services: Services | TouchstoneError, tally: Tally) -> Response:
    """Answer one GraphQL request; without services (not ready), or a caller who counts, by that fault."""
    request_id = request_id_of(request.headers)
    locale = language_of(request.headers.get("accept-language", ""))
    media, headers = JSON, dict[str, str]()
    try:
        media = accepted_type(request.headers.get("accept"))
        if isinstance(services, TouchstoneError):
            raise services
        caller = await caller_of(services, request.headers.get("authorization"))
        asked = await read_request(request)
        context = Context(services, locale, request_id, proven=caller)
        result = await execute(schema, asked, context, request.method)
        status, body = answer(result, media)
    except TouchstoneError as error:
        status, headers = _STATUSES.get(error.code, (503, {}))
        body = {"errors": [_told(error, locale, request_id)]}
    except RefusedRequestError as refused:
        status, headers = refused.status, refused.headers
        body = {"errors": [fault_body(refused.code, refused.message, locale, request_id)]}
    tally.count(status, body.get("errors", []))
    return respond(status, body, media, request_id, headers)


def _told(error: TouchstoneError, locale: Locale, request_id: str) -> dict[str, Any]:
    code, message, hint = told_fault(error, locale)
    return {"message": message, "extensions": {"code": code, "requestId": request_id, "hint": hint or None}}
