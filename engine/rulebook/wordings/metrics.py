"""Sentences about metrics and scorecards."""

from __future__ import annotations

from typing import Final

from engine.rulebook.wordings.form import Wording

METRICS: Final = {
    "not_positive": Wording(
        "RULE_VALUE",
        "`{key}` must be greater than 0.",
        "`{key}` 必须大于 0。",
        "Write a positive number.",
        "请写正数。",
    ),
    "low_above_high": Wording(
        "RULE_VALUE", "`high` is below `low`.", "`high` 小于 `low`。", "Exchange the two.", "请交换两者。"
    ),
    "unit_of": Wording(
        "RULE_UNIT",
        "{what} needs {needed}, but `{name}` is of type {unit}.",
        "{what}需要 {needed} 类型，而 `{name}` 是 {unit}。",
        "Use another metric, or correct its `type`.",
        "请换用其他指标，或更正其 `type`。",
    ),
    "take_form": Wording(
        "RULE_EXPRESSION",
        "`{text}` is not a way to take a value of records.",
        "`{text}` 不是可用的取值方式。",
        "Write for example sum(net), count() or days_since(max(occurred_at)).",
        "例如 sum(net)、count()、days_since(max(occurred_at))。",
    ),
    "take_function": Wording("RULE_FUNCTION", "There is no function `{name}` here.", "这里没有函数 `{name}`。"),
    "take_operand": Wording(
        "RULE_UNIT",
        "`{function}` cannot take `{field}`, which is of type {unit}.",
        "`{function}` 不能用于类型为 {unit} 的 `{field}`。",
        "It takes: {needed}.",
        "它可用于：{needed}。",
    ),
    "take_result": Wording(
        "RULE_UNIT",
        "`{text}` gives {unit}, but the metric is declared as {declared}.",
        "`{text}` 的结果是 {unit}，而指标声明为 {declared}。",
        "Write `type: {unit}`.",
        "请写 `type: {unit}`。",
    ),
    "curve_points": Wording(
        "RULE_CURVE",
        "A curve is a list of at least two pairs [value, points].",
        "曲线是至少两个 [值, 分数] 的列表。",
        "Write for example [[0, 0], [1000, 100]].",
        "例如 [[0, 0], [1000, 100]]。",
    ),
    "curve_order": Wording(
        "RULE_CURVE",
        "{text} does not come after the value before it.",
        "{text} 没有大于前一个值。",
        "Values rise from left to right, each once.",
        "值必须从左到右递增且不重复。",
    ),
    "curve_span": Wording(
        "RULE_CURVE",
        "From the value before to {text} the curve spans too much to be calculated exactly.",
        "从前一个值到 {text} 的跨度太大，无法精确计算。",
        "Use smaller values; beyond the last one the curve is flat anyway.",
        "请用较小的值；最后一个值之后曲线本来就是平的。",
    ),
    "bins_length": Wording(
        "RULE_CURVE",
        "{edges} edges make {needed} bins, but there are {points} points.",
        "{edges} 个边界形成 {needed} 个区间，但有 {points} 个分数。",
        "Write one points value more than edges.",
        "分数要比边界多一个。",
    ),
    "cycle": Wording(
        "RULE_CYCLE",
        "These metrics are calculated from each other: {path}.",
        "这些指标互相引用：{path}。",
        "Take one of them out of the circle.",
        "请去掉其中一个引用。",
    ),
    "too_many_levels": Wording(
        "RULE_COST",
        "`{name}` reads a metric that reads a metric, and so on, more than {limit} deep.",
        "`{name}` 引用的指标层层引用，超过 {limit} 层。",
        "Calculate it from fewer metrics.",
        "请减少中间指标。",
    ),
    "book_too_costly": Wording(
        "RULE_COST",
        "From here on all expressions of the book together take more than {limit} steps for one customer.",
        "从这里起，全部表达式合计对每个客户超过 {limit} 步。",
        "Give repeated parts a name as an `expr` metric, and remove rules nobody needs.",
        "请把重复的部分写成 `expr` 指标，并删去不需要的规则。",
    ),
    "weights": Wording(
        "RULE_VALUE", "The scorecard has no criteria.", "评分卡没有评分项。", "Add at least one.", "请至少加一个。"
    ),
}
"""Wordings about metrics and scorecards."""
