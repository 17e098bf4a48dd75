"""What graphql-core says of documents and variables, said by us: in both languages, and with what to do.

graphql-core speaks English and Python. A sentence that is not known here stays as it is, after an introduction.
"""

from __future__ import annotations

import re
from typing import Final

from engine.vocabulary import Text

_MEANT: Final = r"(?: Did you mean (?P<meant>.+)\?)?"
_FOUND: Final = r"(?:,? [Ff]ound: (?P<found>.*?)\.?)?"

_LOOK_UP: Final = Text("Look it up in the schema.", "请在模式中查找。")
_VALUE: Final = Text("Correct the value.", "请改正这个值。")
_ONCE: Final = Text("Keep one of them.", "请只保留一个。")
_ALIASES: Final = Text("Use different aliases.", "请使用不同的别名。")
_BRACKETS: Final = Text("Check brackets and quotes near the place given.", "请检查所给位置附近的括号和引号。")

_PHRASES: Final[tuple[tuple[str, str, str, Text], ...]] = (
    (r"Cannot query field '(?P<a>.+?)' on type '(?P<b>.+?)'\." + _MEANT,
     "{b} has no field {a}.", "{b} 没有字段 {a}。", _LOOK_UP),
    (r"Unknown argument '(?P<a>.+?)' on (?:field|directive|fragment) '(?P<b>.+?)'\." + _MEANT,
     "{b} takes no argument {a}.", "{b} 没有参数 {a}。", _LOOK_UP),
    (r"Unknown (?P<a>type|fragment|directive) '(?P<b>.+?)'\." + _MEANT,
     "There is no {a} {b}.", "没有{a} {b}。", _LOOK_UP),
    (r"Field '(?P<a>.+?)' of type '(?P<b>.+?)' must have (?:a selection of subfields|at least one field selected)\..*",
     "{a} is a {b}: say which of its fields.", "{a} 的类型是 {b}：请指明需要的字段。",
     Text("Put braces with fields after it.", "请在其后用花括号列出字段。")),
    (r"Field '(?P<a>.+?)' must not have a selection since type '(?P<b>.+?)' has no subfields\.",
     "{a} is a {b}, which has no fields.", "{a} 的类型是 {b}，没有下级字段。",
     Text("Leave out the braces after it.", "请去掉其后的花括号。")),
    (r"Argument '(?P<a>.+?)' of type '(?P<b>.+?)' is required, but it was not provided\.",
     "The argument {a} of type {b} is missing.", "缺少参数 {a}，类型 {b}。",
     Text("Give the argument.", "请给出该参数。")),
    (r"Variable '(?P<a>.+?)' is not defined(?: by operation '.+?')?\.",
     "The variable {a} is not declared.", "变量 {a} 未声明。",
     Text("Declare it after the operation's name, e.g. query ($name: Type).",
          "请在操作名后声明，例如 query ($name: Type)。")),
    (r"Variable '(?P<a>.+?)' is never used(?: in (?:operation|fragment) '.+?')?\.",
     "The variable {a} is not used.", "变量 {a} 未使用。", Text("Use it, or take it out.", "请使用它，或删除声明。")),
    (r"Fragment '(?P<a>.+?)' is never used\.",
     "The fragment {a} is not used.", "片段 {a} 未使用。", Text("Use it, or take it out.", "请使用它，或将其删除。")),
    (r"Variable '(?P<a>.+?)' of type '(?P<b>.+?)' used in position expecting type '(?P<c>.+?)'\.",
     "{a} is a {b}, but {c} is needed there.", "变量 {a} 的类型是 {b}，该处需要 {c}。",
     Text("Declare the variable with the type that is needed.", "请按所需类型声明变量。")),
    (r"Variable '(?P<a>.+?)' cannot be non-input type '(?P<b>.+?)'\.",
     "{a} cannot be a {b}: that type is for answers.", "变量 {a} 不能是 {b}：该类型只用于输出。", _LOOK_UP),
    (r"Expected value of type '(?P<a>.+?)' not to include unknown field '(?P<b>.+?)'(?:, found: .*|\."
     + _MEANT + r"(?: Found: .*)?)",
     "{a} has no part {b}.", "{a} 没有 {b}。", _LOOK_UP),
    (r"Expected value of type '(?P<a>.+?)' to include required field '(?P<b>.+?)'.*",
     "{a} needs {b}.", "{a} 缺少 {b}。", Text("Add it.", "请补上。")),
    (r"Expected value of type '(?P<a>.+?)' to be an object" + _FOUND,
     "{a} is written as an object.", "{a} 须写成对象。", _VALUE),
    (r"Expected a? ?value of non-null type '(?P<a>.+?)' (?:not to be None|to be provided)\.",
     "A value of type {a} is needed here.", "此处需要类型为 {a} 的值。",
     Text("Add it; null will not do.", "请补上，不能为 null。")),
    (r"Value '(?P<a>.+?)' does not exist in '(?P<b>.+?)' enum\." + _MEANT,
     "{b} has no value {a}.", "{b} 没有取值 {a}。", _LOOK_UP),
    (r"Enum '(?P<b>.+?)' cannot represent non-(?:enum|string) value: (?P<a>.+?)\." + _MEANT,
     "{b} has no value {a}.", "{b} 没有取值 {a}。",
     Text("Values of enumerations stand without quotes in a query.", "枚举值在查询中不加引号。")),
    (r"(?P<a>Int|Float|String|Boolean|ID) cannot represent (?:a )?non.*? value: (?P<b>.*)",
     "{b} is not a value of type {a}.", "{b} 不是 {a} 类型的值。", _VALUE),
    (r"There can be only one (?P<a>[a-z ]+?) named '(?P<b>.+?)'\.",
     "There are two of the {a} {b}.", "{a} {b} 重复。", _ONCE),
    (r"This anonymous operation must be the only defined operation\.",
     "An operation without a name must be the only one.", "未命名的操作必须是唯一的操作。",
     Text("Name every operation.", "请为每个操作命名。")),
    (r"Fields '(?P<a>.+?)' conflict because '(?P<b>.+)' and '(?P<c>.+)' are different fields\..*",
     "{a} would be both {b} and {c}.", "{a} 同时指 {b} 和 {c}。", _ALIASES),
    (r"Fields '(?P<a>.+?)' conflict because they .+",
     "{a} would mean two things.", "{a} 含义冲突。", _ALIASES),
    (r"Fragment (?:'.+?' )?cannot be spread here as objects of type '(?P<a>.+?)' can never be of type '(?P<b>.+?)'\.",
     "{a} is never a {b}.", "{a} 不可能是 {b}。", Text("Take the fragment out.", "请删除该片段。")),
    (r"Cannot spread fragment '(?P<a>.+?)' within itself.*",
     "The fragment {a} contains itself.", "片段 {a} 包含自身。", Text("Take it out of itself.", "请去掉循环引用。")),
    (r".*Subscription(?: '.+?')? must select (?:only )?one top level field\.",
     "A subscription has one field at the top.", "订阅的顶层只能有一个字段。",
     Text("Open one for each.", "请分别订阅。")),
    (r"Syntax Error: Expected (?P<a>.+?), found (?P<b>.+?)\.",
     "Syntax: {a} is expected here, not {b}.", "语法错误：此处应为 {a}，实际为 {b}。", _BRACKETS),
    (r"Syntax Error: Unexpected (?P<a>.+?)\.",
     "Syntax: {a} is not expected here.", "语法错误：此处不应出现 {a}。", _BRACKETS),
    (r"Syntax Error: Unterminated string\.",
     "Syntax: a string is not closed.", "语法错误：字符串没有结束。", _BRACKETS),
)  # fmt: skip
_KNOWN: Final = tuple((re.compile(pattern, re.DOTALL), Text(en, zh), hint) for pattern, en, zh, hint in _PHRASES)

