"""What a request over HTTP must look like: read no further than it may be long, and no deeper than inputs are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.requests import Request

from engine.vocabulary import Text
from schema.odd_literals import NUL_REFUSED

JSON: Final = "application/json"
LARGEST_BODY: Final = 100_000
DEEPEST_VARIABLES: Final = 32


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
                Text(f"The body is longer than {LARGEST_BODY:,} bytes.", f"请求体超过 {LARGEST_BODY:,} 字节。"),
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
    """Refuse variables nested deeper than any input of ours, and text that no database keeps.

    Raises:
        RefusedRequestError: 400, LIMIT_DEPTH or BAD_USER_INPUT.
    """
    level = [variables]
    for _ in range(DEEPEST_VARIABLES):
        inner: list[object] = []
        if any(isinstance(value, str) and "\0" in value for value in level):
            raise RefusedRequestError(400, "BAD_USER_INPUT", NUL_REFUSED)
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
