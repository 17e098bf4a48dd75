"""One way to write a value as JSON bytes, so that a hash over them means the value.

RFC 8785 for a part of JSON on which all serialisers agree: no floating-point numbers, whole numbers within
±(2^53 − 1), ASCII keys. Such bytes are the same from any language.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from engine.vocabulary import EXACT_LIMIT

Json = None | bool | int | str | list["Json"] | tuple["Json", ...] | Mapping[str, "Json"]
"""What can be written canonically."""


def canonical(value: Json) -> bytes:
    """Write a value as canonical JSON: UTF-8, keys sorted, nothing between tokens.

    Raises:
        ValueError: A float, a whole number of 2^53 or more in size, a key that is not ASCII text, a lone
            surrogate, or something that is no JSON; the message says where.

    >>> canonical({"b": [1, True, None], "a": "客户"}).decode()
    '{"a":"客户","b":[1,true,null]}'
    """
    _check(value, "$")
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise ValueError(f"cannot be written as canonical JSON: {error}") from error


def digest(data: bytes) -> str:
    """SHA-256 of bytes, as `sha256:` and 64 lower-case hex digits.

    >>> digest(b"")[:14]
    'sha256:e3b0c44'
    """
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _check(value: Any, place: str) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if not -EXACT_LIMIT < value < EXACT_LIMIT:
            raise ValueError(f"{place}: {value} is too large for canonical JSON, write it as text")
    elif isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"{place}: the key {key!r} is not ASCII text")
            _check(member, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            _check(member, f"{place}[{index}]")
    else:
        raise ValueError(f"{place}: {type(value).__name__} cannot be written as canonical JSON")