_WORDS: Final = {
    "type": "类型",
    "fragment": "片段",
    "directive": "指令",
    "argument": "参数",
    "variable": "变量",
    "operation": "操作",
    "input field": "输入字段",
    "<EOF>": "文末",
    "Name": "名称",
}
_ENGLISH: Final = {"<EOF>": "the end", "Name": "a name"}


def phrase(message: str) -> tuple[Text, Text] | None:
    """A sentence of graphql-core in our words, and what to do; None: a sentence that is not known here.

    >>> [text.en for text in phrase("Cannot query field 'scor' on type 'Customer'. Did you mean 'score'?")]
    ['Customer has no field scor.', 'Did you mean score?']
    """
    for pattern, text, hint in _KNOWN:
        match = pattern.fullmatch(message)
        if match is not None:
            return _told(match, text), _hinted(match, hint)
    return None


def _told(match: re.Match[str], text: Text) -> Text:
    parts = {name: _plain(part) for name, part in match.groupdict().items() if part is not None}
    english = {name: _ENGLISH.get(part, part) for name, part in parts.items()}
    chinese = {name: _WORDS.get(part, part) for name, part in parts.items()}
    return Text(text.en.format_map(english), text.zh.format_map(chinese))


def _hinted(match: re.Match[str], hint: Text) -> Text:
    meant = match.groupdict().get("meant")
    if meant is None:
        return hint
    words = meant.replace("'", "").replace("the enum value ", "").replace("to use an inline fragment on ", "... on ")
    return Text(f"Did you mean {words}?", f"是否指 {words.replace(', or ', '、').replace(' or ', ' 或 ')}？")


def _plain(part: str) -> str:
    """A value as JSON writes it, not as Python does."""
    if len(part) > 1 and part[0] == part[-1] == "'":
        return f'"{part[1:-1]}"'
    return {"None": "null", "True": "true", "False": "false"}.get(part, part)
