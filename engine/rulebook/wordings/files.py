"""Sentences about rule files as YAML."""

from __future__ import annotations

from typing import Final

from engine.rulebook.wordings.form import Wording

_QUOTE_EN = "Put the text in double quotes."
_QUOTE_ZH = "请给这段文字加上英文双引号。"

FILES: Final = {
    "file_too_large": Wording(
        "RULE_LIMIT",
        "The file has {size} bytes; at most {limit} are read.",
        "文件有 {size} 字节，最多 {limit} 字节。",
        "Rule files are short; remove what does not belong here.",
        "规则文件应当简短，请删去无关内容。",
    ),
    "folder_too_large": Wording(
        "RULE_LIMIT",
        "The rule files together have {size} bytes; at most {limit} are read.",
        "全部规则文件共 {size} 字节，最多 {limit} 字节。",
        "Rule files are short; remove what does not belong here.",
        "规则文件应当简短，请删去无关内容。",
    ),
    "too_deep": Wording(
        "RULE_LIMIT",
        "Lists and mappings are nested more than {limit} deep.",
        "列表和映射的嵌套超过 {limit} 层。",
        "No rule needs this depth; look for a bracket too many.",
        "规则不需要这么深，请检查是否多写了括号。",
    ),
    "too_many_nodes": Wording(
        "RULE_LIMIT",
        "The file holds more than {limit} keys and values.",
        "文件中的键和值超过 {limit} 个。",
        "Remove what does not belong here.",
        "请删去无关内容。",
    ),
    "scalar_too_long": Wording(
        "RULE_LIMIT",
        "This value has more than {limit} characters.",
        "这个值超过 {limit} 个字符。",
        "Shorten it.",
        "请缩短。",
    ),
    "utf16": Wording(
        "RULE_ENCODING",
        "The file is saved as UTF-16.",
        "文件以 UTF-16 编码保存。",
        "Save it as UTF-8 in your editor.",
        "请在编辑器中另存为 UTF-8。",
    ),
    "not_utf8": Wording(
        "RULE_ENCODING",
        "The file is not UTF-8 (byte {byte}).",
        "文件不是 UTF-8 编码（字节 {byte}）。",
        "Save it as UTF-8 in your editor (it may be GBK now).",
        "请在编辑器中另存为 UTF-8（现在可能是 GBK）。",
    ),
    "hidden_character": Wording(
        "RULE_ENCODING",
        "There is an invisible or impossible character here ({character}).",
        "这里有不可见或非法的字符（{character}）。",
        "Delete it and type the text again.",
        "请删除后重新输入。",
    ),
    "tab": Wording(
        "RULE_SYNTAX",
        "There is a tab here.",
        "这里有制表符（Tab）。",
        "Use spaces: two for each step of indentation.",
        "请改用空格，每级缩进两个空格。",
    ),
    "yaml_unreadable": Wording(
        "RULE_SYNTAX",
        "The file cannot be read as YAML.",
        "文件无法按 YAML 读取。",
        "Look for escapes (\\U…) and lines that begin with %.",
        "请检查转义（\\U…）和以 % 开头的行。",
    ),
    "directive": Wording(
        "RULE_SYNTAX",
        "YAML directives (%…) are not used in rule files.",
        "规则文件不使用 YAML 指令（%…）。",
        "Remove the line.",
        "请删除该行。",
    ),
    "second_document": Wording(
        "RULE_SYNTAX",
        "A second document begins here; a rule file holds one.",
        "这里开始了第二个文档，规则文件只能有一个。",
        "Remove the line `---`.",
        "请删除 `---` 这一行。",
    ),
    "alias": Wording(
        "RULE_SYNTAX",
        "`*{name}` refers to an anchor; rule files say everything where it applies.",
        "`*{name}` 引用了锚点；规则文件不使用锚点。",
        "Write the value out. A text that begins with * needs quotes.",
        "请把值写完整；以 * 开头的文字需要加引号。",
    ),
    "anchor": Wording(
        "RULE_SYNTAX",
        "`&{name}` is an anchor; rule files have none.",
        "`&{name}` 是锚点，规则文件不使用锚点。",
        "Remove it. A text that begins with & needs quotes.",
        "请删除；以 & 开头的文字需要加引号。",
    ),
    "tag": Wording(
        "RULE_SYNTAX",
        "`{tag}` is a YAML tag; rule files have none.",
        "`{tag}` 是 YAML 标签，规则文件不使用标签。",
        "Remove it. A text that begins with ! needs quotes.",
        "请删除；以 ! 开头的文字需要加引号。",
    ),
    "empty_item": Wording(
        "RULE_SYNTAX",
        "Nothing is written after this dash.",
        "短横线后面没有内容。",
        "Write the item or remove the line.",
        "请补上内容或删除该行。",
    ),
    "duplicate_key": Wording(
        "RULE_DUPLICATE_KEY",
        "`{key}` is written twice; it already stands on line {line}.",
        "`{key}` 写了两次，第 {line} 行已有。",
        "Keep one of them.",
        "请只保留一个。",
    ),
    "key_not_text": Wording(
        "RULE_SYNTAX",
        "A key must be one short word.",
        "键必须是一个简短的词。",
        "Lists, mappings and long texts cannot be keys.",
        "列表、映射和长文本不能作为键。",
    ),
    "key_not_word": Wording(
        "RULE_SCALAR",
        "The key `{key}` is not a word for every YAML reader.",
        "键 `{key}` 不会被所有 YAML 程序当作文字。",
        "Put it in double quotes or choose another word.",
        "请加英文双引号，或换一个词。",
    ),
    "bare_key": Wording(
        "RULE_SYNTAX",
        "`{key}` stands alone between commas; a text with a comma must be quoted.",
        "逗号之间只有 `{key}`；含逗号的文字必须加引号。",
        'Write {{en: "Revenue, last 12 months"}}.',
        '例如写成 {{en: "Revenue, last 12 months"}}。',
    ),
    "no_value": Wording(
        "RULE_SCALAR",
        "Nothing is written after `{key}:`.",
        "`{key}:` 后面没有值。",
        "Write a value or remove the key.",
        "请写上值，或删除这个键。",
    ),
    "scalar_switch": Wording(
        "RULE_SCALAR",
        "`{text}` is a truth for some YAML readers and a text for others.",
        "`{text}` 在有的 YAML 程序中是真假值，在有的程序中是文字。",
        'Write true or false, or "{text}" in quotes for the text.',
        '请写 true 或 false；如果是文字，请写成 "{text}"。',
    ),
    "scalar_nothing": Wording(
        "RULE_SCALAR",
        "`{text}` says nothing here.",
        "这里的 `{text}` 没有含义。",
        "Leave the key out, or write a value.",
        "请去掉这个键，或写上值。",
    ),
    "scalar_special": Wording(
        "RULE_SYNTAX",
        "`{text}` is a special word of YAML that rule files do not use.",
        "`{text}` 是 YAML 特殊写法，规则文件不使用。",
        _QUOTE_EN,
        _QUOTE_ZH,
    ),
    "scalar_number": Wording(
        "RULE_SCALAR",
        "`{text}` is not a plain decimal number.",
        "`{text}` 不是普通的十进制数。",
        'Write digits with at most one point (1000, 0.5); a code such as "007" goes in quotes.',
        '请只写数字和一个小数点（1000、0.5）；编号如 "007" 请加引号。',
    ),
    "scalar_clock": Wording(
        "RULE_SCALAR",
        "`{text}` is a number for some YAML readers and a time for others.",
        "`{text}` 在有的 YAML 程序中是数字，在有的程序中是时间。",
        'Put it in quotes: "{text}".',
        '请加引号："{text}"。',
    ),
    "scalar_date": Wording(
        "RULE_SCALAR",
        "`{text}` is not a date of the form 2026-12-01.",
        "`{text}` 不是 2026-12-01 形式的日期。",
        "Write year-month-day with two digits each, without a time.",
        "请写成“年-月-日”，月日各两位，不带时间。",
    ),
    "scalar_no_such_date": Wording(
        "RULE_VALUE", "There is no day {text}.", "日历上没有 {text} 这一天。", "Check month and day.", "请检查月和日。"
    ),
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
        "A comma or } is missing in this {{…}}.",
        "花括号 {{…}} 中缺少逗号或 }}。",
        "Put a text with special characters in double quotes.",
        "含特殊字符的文字请加英文双引号。",
    ),
    "syntax_flow_list": Wording(
        "RULE_SYNTAX",
        "A comma or ] is missing in this […].",
        "方括号 […] 中缺少逗号或 ]。",
        "Put a text with special characters in double quotes.",
        "含特殊字符的文字请加英文双引号。",
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
        "RULE_SYNTAX", "A value cannot begin with this character.", "值不能以这个字符开头。", _QUOTE_EN, _QUOTE_ZH
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
        _QUOTE_EN,
        _QUOTE_ZH,
    ),
    "syntax_other": Wording(
        "RULE_SYNTAX",
        "The file is not YAML from here on ({said}).",
        "从这里起不是合法的 YAML（{said}）。",
        "Compare with the line above; quote texts with special characters.",
        "请与上一行对照；含特殊字符的文字请加引号。",
    ),
}
"""Wordings about encoding, YAML and its doubtful values."""
