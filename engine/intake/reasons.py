"""Why rows go to the quarantine: stable names, and what they say in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.vocabulary import Text

REASONS: Final[Mapping[str, Text]] = {
    "wrong_cells": Text("The row has another number of cells than the header.", "该行的单元格数与表头不符。"),
    "too_long": Text("The value is longer than allowed.", "该值超过允许长度。"),
    "control_character": Text("The value holds a control character.", "该值含有控制字符。"),
    "not_an_object": Text("The line is not one JSON object of plain values.", "该行不是由普通值组成的 JSON 对象。"),
    "missing": Text("A required value is missing.", "缺少必填的值。"),
    "not_a_number": Text("This is not a number in the declared notation.", "不是所声明写法的数字。"),
    "not_finite": Text("This is not a finite number.", "不是有限的数字。"),
    "too_precise": Text("The number has more decimals than its unit.", "小数位数超过该单位允许的位数。"),
    "out_of_range": Text("The number is outside the allowed range.", "数值超出允许范围。"),
    "not_a_date": Text("This is not a date or time that can be read.", "无法识别为日期或时间。"),
    "not_a_truth": Text("This is neither true nor false.", "既不是“是”也不是“否”。"),
    "not_allowed": Text("The word is none of the allowed ones.", "该词不在允许的取值之列。"),
    "bad_key": Text("The key is empty or too long.", "主键为空或过长。"),
    "unknown_word": Text("The word is not in the declared list; it was kept.", "该词不在声明的列表中，已保留。"),
    "recorded_before": Text("It was recorded before it happened.", "记录时间早于发生时间。"),
    "unknown_customer": Text("There is no such customer.", "没有这个客户。"),
    "other_market": Text("The customer is in the other market.", "该客户属于另一个客户类型。"),
    "other_customer": Text("This name already belongs to another customer.", "该标识已属于另一个客户。"),
    "conflicting": Text(
        "The same key is there with other content, and the mapping does not accept corrections.",
        "同一主键已有不同内容，且映射不接受更正。",
    ),
}
"""Reasons by stable name."""
