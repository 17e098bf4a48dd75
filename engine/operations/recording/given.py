"""What is given to be recorded, and how its fields are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from engine.errors import UserProblem
from engine.intake import CURRENCIES, REASONS, UnfitValueError, read_value, shortened
from engine.vocabulary import Market, RecordKind, Text, Unit

_REF: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}:[^\x00-\x1f\x7f]{1,200}")


@dataclass(frozen=True, slots=True)
class FieldGiven:
    """A field as text; its type is declared elsewhere.

    Attributes:
        value: Exact decimal, `true`/`false`, text or date; None removes it.
        currency: ISO 4217, iff money.
    """

    name: str
    value: str | None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerGiven:
    """A new customer, or an edit of one.

    Attributes:
        ref: `source:key`.
        name, owner: None: as it is.
        identities: Further refs of the same customer.
        expected_version: Version the caller had read; None: must not exist yet.
    """

    ref: str
    market: Market
    name: str | None = None
    owner: str | None = None
    identities: Sequence[str] = ()
    fields: Sequence[FieldGiven] = ()
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class RecordGiven:
    """One record of any kind.

    Attributes:
        customer: Any of the customer's refs; its source is the record's source too.
        key: Key in the source.
        corrects: A new version of the record with this key.
    """

    customer: str
    kind: RecordKind
    key: str
    occurred_at: datetime
    fields: Sequence[FieldGiven] = ()
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class OrderGiven:
    """One order; `net` is an exact decimal in major units. `key` None: the idempotency key."""

    customer: str
    occurred_at: datetime
    net: str
    currency: str
    status: str
    key: str | None = None
    fields: Sequence[FieldGiven] = ()


@dataclass(frozen=True, slots=True)
class RecordsRecorded:
    """Row numbers of the records in the order given, and how many of them were there already, exactly so."""

    record_ids: tuple[int, ...]
    linked: int


@dataclass(slots=True)
class Complaints:
    """Problems found so far."""

    problems: list[UserProblem] = field(default_factory=list)

    def add(self, code: str, path: tuple[str, ...], message: Text, hint: Text | None = None) -> None:
        """Note one problem."""
        self.problems.append(UserProblem(code, message, path, hint or Text("")))

    def ref(self, ref: str, path: tuple[str, ...]) -> None:
        """Complain about what is no ref."""
        if _REF.fullmatch(ref) is None:
            self.add(
                "INVALID",
                path,
                Text(f"{shortened(ref)!r} is not a reference.", f"{shortened(ref)!r} 不是客户标识。"),
                Text("Write `source:key`, e.g. demo:B-0007.", "格式为“来源:编号”，如 demo:B-0007。"),
            )

    def value(self, given: FieldGiven, unit: Unit, allowed: tuple[str, ...], path: tuple[str, ...]) -> int | str | None:
        """The stored value of a field; None where it is empty or wrong."""
        if given.value is None:
            return None
        if unit is Unit.MONEY and given.currency not in CURRENCIES:
            self.add(
                "CURRENCY",
                (*path, "currency"),
                Text(f"{given.name} is money and needs a currency.", f"{given.name} 是金额，需要币种。"),
                Text("Give an ISO 4217 code, e.g. CNY.", "请给出 ISO 4217 代码，如 CNY。"),
            )
            return None
        try:
            return read_value(given.value, unit, given.currency or "", allowed)
        except UnfitValueError as error:
            reason = REASONS[str(error)]
            shown = shortened(given.value)
            listed = ", ".join(allowed)
            self.add(
                "INVALID",
                (*path, "value"),
                Text(f"{given.name} {shown!r}: {reason.en}", f"{given.name} {shown!r}：{reason.zh}"),
                Text(f"Allowed: {listed}.", f"可用：{listed}。") if allowed else None,
            )
            return None
