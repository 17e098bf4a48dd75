"""The parts of a mapping file: columns, conditions, rules."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from engine.intake.faults import WrongMappingError
from engine.vocabulary import Market, Text, Unit

FieldType = Literal[
    "money", "ratio", "probability", "count", "days", "months", "points", "bool", "text", "date", "instant", "number"
]
"""Units as in rule files; `instant` is a date with a time, `number` a decimal with up to six places."""


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_listed)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise WrongMappingError(
            Text(
                f"{name!r} is no time zone; write it as in Asia/Shanghai", f"{name!r} 不是时区，请照 Asia/Shanghai 书写"
            )
        ) from error
    return name


def _completeness(rule: str) -> str:
    if rule not in COMPLETENESS:
        try:
            date.fromisoformat(rule)
        except ValueError as error:
            listed = ", ".join(COMPLETENESS)
            raise WrongMappingError(Text(f"must be {listed} or a date", f"须为 {listed} 或日期")) from error
    return rule


COMPLETENESS = ("max(occurred_at)", "max(recorded_at)", "now")
Bound = Annotated[float | None, Field(allow_inf_nan=False)]


class Shape(BaseModel):
    """Strict about keys; values are given as text and read by their type."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Titled(Shape):
    """A text in both languages."""

    en: str
    zh: str = ""

    def text(self) -> Text:
        """The text itself."""
        return Text(self.en, self.zh)


class ColumnSpec(Shape):
    """Where a field comes from and how it is written.

    Attributes:
        headers: Alternatives, the first one found in the file is used (`from` in the file).
        constant: The same value for every row, instead of a column.
        product: Two columns of the mapping whose product it is, rounded half to even.
        otherwise: Where it comes from on rows on which it is empty.
        type: Needed unless the field is one of the entity's.
        formats: Of dates and instants, as in `strftime`; default: unambiguous ones only.
        units: Endings and the power of ten each stands for, e.g. `{万: 4}`.
        symbols: Signs around a number that mean nothing, e.g. `¥`.
        values: Words of the file and what they stand for.
        known: Words expected; others are kept and reported with the nearest one.
        above: Numbers must be greater, `at_least`, `at_most`: not beyond.
        personal: A customer field that holds personal data: masked for who may not see them, in every source.
        round: Take more decimals than the unit has, half to even; else such a row is refused.
    """

    headers: Texts = Field(default=[], alias="from")
    constant: str | None = None
    product: tuple[str, str] | None = None
    otherwise: ColumnSpec | None = None
    type: FieldType | None = None
    required: bool = False
    formats: Texts = []
    decimal: Literal[".", ","] = "."
    thousands: Texts = [","]
    symbols: Texts = ["¥", "￥", "$", "€", "£", "元"]
    units: dict[str, Annotated[int, Field(ge=-12, le=12)]] = {}
    values: dict[str, str] = {}
    known: list[str] = []
    above: Bound = None
    at_least: Bound = None
    at_most: Bound = None
    personal: bool = False
    round: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = sum((bool(self.headers), self.constant is not None, self.product is not None))
        if given != 1:
            raise WrongMappingError(
                Text("needs exactly one of `from`, `constant`, `product`",
                     "须且只能有 `from`、`constant`、`product` 之一")
            )  # fmt: skip
        return self


class Condition(Shape):
    """A question about one column of a row; all parts given must hold."""

    column: str
    missing: bool | None = None
    starts_with: Texts = []
    one_of: Texts = []
    below: Bound = None


class SkipRule(Shape):
    """Rows that are left out on purpose, counted under a reason."""

    when: Condition
    reason: Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,40}$")]
    title: Titled


class SetRule(Shape):
    """Rows on which a field gets another value, e.g. cancellations by invoice number."""

    when: Condition
    field: str
    value: str


class MarketMetric(Shape):
    """A quantity of one customer over the file's lines."""

    take: Annotated[str, Field(pattern=r"^[a-z_]+\([a-z0-9_]*\)$")]
    type: Unit
    where: str | None = None


class MarketRule(Shape):
    """Which market new customers belong to: always the same, or companies when a condition holds."""

    default: Market
    metrics: dict[str, MarketMetric] = {}
    company_when: str | None = None


class CustomerRule(Shape):
    """How a row finds its customer.

    Attributes:
        source: First part of `source:key`; default: the mapping's source.
        create: Make customers that are not there yet; else such rows are quarantined.
        market: Of customers made.
    """

    source: str | None = None
    create: bool = False
    market: MarketRule | None = None

    @model_validator(mode="after")
    def _market_known(self) -> Self:
        if self.create and self.market is None:
            raise WrongMappingError(Text("needs `market` with `create: true`", "写了 `create: true` 就须有 `market`"))
        return self


class ClockRule(Shape):
    """When the store could have known a row: a column, or some days after a field (then it is assumed)."""

    after: Texts = []
    lag_days: int = Field(default=0, ge=0, le=3650)


class FileRule(Shape):
    """How the file is written; `auto` finds out."""

    encoding: Literal["auto", "utf-8", "gb18030", "gbk", "utf-16"] = "auto"
    delimiter: Literal["auto", ",", ";", "tab", "|"] = "auto"
    sheet: str | None = None
    missing: list[str] = ["NULL", "null", "N/A", "NA", "-"]


class Identity(Shape):
    """A further name of a customer in another system."""

    source: str
    column: str


ZoneName = Annotated[str, AfterValidator(_zone)]
"""An IANA time zone."""

Completeness = Annotated[str, AfterValidator(_completeness)]
"""How far a source is complete after an import: one of `COMPLETENESS`, or a date."""
