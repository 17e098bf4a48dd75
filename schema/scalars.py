"""Scalars: exact decimals, instants with offset, dates, digests, refs and typed values."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from engine.errors import InputError
from engine.vocabulary import YEARS, Text

Hash = NewType("Hash", str)
Ref = NewType("Ref", str)
Value = NewType("Value", str)

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_HASH: Final = re.compile(r"sha256:[0-9a-f]{64}")
_REF: Final = re.compile(r"[^\s:]{1,64}:\S.{0,199}")
_DECIMAL: Final = re.compile(r"-?\d{1,18}(\.\d{1,9})?")


def _refused(en: str, zh: str) -> InputError:
    """No error of GraphQL's own: those would be passed on without the place of a literal."""
    return InputError(Text(en, zh), code="BAD_USER_INPUT")


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise _refused(f"A {what} is written as a JSON string.", f"{what} 须写成 JSON 字符串。")
    return value


def _parse_decimal(value: object) -> Decimal:
    text = _text(value, "Decimal")
    if not _DECIMAL.fullmatch(text):
        raise _refused(
            "A Decimal looks like 74.25: digits, at most 18 before and 9 after the point.",
            "Decimal 形如 74.25：小数点前最多 18 位，后最多 9 位。",
        )
    return Decimal(text)


def _parse_instant(value: object) -> datetime:
    """An aware instant, or for a bare date a naive midnight: the request puts it into the rule book's zone."""
    text = _text(value, "DateTime")
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _refused(
            "A DateTime looks like 2026-12-01T08:00:00+08:00, or is a bare date.",
            "DateTime 形如 2026-12-01T08:00:00+08:00，或只写日期。",
        ) from None
    if not YEARS[0] <= instant.year <= YEARS[1]:
        raise _refused(
            f"A DateTime lies between {YEARS[0]} and {YEARS[1]}.", f"DateTime 须在 {YEARS[0]} 至 {YEARS[1]} 年之间。"
        )
    if _DATE.fullmatch(text):
        return instant
    if instant.tzinfo is None:
        raise _refused(
            "A time needs an offset, e.g. 2026-12-01T08:00:00+08:00, or Z for UTC.",
            "时间必须带时区，例如 2026-12-01T08:00:00+08:00，UTC 用 Z。",
        )
    return instant.astimezone(UTC)


def _serialize_instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _parse_date(value: object) -> date:
    text = _text(value, "Date")
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _refused("A Date looks like 2026-12-01.", "日期形如 2026-12-01。")


def _parse_hash(value: object) -> Hash:
    if not _HASH.fullmatch(_text(value, "Hash")):
        raise _refused("A Hash is `sha256:` and 64 lower-case hex digits.", "Hash 为 `sha256:` 加 64 位小写十六进制。")
    return Hash(str(value))


def _parse_ref(value: object) -> Ref:
    if not _REF.fullmatch(_text(value, "Ref")):
        raise _refused("A Ref is `source:key`, e.g. `demo:B-0007`.", "Ref 形如“来源:编号”，例如 `demo:B-0007`。")
    return Ref(str(value))


def _parse_value(value: object) -> Value:
    return Value(_text(value, "Value"))


def _scalar(name: str, description: str, **functions: object) -> ScalarDefinition:
    made: ScalarDefinition = strawberry.scalar(name=name, description=description, **functions)  # type: ignore[call-overload]
    return made


SCALARS: Final[dict[object, ScalarDefinition]] = {
    Decimal: _scalar(
        "Decimal",
        'Exact decimal number as a JSON string, e.g. "74.2500"; never a float.',
        serialize=lambda value: format(value, "f"),
        parse_value=_parse_decimal,
    ),
    datetime: _scalar(
        "DateTime",
        "An instant, ISO 8601 with offset, answered in UTC. As input also a bare date: 00:00 in the rule book's time "
        "zone; a time without offset is refused.",
        serialize=_serialize_instant,
        parse_value=_parse_instant,
    ),
    date: _scalar(
        "Date",
        "A calendar date, ISO 8601.",
        serialize=lambda value: value.isoformat(),
        parse_value=_parse_date,
    ),
    Hash: _scalar(
        "Hash",
        "Content digest, `sha256:` and 64 lower-case hex digits.",
        serialize=str,
        parse_value=_parse_hash,
    ),
    Ref: _scalar(
        "Ref",
        "A customer's name outside: `source:key`, e.g. `demo:B-0007`.",
        serialize=str,
        parse_value=_parse_ref,
    ),
    Value: _scalar(
        "Value",
        "A typed value as text: exact decimal, `true`/`false`, text, or date, read by the `unit` beside it.",
        serialize=str,
        parse_value=_parse_value,
    ),
}
