"""What a mapping file may say: which columns of a file mean what."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from engine.errors import InputError, closest
from engine.intake.strict import read_strict
from engine.metrics.sources import SOURCES
from engine.vocabulary import Market, Text, Unit

CUSTOMERS = "customers"
"""The entity of mappings that bring customers themselves."""

FieldType = Literal[
    "money", "ratio", "probability", "count", "days", "months", "points", "bool", "text", "date", "instant", "number"
]
"""Units as in rule files; `instant` is a date with a time, `number` a decimal with up to six places."""

INSTANTS = ("occurred_at", "recorded_at")
RECORD_WORDS = ("customer", "currency", *INSTANTS)
CUSTOMER_WORDS = ("key", "name", "owner", "parent", "market", "currency", "recorded_at")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_listed)]


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
    units: dict[str, int] = {}
    values: dict[str, str] = {}
    known: list[str] = []
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    round: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = sum((bool(self.headers), self.constant is not None, self.product is not None))
        if given != 1:
            raise ValueError("give exactly one of `from`, `constant`, `product`")
        return self


class Condition(Shape):
    """A question about one column of a row; all parts given must hold."""

    column: str
    missing: bool | None = None
    starts_with: Texts = []
    one_of: Texts = []
    below: float | None = None


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
        alias: Second identity source of customers made, e.g. the system that sells.
    """

    source: str | None = None
    create: bool = False
    market: MarketRule | None = None

    @model_validator(mode="after")
    def _market_known(self) -> Self:
        if self.create and self.market is None:
            raise ValueError("`create: true` needs `market`")
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


class Mapping(Shape):
    """One mapping file.

    Attributes:
        entity: `customers` or a record source (`orders` …).
        key: Columns that together name a row in the source system.
        complete_until: How far the source is complete after this import: `max(occurred_at)`,
            `max(recorded_at)`, `now`, or a date (00:00 in `timezone`).
        corrections: `accept`: the same key with other content is a new version; else it is quarantined.
    """

    mapping: Literal["1"]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")]
    title: Titled
    entity: str
    source: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,60}$")]
    timezone: str = "UTC"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    file: FileRule = FileRule()
    columns: dict[str, ColumnSpec]
    fields: dict[str, ColumnSpec] = {}
    identities: list[Identity] = []
    key: Texts
    customer: CustomerRule = CustomerRule()
    clock: ClockRule | None = None
    set: list[SetRule] = []
    skip: list[SkipRule] = []
    complete_until: str | None = None
    corrections: Literal["accept", "refuse"] = "refuse"

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        problems = [*_entity_problems(self), *_column_problems(self), *_name_problems(self)]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def type_of(self, column: str) -> FieldType:
        """How the values of a column are to be read."""
        spec = self.fields[column] if column in self.fields else self.columns[column]
        if spec.type is not None:
            return spec.type
        if column in INSTANTS:
            return "instant"
        field = None if self.entity == CUSTOMERS else SOURCES[self.entity].fields.get(column)
        return field.unit.value if field is not None else "text"


def read_mapping(text: str | bytes, name: str = "mapping") -> Mapping:
    """Read and check a mapping file.

    Raises:
        InputError: What is wrong, with the way to it (`columns.net.type`).
    """
    raw = read_strict(text, name)
    try:
        return Mapping.model_validate(raw)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'mapping'}: {fault['msg']}" for fault in error.errors()]
        listed = "; ".join(faults[:8])
        raise InputError(
            Text(f"The mapping {name} is not right: {listed}.", f"映射文件 {name} 有误：{listed}。"),
            Text("Compare it with a shipped mapping, e.g. `orders-en`.", "请与自带的映射（如 `orders-zh`）对照。"),
            code="MAPPING",
        ) from error


def _entity_problems(mapping: Mapping) -> list[str]:
    if mapping.entity == CUSTOMERS:
        return [] if "market" in mapping.columns or mapping.customer.market else ["customers need a column `market`"]
    if mapping.entity not in SOURCES:
        near = closest(mapping.entity, [*SOURCES, CUSTOMERS])
        return [f"unknown entity {mapping.entity!r}" + (f", did you mean {near!r}?" if near else "")]
    needed = ["customer", "occurred_at"]
    needed += [name for name, field in SOURCES[mapping.entity].fields.items() if field.required]
    if "recorded_at" not in mapping.columns and mapping.clock is None:
        return ["give a column `recorded_at` or a `clock`"]
    return [f"{mapping.entity} need a column {name!r}" for name in needed if name not in mapping.columns]


def _column_problems(mapping: Mapping) -> list[str]:
    """Columns that are not fields of the entity only help (in keys, products, rules) and must say their type."""
    if mapping.entity == CUSTOMERS:
        known, derived = set(CUSTOMER_WORDS), set()
    elif mapping.entity in SOURCES:
        fields = SOURCES[mapping.entity].fields
        known = {*RECORD_WORDS, *(name for name, field in fields.items() if field.column)}
        derived = {name for name, field in fields.items() if not field.column}
    else:
        return []
    problems = [f"{name!r} is derived and cannot be imported" for name in mapping.columns if name in derived]
    for name, spec in mapping.columns.items():
        if name not in known | derived and spec.type is None:
            near = closest(name, known)
            problems.append(f"column {name!r} needs a `type`" + (f", or did you mean {near!r}?" if near else ""))
    problems += [f"field {name!r} needs a `type`" for name, spec in mapping.fields.items() if spec.type is None]
    return problems


def _name_problems(mapping: Mapping) -> list[str]:
    """Every column another part names must be there."""
    named = list(mapping.key)
    named += [rule.when.column for rule in mapping.skip]
    named += [rule.when.column for rule in mapping.set]
    named += [identity.column for identity in mapping.identities]
    named += [rule.field for rule in mapping.set]
    named += mapping.clock.after if mapping.clock else []
    products = [spec.product for spec in (*mapping.columns.values(), *mapping.fields.values()) if spec.product]
    named += [name for product in products for name in product]
    unknown = [f"there is no column {name!r}" for name in dict.fromkeys(named) if name not in mapping.columns]
    if unknown:
        return unknown
    fits = [(mapping.type_of(count), mapping.type_of(price)) == ("count", "number") for count, price in products]
    return [] if all(fits) else ["a product is of a `count` and a `number`, in this order"]
