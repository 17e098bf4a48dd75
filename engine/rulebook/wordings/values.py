"""Sentences about keys, names and single values."""

from __future__ import annotations

from typing import Final

from engine.rulebook.wordings.form import Wording

VALUES: Final = {
    "unknown_key": Wording("RULE_UNKNOWN_KEY", "`{key}` is not a key of {owner}.", "{owner}没有键 `{key}`。"),
    "missing_key": Wording(
        "RULE_MISSING_KEY",
        "{owner} needs the key `{key}`.",
        "{owner}缺少键 `{key}`。",
        "Add `{key}:`.",
        "请补上 `{key}:`。",
    ),
    "one_of_keys": Wording(
        "RULE_MISSING_KEY",
        "{owner} needs exactly one of {keys}.",
        "{owner}必须恰好有 {keys} 之一。",
        "Keep one.",
        "请只保留一个。",
    ),
    "not_here": Wording(
        "RULE_UNKNOWN_KEY",
        "`{key}` has no meaning for {owner}.",
        "`{key}` 对{owner}没有意义。",
        "Remove it.",
        "请删除。",
    ),
    "want_table": Wording(
        "RULE_TYPE",
        "{owner}: keys with values belong here.",
        "{owner}：这里应写成“键: 值”。",
        "Write `key: value` lines (: and not ：) below it.",
        "请在下面写“键: 值”（用英文冒号）。",
    ),
    "want_title": Wording(
        "RULE_TYPE",
        "A title says in which language it is.",
        "标题要写明语言。",
        "Write {whole}.",
        "请写成 {whole}。",
    ),
    "want_list": Wording(
        "RULE_TYPE",
        "`{key}` is written as a list.",
        "`{key}` 应写成列表。",
        "Begin each item with a dash, or write […].",
        "每项以短横线开头，或写成 […]。",
    ),
    "want_expression": Wording(
        "RULE_TYPE",
        "A condition or a calculation belongs here.",
        "这里应是条件或算式。",
        'Write it as text, e.g. "orders_12m >= 4".',
        '请写成文字，例如 "orders_12m >= 4"。',
    ),
    "want_text": Wording(
        "RULE_TYPE", "A text belongs here.", "这里应是文字。", "Put it in double quotes.", "请加英文双引号。"
    ),
    "want_name": Wording(
        "RULE_TYPE",
        "`{text}` cannot be a name.",
        "`{text}` 不能作为名称。",
        "Use lower-case letters, digits and _, beginning with a letter.",
        "请用小写字母、数字和下划线，以字母开头。",
    ),
    "want_key": Wording(
        "RULE_TYPE",
        "`{text}` cannot be a key or code.",
        "`{text}` 不能作为键或代码。",
        "Use letters, digits and _, beginning with a letter.",
        "请用字母、数字和下划线，以字母开头。",
    ),
    "reserved": Wording(
        "RULE_VALUE",
        "`{text}` has a meaning of its own and cannot be a name here.",
        "`{text}` 另有含义，不能用作名称。",
        "Choose another name.",
        "请换一个名称。",
    ),
    "want_number": Wording(
        "RULE_TYPE",
        "A number belongs here, not `{text}`.",
        "这里应是数字，而不是 `{text}`。",
        "Write digits without quotes, unit or separators.",
        "只写数字，不加引号、单位和千分位。",
    ),
    "want_whole": Wording(
        "RULE_TYPE",
        "A whole number belongs here, not `{text}`.",
        "这里应是整数，而不是 `{text}`。",
        "Write it without a point.",
        "请不要写小数。",
    ),
    "want_truth": Wording(
        "RULE_TYPE",
        "true or false belongs here, not `{text}`.",
        "这里应是 true 或 false，而不是 `{text}`。",
        "Write true or false without quotes.",
        "请写 true 或 false，不加引号。",
    ),
    "want_days": Wording(
        "RULE_UNIT",
        "A number of days such as 28d belongs here, not `{text}`.",
        "这里应是天数，如 28d，而不是 `{text}`。",
        "Count in days: 4 weeks are 28d, a year is 365d.",
        "请换算成天：四周写 28d，一年写 365d。",
    ),
    "want_percent": Wording(
        "RULE_UNIT",
        "A share such as 10% belongs here, not `{text}`.",
        "这里应是比例，如 10%，而不是 `{text}`。",
        "Write a number and %.",
        "请写数字和 %。",
    ),
    "want_date": Wording(
        "RULE_TYPE",
        "A date such as 2026-12-01 belongs here, not `{text}`.",
        "这里应是日期，如 2026-12-01，而不是 `{text}`。",
        "Write year-month-day.",
        "请写成“年-月-日”。",
    ),
    "want_hours": Wording(
        "RULE_TYPE",
        "`{text}` is no span of hours.",
        "`{text}` 不是时间段。",
        'Write it in quotes: "21:00-09:00".',
        '请加引号写成 "21:00-09:00"。',
    ),
    "out_of_range": Wording(
        "RULE_VALUE",
        "{text} is not between {low} and {high}.",
        "{text} 不在 {low} 和 {high} 之间。",
        "Choose a number in this range.",
        "请写该范围内的数。",
    ),
    "too_precise": Wording(
        "RULE_VALUE",
        "{text} has more digits after the point than {unit} has ({digits}).",
        "{text} 的小数位多于{unit}允许的 {digits} 位。",
        "Round it.",
        "请四舍五入。",
    ),
    "not_a_choice": Wording("RULE_VALUE", "`{text}` cannot stand here.", "这里不能写 `{text}`。"),
    "unknown_name": Wording("RULE_UNKNOWN_NAME", "There is no {kind} `{name}`.", "没有名为 `{name}` 的{kind}。"),
    "repeated_name": Wording(
        "RULE_DUPLICATE_KEY",
        "The {kind} `{name}` is there twice; the first is on line {line}.",
        "{kind} `{name}` 重复，第一个在第 {line} 行。",
        "Give each its own name.",
        "请使用不同的名称。",
    ),
}
"""Wordings about keys, names and single values."""
