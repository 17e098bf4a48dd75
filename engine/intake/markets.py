"""Which market new customers belong to, by what they bought in the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.errors import InputError, Place
from engine.expressions import ExpressionProblems, check_expression, truths
from engine.expressions.columns import CAUSE_CODE, Column
from engine.expressions.tree import Declared, Expression
from engine.intake.mapping import Mapping
from engine.intake.shapes import MarketMetric, MarketRule
from engine.metrics import SOURCES, FromRecords, Instant, Metric, RecordFrame, Take, compute, local_days
from engine.vocabulary import Locale, Market, Text, Unit, UnknownCause, scale_of

if TYPE_CHECKING:
    import polars as pl

_TAKE: Final = re.compile(r"([a-z_]+)\(([a-z0-9_]*)\)")
_MISSING: Final = CAUSE_CODE[UnknownCause.MISSING]
_END: Final = Instant(2**62, 2**31 - 1, "UTC", "")


def markets_of(mapping: Mapping, records: pl.DataFrame) -> dict[str, Market]:
    """Market of every customer in some records, by ref.

    A company is who fulfils the rule's condition over all its records given; where the condition is
    unknown the default stands.

    Args:
        mapping: With a market rule.
        records: As `taken_rows` gives them.

    Raises:
        InputError: The rule is not a proper condition.
    """
    rule = mapping.customer.market
    refs = records["ref"].unique().sort()
    if rule is None or rule.company_when is None:
        default = Market.B2C if rule is None else rule.default
        return dict.fromkeys(refs.to_list(), default)
    frame = _frame(mapping, records, refs)
    columns = {name: compute(_metric(mapping, name, spec), frame, _instant(mapping), len(refs))
               for name, spec in rule.metrics.items()}  # fmt: skip
    company = truths(_condition(mapping, rule), columns, len(refs)) == 1
    other = Market.B2C if rule.default is Market.B2B else Market.B2B
    chosen = [other if hit else rule.default for hit in company.tolist()]
    return dict(zip(refs.to_list(), chosen, strict=True))


def check_market_rule(mapping: Mapping) -> None:
    """Check the rule's expressions before any file is read.

    Raises:
        InputError: The rule is not a proper condition.
    """
    rule = mapping.customer.market
    if rule is None or rule.company_when is None:
        return
    for name, spec in rule.metrics.items():
        _metric(mapping, name, spec)
    _condition(mapping, rule)


def _instant(mapping: Mapping) -> Instant:
    return Instant(_END.as_of, _END.day, mapping.timezone, mapping.currency)


def _frame(mapping: Mapping, records: pl.DataFrame, refs: pl.Series) -> RecordFrame:
    import polars as pl

    order = pl.DataFrame({"ref": refs, "customer": np.arange(len(refs))})
    sorted_ = records.with_row_index("id").join(order, on="ref", how="left").sort("customer", "occurred_at", "id")
    occurred = sorted_["occurred_at"].to_numpy()
    columns = {
        name: _column(sorted_[field.column], field.unit)
        for name, field in SOURCES[mapping.entity].fields.items()
        if field.column
    }
    return RecordFrame(
        mapping.entity,
        sorted_["id"].to_numpy().astype(np.int64),
        sorted_["customer"].to_numpy(),
        occurred,
        local_days(occurred, mapping.timezone),
        columns,
        _column(sorted_["currency"], Unit.TEXT),
    )


def _column(values: pl.Series, unit: Unit) -> Column:
    causes = np.where(values.is_null().to_numpy(), _MISSING, 0).astype(np.uint8)
    if unit is not Unit.TEXT:
        return Column(values.fill_null(0).to_numpy().astype(np.int64), causes, unit)
    texts = values.drop_nulls().unique().sort().to_list()
    codes = values.replace_strict(texts, list(range(len(texts))), default=0) if texts else values.is_null()
    return Column(codes.fill_null(0).to_numpy().astype(np.int64), causes, unit, tuple(texts))


def _metric(mapping: Mapping, name: str, spec: MarketMetric) -> Metric:
    found = _TAKE.fullmatch(spec.take)
    fields = SOURCES[mapping.entity].fields
    if found is None or (found[2] and found[2] not in fields):
        raise _refused(mapping, Text(f"`{spec.take}` takes no field of {mapping.entity}", f"`{spec.take}` 无法计算"))
    where = None
    if spec.where is not None:
        scope = {
            key: Declared(field.unit, scale_of(field.unit, mapping.currency), field.values)
            for key, field in fields.items()
        }
        where = _checked(mapping, spec.where, scope)
    take = Take(found[1], found[2] or None, None, spec.take)
    origin = FromRecords(mapping.entity, take, where)
    scale = scale_of(spec.type, mapping.currency)
    return Metric(name, spec.type, scale, Text(name), Place(mapping.name, 1, 1), origin)


def _condition(mapping: Mapping, rule: MarketRule) -> Expression:
    scope = {name: Declared(spec.type, scale_of(spec.type, mapping.currency)) for name, spec in rule.metrics.items()}
    return _checked(mapping, rule.company_when or "", scope)


def _checked(mapping: Mapping, text: str, scope: dict[str, Declared]) -> Expression:
    try:
        return check_expression(text, scope, Unit.BOOL, Place(f"{mapping.name}.yaml", 1, 1))
    except ExpressionProblems as error:
        en = "; ".join(problem.message.en for problem in error.problems)
        zh = "；".join(problem.message.within(Locale.ZH) for problem in error.problems)
        raise _refused(mapping, Text(en, zh)) from error


def _refused(mapping: Mapping, why: Text) -> InputError:
    return InputError(
        Text(
            f"The market rule of mapping {mapping.name} is not right: {why.en}",
            f"映射 {mapping.name} 的客户类型规则有误：{why.zh}",
        ),
        Text("Compare it with the shipped `online-retail`.", "请与自带的 `online-retail` 对照。"),
        code="MAPPING",
    )
