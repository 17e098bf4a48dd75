"""Sentences about what the YAML parser cannot read."""

from __future__ import annotations

from typing import Final

from engine.rulebook.wordings.files import QUOTE_EN, QUOTE_ZH
from engine.rulebook.wordings.form import Wording

SYNTAX: Final = {
    "syntax_colon": Wording(
        "RULE_SYNTAX",
        "There is a colon where none can stand.",
        "这里不应出现冒号。",
        "Check the indentation, or put a text with a colon in double quotes.",
        "请检查缩进；含冒号的文字请加英文双引号。",
    ),
    "syntax_no_colon": Wording(
        "RULE_SYNTAX",
        "This line has no `key: value`.",
        "这一行不是“键: 值”的形式。",
        "Write a colon and a space (: and not ：) after the key.",
        "键后面请写英文冒号和空格（是 : 不是 ：）。",
    ),
    "syntax_quote": Wording(
        "RULE_SYNTAX",
        "A quote or bracket is opened and not closed.",
        "引号或括号没有闭合。",
        "Close it.",
        "请补上后一半。",
    ),
    "syntax_flow_mapping": Wording(
        "RULE_SYNTAX",
        "A comma or }} is missing in this {{…}}.",
        "花括号 {{…}} 中缺少逗号或 }}。",
        "Put the whole text in double quotes, e.g. when: \"risk in ('HIGH', 'CRITICAL')\".",
        "请给整段文字加英文双引号，例如 when: \"risk in ('HIGH', 'CRITICAL')\"。",
    ),
    "syntax_flow_list": Wording(
        "RULE_SYNTAX",
        "A comma or ] is missing in this […].",
        "方括号 […] 中缺少逗号或 ]。",
        "Put the whole text in double quotes, e.g. when: \"risk in ('HIGH', 'CRITICAL')\".",
        "请给整段文字加英文双引号，例如 when: \"risk in ('HIGH', 'CRITICAL')\"。",
    ),
    "syntax_indentation": Wording(
        "RULE_SYNTAX",
        "This line does not fit the indentation above it.",
        "这一行的缩进与上文不一致。",
        "Begin it in the same column as its neighbours.",
        "请与同级内容左对齐。",
    ),
    "syntax_dash": Wording(
        "RULE_SYNTAX",
        "A list item cannot stand here.",
        "这里不能写列表项。",
        "Begin the list on the line below its key.",
        "列表请从键的下一行开始。",
    ),
    "syntax_character": Wording(
        "RULE_SYNTAX", "A value cannot begin with this character.", "值不能以这个字符开头。", QUOTE_EN, QUOTE_ZH
    ),
    "syntax_escape": Wording(
        "RULE_SYNTAX",
        "After a backslash in double quotes comes no such letter.",
        "双引号中的反斜杠后不能写这个字符。",
        "Use single quotes, or write \\\\ for a backslash.",
        "请改用单引号，或用 \\\\ 表示反斜杠。",
    ),
    "syntax_tag": Wording(
        "RULE_SYNTAX",
        "`!` begins a YAML tag; rule files have none.",
        "`!` 是 YAML 标签，规则文件不使用标签。",
        QUOTE_EN,
        QUOTE_ZH,
    ),
    "syntax_other": Wording(
        "RULE_SYNTAX",
        "The file is not YAML from here on ({said}).",
        "从这里起不是合法的 YAML。",
        "Compare with the line above; quote texts with special characters.",
        "请与上一行对照；含特殊字符的文字请加引号。",
    ),
}
"""Wordings for faults the parser met."""
