"""Sentences about rule files as YAML."""

from __future__ import annotations

from typing import Final

from engine.rulebook.wordings.form import Wording

QUOTE_EN = "Put the text in double quotes."
QUOTE_ZH = "请给这段文字加上英文双引号。"

FILES: Final = {
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
    "odd_space": Wording(
        "RULE_SYNTAX",
        "Here is a space that is none for YAML ({character}).",
        "这里的空格不是普通空格（{character}），YAML 不识别。",
        "Delete it and type a plain space.",
        "请删除后输入英文半角空格。",
    ),
    "full_width": Wording(
        "RULE_SYNTAX",
        "`{sign}` is a full-width sign; YAML knows `{plain}` only.",
        "`{sign}` 是全角符号，YAML 只认半角的 `{plain}`。",
        "Write `{plain}` and a space.",
        "请改为半角 `{plain}`，后面加一个空格。",
    ),
    "full_width_sign": Wording(
        "RULE_SYNTAX",
        "`{sign}` is a full-width sign; YAML knows `{plain}` only.",
        "`{sign}` 是全角符号，YAML 只认半角的 `{plain}`。",
        "Write `{plain}`.",
        "请改为半角 `{plain}`。",
    ),
    "full_width_quote": Wording(
        "RULE_SYNTAX",
        "`{sign}` is no quote for YAML; it knows `{plain}` only.",
        "`{sign}` 不是 YAML 的引号，YAML 只认半角的 `{plain}`。",
        "Write {whole}",
        "请写成 {whole}",
    ),
    "quote_open": Wording(
        "RULE_SYNTAX",
        "The quote that opens here ends only on line {line}, in the middle of something else.",
        "这里开始的引号直到第 {line} 行才闭合，后面还有别的内容。",
        "Close it where its text ends.",
        "请在这段文字结束处补上后引号。",
    ),
    "after_quote": Wording(
        "RULE_SYNTAX",
        "The text goes on after its closing quote: a value that begins with a quote ends with it.",
        "引号闭合后还有内容：以引号开头的值到后引号就结束了。",
        "Put the whole value in double quotes, with single ones inside.",
        "请给整个值加英文双引号，里面用单引号。",
    ),
    "no_space": Wording(
        "RULE_SYNTAX",
        "A space is missing after `{sign}`.",
        "`{sign}` 后面缺少空格。",
        "Write `{sign} `.",
        "请在 `{sign}` 后加一个空格。",
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
    "merge_key": Wording(
        "RULE_SYNTAX",
        "`<<` merges mappings; rule files say everything where it applies.",
        "`<<` 用于合并映射；规则文件不使用。",
        "Write the keys out.",
        "请把各个键写出来。",
    ),
    "empty_item": Wording(
        "RULE_SYNTAX",
        "Nothing is written after this dash.",
        "短横线后面没有内容。",
        "Write the item or remove the line.",
        "请补上内容或删除该行。",
    ),
    "cut_text": Wording(
        "RULE_SYNTAX",
        "The value of `{key}` is cut at its comma: between braces a comma begins the next key.",
        "`{key}` 的值在逗号处被截断：花括号中逗号表示下一个键。",
        "Put the whole value in double quotes: {whole}",
        "请给整个值加英文双引号：{whole}",
    ),
    "thousands": Wording(
        "RULE_SCALAR",
        "`{text}` is a number with a separator.",
        "`{text}` 是带千分位的数字。",
        "Write it without the comma: {plain}.",
        "请去掉逗号：{plain}。",
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
        QUOTE_EN,
        QUOTE_ZH,
    ),
    "scalar_number": Wording(
        "RULE_SCALAR",
        "`{text}` is not a plain decimal number.",
        "`{text}` 不是普通的十进制数。",
        'Write digits with at most one point and no separators (1000, 0.5); a code such as "007" goes in quotes.',
        '请只写数字和一个小数点，不加千分位（1000、0.5）；编号如 "007" 请加引号。',
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
}
"""Wordings about encoding, YAML and its doubtful values."""
