"""What a mapping file may say: which columns of a file mean what."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from engine.errors import InputError, closest
from engine.intake.faults import WrongMappingError, sentences_of
from engine.intake.shapes import (
    ClockRule,
    ColumnSpec,
    Completeness,
    CustomerRule,
    FieldType,
    FileRule,
    Identity,
    SetRule,
    Shape,
    SkipRule,
    Texts,
    Titled,
    ZoneName,
)
from engine.intake.strict import lines_of, read_strict
from engine.metrics.sources import SOURCES
from engine.vocabulary import Text

CUSTOMERS = "customers"
"""The entity of mappings that bring customers themselves."""

INSTANTS = ("occurred_at", "recorded_at")
RECORD_WORDS = ("customer", "currency", *INSTANTS)
CUSTOMER_WORDS = ("key", "name", "owner", "parent", "market", "currency", "recorded_at")


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
    timezone: ZoneName = "UTC"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    file: FileRule = FileRule()
    columns: dict[str, ColumnSpec]
    fields: dict[str, ColumnSpec] = Field(default_factory=dict)
    identities: list[Identity] = Field(default_factory=list)
    key: Texts
    customer: CustomerRule = CustomerRule()
    clock: ClockRule | None = None
    set: list[SetRule] = Field(default_factory=list)
    skip: list[SkipRule] = Field(default_factory=list)
    complete_until: Completeness | None = None
    corrections: Literal["accept", "refuse"] = "refuse"

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        problems = [*_entity_problems(self), *_column_problems(self), *_name_problems(self)]
        if problems:
            raise WrongMappingError(*problems)
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
        InputError: What is wrong, with the line and the way to it (`columns.net.type`).
    """
    raw = read_strict(text, name)
    try:
        return Mapping.model_validate(raw)
    except ValidationError as error:
        said = sentences_of(error.errors(), lines_of(text), _words())[:8]
        en, zh = "; ".join(one.en for one in said), "；".join(one.zh for one in said)
        raise InputError(
            Text(f"The mapping {name} is not right: {en}.", f"映射文件 {name} 有误：{zh}。"),
            Text("Compare it with a shipped mapping, e.g. `orders-en`.", "请与自带的映射（如 `orders-zh`）对照。"),
            code="MAPPING",
        ) from error


def _words() -> set[str]:
    """Every key some part of a mapping may have."""
    shapes: list[type[Shape]] = [Mapping, *Shape.__subclasses__()]
    return {field.alias or name for shape in shapes for name, field in shape.model_fields.items()}


def _entity_problems(mapping: Mapping) -> list[Text]:
    if mapping.entity == CUSTOMERS:
        if "market" in mapping.columns or mapping.customer.market:
            return []
        return [Text("customers need a column `market`", "客户需要 `market` 列")]
    if mapping.entity not in SOURCES:
        near = closest(mapping.entity, [*SOURCES, CUSTOMERS])
        return [Text(f"unknown entity {mapping.entity!r}" + (f", did you mean {near!r}?" if near else ""),
                     f"没有 entity {mapping.entity!r}" + (f"，是不是想写 {near!r}？" if near else ""))]  # fmt: skip
    needed = ["customer", "occurred_at"]
    needed += [name for name, field in SOURCES[mapping.entity].fields.items() if field.required]
    if "recorded_at" not in mapping.columns and mapping.clock is None:
        return [Text("a column `recorded_at` or a `clock` is missing", "缺少 `recorded_at` 列或 `clock`")]
    return [
        Text(f"{mapping.entity} need a column {name!r}", f"{mapping.entity} 需要 {name!r} 列")
        for name in needed
        if name not in mapping.columns
    ]


def _column_problems(mapping: Mapping) -> list[Text]:
    """Columns that are not fields of the entity only help (in keys, products, rules) and must say their type."""
    if mapping.entity == CUSTOMERS:
        known, derived = set(CUSTOMER_WORDS), set()
    elif mapping.entity in SOURCES:
        fields = SOURCES[mapping.entity].fields
        known = {*RECORD_WORDS, *(name for name, field in fields.items() if field.column)}
        derived = {name for name, field in fields.items() if not field.column}
    else:
        return []
    problems = [
        Text(f"{name!r} is derived and cannot be imported", f"{name!r} 由其他字段得出，不能导入")
        for name in mapping.columns
        if name in derived
    ]
    for name, spec in mapping.columns.items():
        if name not in known | derived and spec.type is None:
            near = closest(name, known)
            problems.append(
                Text(f"column {name!r} needs a `type`" + (f", or did you mean {near!r}?" if near else ""),
                     f"{name!r} 列需要 `type`" + (f"，或者是想写 {near!r}？" if near else ""))
            )  # fmt: skip
    untyped = [name for name, spec in mapping.fields.items() if spec.type is None]
    return problems + [Text(f"field {name!r} needs a `type`", f"字段 {name!r} 需要 `type`") for name in untyped]


def _name_problems(mapping: Mapping) -> list[Text]:
    """Every column another part names must be there."""
    named = list(mapping.key)
    named += [rule.when.column for rule in mapping.skip]
    named += [rule.when.column for rule in mapping.set]
    named += [identity.column for identity in mapping.identities]
    named += [rule.field for rule in mapping.set]
    named += mapping.clock.after if mapping.clock else []
    products = [spec.product for spec in (*mapping.columns.values(), *mapping.fields.values()) if spec.product]
    named += [name for product in products for name in product]
    unknown = [name for name in dict.fromkeys(named) if name not in mapping.columns]
    if unknown:
        return [Text(f"there is no column {name!r}", f"没有 {name!r} 列") for name in unknown]
    fits = [(mapping.type_of(count), mapping.type_of(price)) == ("count", "number") for count, price in products]
    if all(fits):
        return []
    return [Text("a product is of a `count` and a `number`, in this order", "product 须依次为 `count` 与 `number`")]
