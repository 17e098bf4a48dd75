"""Faults: every entry of `errors` gets a code of a closed list, the request's id and a hint; the rest is masked."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Mapping
from typing import Any, Final

from graphql import FieldNode, GraphQLError, GraphQLSyntaxError

from engine.errors import InputError, TouchstoneError
from engine.vocabulary import Locale, Text
from schema.context import Context
from schema.literals import written_at
from schema.phrases import phrase

CODES: Final = frozenset(
    "GRAPHQL_PARSE_FAILED GRAPHQL_VALIDATION_FAILED BAD_USER_INPUT BAD_ID BAD_CURSOR NOT_FOUND NOT_READY LIMIT_DEPTH "
    "LIMIT_ALIASES LIMIT_TOKENS LIMIT_BODY LIMIT_COST LIMIT_RATE DEADLINE UNAUTHENTICATED FORBIDDEN "
    "INTROSPECTION_DISABLED DAMAGED REVISION_UNREADABLE ERASED NOT_KEPT INTERNAL".split()
)

LONGEST_MESSAGE: Final = 500
"""Characters; graphql-core repeats what was asked."""

LONGEST_NAME: Final = 64
"""Characters of an operation's name in the log."""

_LOG: Final = logging.getLogger("touchstone.graphql")

_HINTS: Final[Mapping[str, Text]] = {
    "GRAPHQL_PARSE_FAILED": Text("Check brackets and quotes near the place given.", "请检查所给位置附近的括号和引号。"),
    "GRAPHQL_VALIDATION_FAILED": Text("Compare the query with the schema.", "请对照模式检查查询。"),
    "BAD_USER_INPUT": Text("Correct the argument or variable named.", "请修正所指出的参数或变量。"),
    "LIMIT_DEPTH": Text("Ask for less at once, or in several requests.", "请减少嵌套层数，或分多次请求。"),
    "LIMIT_ALIASES": Text("Use fewer aliases, or several requests.", "请减少别名，或分多次请求。"),
    "LIMIT_TOKENS": Text("Send a shorter document; put data into variables.", "请缩短文档，把数据放进变量。"),
    "LIMIT_BODY": Text("Send less in one request.", "请减少单次请求的数据量。"),
    "LIMIT_COST": Text("Ask for smaller pages.", "请减小分页大小。"),
    "UNAUTHENTICATED": Text(
        "Send a token that counts: `Authorization: Bearer …`.", "请发送有效令牌：`Authorization: Bearer …`。"
    ),
    "FORBIDDEN": Text("Ask an administrator for the role.", "请向管理员申请该角色。"),
    "DEADLINE": Text("Try again, or ask for less at once.", "请重试，或减少一次查询的内容。"),
    "INTERNAL": Text(
        "Try again; if it stays, tell the operator the request id.", "请重试；若仍出错，请把请求编号告诉管理员。"
    ),
}

_REQUEST_HINTS: Final[Mapping[str, Text]] = {
    "BAD_USER_INPUT": Text(
        'POST {"query": "…", "variables": {…}} as application/json to /graphql.',
        '请以 application/json 向 /graphql POST {"query": "…", "variables": {…}}。',
    ),
    "GRAPHQL_VALIDATION_FAILED": Text(
        "Name one of the document's operations in `operationName`.", "请用 `operationName` 指明文档中的一个操作。"
    ),
}
"""What to do about a request that could not be executed at all."""

_AGAIN: Final = ("LIMIT_COST", "LIMIT_RATE")
"""Faults that say after how many seconds the same would be answered; null: never."""
_PARSER_LIMITS: Final = {"nested too deeply": "LIMIT_DEPTH", "tokens. Parsing aborted": "LIMIT_TOKENS"}
_VARIABLE: Final = re.compile(r"Variable '(\$\w+)' has invalid (?:default )?value(?: at ([^:]+))?: ", re.DOTALL)
_SENT: Final = re.compile(r", found: .*\Z", re.DOTALL)
"""What was sent, whole rule files among it, is not sent back."""
_UNKNOWN: Final = {
    "GRAPHQL_PARSE_FAILED": Text("", "文档无法解析："),
    "GRAPHQL_VALIDATION_FAILED": Text("", "文档不符合模式："),
    "BAD_USER_INPUT": Text("", "输入有误："),
    "LIMIT_DEPTH": Text("", "请求嵌套过深："),
    "LIMIT_TOKENS": Text("", "文档过长："),
}
"""What introduces an English sentence of graphql-core that is not known to us."""
_DEEP: Final = Text("The request is nested too deeply.", "请求嵌套过深。")
_MASKED: Final = Text("Something went wrong on our side.", "服务内部出错。")


