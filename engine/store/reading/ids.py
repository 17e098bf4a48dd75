"""Global ids: opaque outside, sortable by creation, one prefix per kind of thing."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from engine.errors import InputError
from engine.vocabulary import Text

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: digits sort before letters, as their values do."""
_DIGITS: Final = 13
_VALUE: Final = {digit: value for value, digit in enumerate(_ALPHABET)}
_SHAPE: Final = re.compile(f"([a-z]{{3}})_([{_ALPHABET}]{{{_DIGITS}}}|[0-9a-f]{{64}})")


class Kind(StrEnum):
    """What an id names; the same words stand before the colon of a ledger entry's subject."""

    CUSTOMER = "customer"
    RECORD = "record"
    ISSUE = "issue"
    DECISION = "decision"
    RUN = "run"
    RULE_CHANGE = "rule_change"
    RULEBOOK = "rulebook"
    MODEL_VERSION = "model_version"
    DISPATCH = "dispatch"
    TASK = "task"
    OVERRIDE = "override"
    ENTRY = "entry"
    TOKEN = "token"  # noqa: S105  (the word)


_PREFIXES: Final = {
    Kind.CUSTOMER: "cus",
    Kind.RECORD: "rec",
    Kind.ISSUE: "iss",
    Kind.DECISION: "dec",
    Kind.RUN: "run",
    Kind.RULE_CHANGE: "chg",
    Kind.RULEBOOK: "rbk",
    Kind.MODEL_VERSION: "mdl",
    Kind.DISPATCH: "dsp",
    Kind.TASK: "tsk",
    Kind.OVERRIDE: "ovr",
    Kind.ENTRY: "ent",
    Kind.TOKEN: "tok",
}
_KINDS: Final = {prefix: kind for kind, prefix in _PREFIXES.items()}


def global_id(kind: Kind | str, number: int) -> str:
    """The id of a row: prefix, underscore, the row number in 13 digits of base 32.

    >>> global_id(Kind.CUSTOMER, 33)
    'cus_0000000000011'
    """
    digits = []
    for _ in range(_DIGITS):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return f"{_PREFIXES[Kind(kind)]}_{''.join(reversed(digits))}"


def rulebook_id(revision: str) -> str:
    """The id of a rule book: it is its content hash, stored or not."""
    return f"{_PREFIXES[Kind.RULEBOOK]}_{revision.removeprefix('sha256:')}"


def read_id(text: str) -> tuple[Kind, int | str]:
    """Kind and row number (for a rule book: revision) of an id.

    Raises:
        InputError: BAD_ID, the text is not an id of ours.

    >>> read_id("cus_0000000000011")
    (<Kind.CUSTOMER: 'customer'>, 33)
    """
    match = _SHAPE.fullmatch(text)
    if match is None or match[1] not in _KINDS:
        raise bad_id()
    kind, digits = _KINDS[match[1]], match[2]
    if (kind is Kind.RULEBOOK) != (len(digits) == 64):
        raise bad_id()
    if kind is Kind.RULEBOOK:
        return kind, f"sha256:{digits}"
    number = 0
    for digit in digits:
        number = number * 32 + _VALUE[digit]
    if number >= 2**63:
        raise bad_id()
    return kind, number


def subject_of(kind: Kind | str, number: int) -> str:
    """How ledger entries name a row.

    >>> subject_of(Kind.RUN, 7)
    'run:7'
    """
    return f"{Kind(kind)}:{number}"


def read_subject(subject: str) -> tuple[Kind, int] | None:
    """The row a ledger entry's subject names; None: not a thing with an id.

    >>> read_subject("run:7"), read_subject("import of orders")
    ((<Kind.RUN: 'run'>, 7), None)
    """
    noun, _, number = subject.partition(":")
    if noun not in frozenset(Kind) or not number.isdecimal():
        return None
    return Kind(noun), int(number)


def read_number(text: str, kind: Kind) -> int:
    """Row number of an id of one kind.

    Raises:
        InputError: BAD_ID, it is not an id of that kind.
    """
    found, number = read_id(text)
    if found is not kind or not isinstance(number, int):
        raise bad_id()
    return number


def bad_id() -> InputError:
    """The fault of an id that is none of ours."""
    return InputError(
        Text("This is not an id of this service.", "这不是本服务的 id。"),
        Text("Take ids from answers and pass them on unchanged.", "请原样使用查询结果里的 id。"),
        code="BAD_ID",
    )
