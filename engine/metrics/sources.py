"""The record sources metrics can be taken from, with their typed fields.

One catalogue for the mapping of imports, the checker of rule files, the loader of frames and the
GraphQL side. A field is stored in a column of the one record table; several kinds share columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.vocabulary import RecordKind, Unit


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record.

    Attributes:
        column: Column of the record table; empty: derived as of the instant asked about.
        title_zh: Chinese name, for headers and messages.
        values: The values a text may have; empty: any.
    """

    unit: Unit
    column: str
    title_zh: str
    values: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of record under the name rule files use, e.g. `orders`."""

    name: str
    kind: RecordKind
    fields: Mapping[str, Field]


def _source(name: str, kind: RecordKind, **fields: Field) -> Source:
    return Source(name, kind, fields)


_M, _T, _D, _C = Unit.MONEY, Unit.TEXT, Unit.DATE, Unit.COUNT

SOURCES: Final[Mapping[str, Source]] = {
    source.name: source
    for source in (
        _source(
            "orders",
            RecordKind.ORDER,
            net=Field(_M, "net", "净额", required=True),
            gross=Field(_M, "gross", "原价"),
            cost=Field(_M, "cost", "成本"),
            margin=Field(_M, "", "毛利"),
            quantity=Field(_C, "quantity", "数量"),
            status=Field(_T, "status", "状态", ("placed", "paid", "fulfilled", "cancelled", "returned"), required=True),
            channel=Field(_T, "channel", "渠道"),
            category=Field(_T, "category", "品类"),
            order_no=Field(_T, "reference", "订单号"),
            due_on=Field(_D, "due_on", "应付日期"),
            paid_on=Field(_D, "done_on", "付款日期"),
        ),
        _source(
            "contracts",
            RecordKind.CONTRACT,
            annual_value=Field(_M, "net", "年合同额"),
            status=Field(_T, "status", "状态", ("active", "renewed", "lapsed", "cancelled")),
            starts_on=Field(_D, "starts_on", "开始日期", required=True),
            ends_on=Field(_D, "ends_on", "结束日期", required=True),
            days_overdue=Field(Unit.DAYS, "days", "逾期天数"),
            active=Field(Unit.BOOL, "", "有效"),
            days_to_end=Field(Unit.DAYS, "", "距到期天数"),
            days_since_end=Field(Unit.DAYS, "", "到期后天数"),
        ),
        _source(
            "opportunities",
            RecordKind.OPPORTUNITY,
            amount=Field(_M, "net", "金额"),
            status=Field(_T, "status", "状态", ("open", "won", "lost"), required=True),
            stage=Field(_T, "category", "阶段"),
            product=Field(_T, "reference", "产品"),
            win_probability=Field(Unit.PROBABILITY, "share", "赢率"),
            expected=Field(_M, "", "预期金额"),
            expected_on=Field(_D, "due_on", "预计成交日期"),
            closed_on=Field(_D, "done_on", "关闭日期"),
        ),
        _source(
            "interactions",
            RecordKind.INTERACTION,
            channel=Field(_T, "channel", "渠道"),
            type=Field(_T, "category", "类型"),
            direction=Field(_T, "status", "方向", ("in", "out")),
        ),
        _source(
            "tickets",
            RecordKind.TICKET,
            priority=Field(_T, "category", "优先级", ("p1", "p2", "p3", "p4")),
            status=Field(_T, "status", "状态", ("open", "resolved", "closed")),
            minutes=Field(_C, "quantity", "处理分钟"),
            cost=Field(_M, "cost", "成本"),
            resolved_on=Field(_D, "done_on", "解决日期"),
        ),
        _source(
            "surveys",
            RecordKind.SURVEY_RESPONSE,
            score_0_100=Field(Unit.POINTS, "score", "评分", required=True),
            instrument=Field(_T, "category", "问卷"),
        ),
        _source(
            "referrals",
            RecordKind.REFERRAL,
            status=Field(_T, "status", "状态", ("sent", "signed_up", "converted"), required=True),
            referred=Field(_T, "reference", "被推荐人"),
        ),
        _source(
            "costs",
            RecordKind.COST,
            amount=Field(_M, "net", "金额", required=True),
            type=Field(_T, "category", "类型", ("service", "acquisition", "sales", "other"), required=True),
        ),
        _source(
            "consents",
            RecordKind.CONSENT,
            purpose=Field(_T, "category", "用途", required=True),
            state=Field(_T, "status", "状态", ("granted", "denied", "withdrawn"), required=True),
        ),
        _source(
            "touches",
            RecordKind.CAMPAIGN_TOUCH,
            campaign=Field(_T, "reference", "活动"),
            action=Field(_T, "status", "动作", ("sent", "opened", "clicked", "replied", "unsubscribed")),
            channel=Field(_T, "channel", "渠道"),
        ),
    )
}
"""Sources by the name rule files use. `margin` is net − cost; `expected` is amount × win probability;
`active`: starts_on ≤ as_of < ends_on and not cancelled; `days_to_end` is null once ended."""

SOURCE_OF_KIND: Final = {source.kind: source for source in SOURCES.values()}

COLUMNS: Final = ("net", "gross", "cost", "quantity", "days", "score", "share",
                  "status", "category", "channel", "reference",
                  "starts_on", "ends_on", "due_on", "done_on")  # fmt: skip
"""Value columns of the record table: 64-bit whole numbers, but for status, category, channel and
reference, which are texts; dates are days since 1970-01-01. Money is in minor units of the record's
`currency`."""