class FaultError(GraphQLError):
    """A fault with its code from the start; the message is for people in both languages."""

    def __init__(self, code: str, message: Text, hint: Text | None = None) -> None:
        super().__init__(message.en)
        self.original_error = TouchstoneError(message, hint or _HINTS.get(code), code)


def finish(errors: list[GraphQLError], context: Context, operation: str | None = None) -> None:
    """Give every error of an answer its code, message in the request's language, request id and hint."""
    for error in errors:
        code, message, hint = _judged(error, context.locale)
        again = {"retryAfter": getattr(_root_cause(error), "retry_after", None)} if code in _AGAIN else {}
        if code == "INTERNAL":
            _report(error, context, operation)
        error.message = message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…"
        error.extensions = {"code": code, "requestId": context.request_id, "hint": hint or None, **again}


def fault_body(code: str, message: Text, locale: Locale, request_id: str) -> dict[str, Any]:
    """A fault found before there is anything to execute, as an entry of `errors`."""
    hint = _REQUEST_HINTS.get(code) or _HINTS.get(code)
    extensions = {"code": code, "requestId": request_id, "hint": None if hint is None else hint.within(locale)}
    return {"message": message.within(locale), "extensions": extensions}


def _judged(error: GraphQLError, locale: Locale) -> tuple[str, str, str]:
    """Code, message and hint of one error."""
    cause = _root_cause(error)
    if isinstance(cause, TouchstoneError):
        code, message, hint = told_fault(cause, locale)
        where = _VARIABLE.match(error.message)
        named = _named(where) if where is not None else written_at(error)
        return code, f"{named}{message}", hint
    if isinstance(cause, RecursionError):
        return "LIMIT_DEPTH", _DEEP.within(locale), _HINTS["LIMIT_DEPTH"].within(locale)
    if cause is not None:
        return "INTERNAL", _MASKED.within(locale), _HINTS["INTERNAL"].within(locale)
    code = _by_shape(error)
    if code == "INTERNAL":
        return code, _MASKED.within(locale), _HINTS[code].within(locale)
    worded, remedy = _worded(error.message, code)
    named = written_at(error)
    worded = Text(named + worded.en, named + worded.zh)
    return code, worded.within(locale), remedy.within(locale)


def _worded(message: str, code: str) -> tuple[Text, Text]:
    """A sentence of graphql-core in our words, with the variable it is about and what to do."""
    where = _VARIABLE.match(message)
    named, rest = ("", message) if where is None else (_named(where), message[where.end() :])
    known = phrase(rest)
    if known is not None:
        return Text(f"{named}{known[0].en}", f"{named}{known[0].zh}"), known[1]
    rest = _SENT.sub(".", rest)
    return Text(f"{named}{rest}", f"{named}{_UNKNOWN[code].zh}{rest}"), _HINTS[code]


def _named(where: re.Match[str]) -> str:
    """The variable an error is about, and the way into it."""
    return f"{where[1]}{where[2] or ''}: "


def _root_cause(error: GraphQLError) -> Exception | None:
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def told_fault(cause: TouchstoneError, locale: Locale) -> tuple[str, str, str]:
    """Code of the closed list, message and hint of one of our errors."""
    code = cause.code
    if code not in CODES:
        code = "DEADLINE" if code == "BUSY" else "BAD_USER_INPUT" if isinstance(cause, InputError) else "INTERNAL"
    hint = cause.hint.within(locale) or (_HINTS[code].within(locale) if code in _HINTS else "")
    return code, cause.message.within(locale), hint


def _by_shape(error: GraphQLError) -> str:
    """Errors of graphql-core itself: those of the parser are of a class, values of variables and missing arguments
    say so in their first words, those of validation have no path; whatever else comes up while executing is ours."""
    if isinstance(error, GraphQLSyntaxError):
        return next((code for words, code in _PARSER_LIMITS.items() if words in error.message), "GRAPHQL_PARSE_FAILED")
    if error.message.startswith("Argument ") or _VARIABLE.match(error.message):
        return "BAD_USER_INPUT"
    return "GRAPHQL_VALIDATION_FAILED" if error.path is None else "INTERNAL"


def _report(error: GraphQLError, context: Context, operation: str | None) -> None:
    """Log where it happened and what kind of error it was; never its message, which may hold what was asked, nor the
    way to it, which has the caller's aliases."""
    cause = _root_cause(error)
    kind = type(cause).__name__ if cause is not None else "GraphQLError"
    frames = "".join(traceback.format_tb(cause.__traceback__)) if cause is not None else ""
    field = next((node.name.value for node in error.nodes or () if isinstance(node, FieldNode)), "-")
    named = (operation or "-")[:LONGEST_NAME]
    _LOG.error("request %s, operation %s: INTERNAL at %s: %s\n%s", context.request_id, named, field, kind, frames)
