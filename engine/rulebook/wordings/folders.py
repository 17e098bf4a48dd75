"""Sentences about the folder of rule files, and about how much it may hold."""

from __future__ import annotations

from typing import Final

from engine.rulebook.wordings.form import Wording

FOLDERS: Final = {
    "file_too_large": Wording(
        "RULE_LIMIT",
        "The file has more than {limit} bytes.",
        "文件超过 {limit} 字节。",
        "Rule files are short; remove what does not belong here.",
        "规则文件应当简短，请删去无关内容。",
    ),
    "folder_too_large": Wording(
        "RULE_LIMIT",
        "The rule files together have more than {limit} bytes.",
        "全部规则文件合计超过 {limit} 字节。",
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
    "file_missing": Wording(
        "RULE_MISSING_KEY",
        "The file `{file}` is missing.",
        "缺少文件 `{file}`。",
        "Create it in the rule folder.",
        "请在规则目录中创建它。",
    ),
    "file_empty": Wording(
        "RULE_MISSING_KEY",
        "The file is empty.",
        "文件是空的。",
        "Fill it, or bring back an earlier one; `touchstone rules log` lists what was published.",
        "请填写内容，或找回以前的文件；`touchstone rules log` 列出已发布的规则。",
    ),
    "market_file_missing": Wording(
        "RULE_MISSING_KEY",
        "The file `{file}` is missing, but {other} asks for {market} on line {line}.",
        "缺少文件 `{file}`，而 {other} 第 {line} 行提到了 {market}。",
        "Bring the file back, or remove {market} from the other files.",
        "请找回该文件，或从其他文件中去掉 {market}。",
    ),
    "no_market": Wording(
        "RULE_MISSING_KEY",
        "There is neither `b2b.yaml` nor `b2c.yaml`.",
        "`b2b.yaml` 和 `b2c.yaml` 都不存在。",
        "A rule book needs at least one market.",
        "规则至少需要一个市场。",
    ),
    "file_unknown": Wording("RULE_UNKNOWN_KEY", "`{file}` is not a file of a rule book.", "`{file}` 不是规则文件。"),
    "too_many_nodes_together": Wording(
        "RULE_LIMIT",
        "The rule files together hold more than {limit} keys and values.",
        "全部规则文件的键和值合计超过 {limit} 个。",
        "Remove what does not belong here.",
        "请删去无关内容。",
    ),
    "too_many_files": Wording(
        "RULE_LIMIT",
        "The folder holds more than {limit} files that end in .yaml or .yml, or too many folders to look through.",
        "文件夹中以 .yaml 或 .yml 结尾的文件超过 {limit} 个，或子文件夹过多。",
        "Name the folder that holds rulebook.yaml, and nothing else.",
        "请指定 rulebook.yaml 所在的文件夹，其中不要放其他文件。",
    ),
    "merge_conflict": Wording(
        "RULE_SYNTAX",
        "Two versions of the file were merged and still stand side by side from here on.",
        "文件合并后有未解决的冲突，从这里起两个版本并存。",
        "Choose one of them, and remove the lines that begin with <<<<<<<, ======= and >>>>>>>.",
        "请保留其中一个版本，并删除以 <<<<<<<、=======、>>>>>>> 开头的行。",
    ),
    "not_a_file": Wording(
        "RULE_FILE",
        "`{file}` is named like a rule file, but it is {kind}.",
        "`{file}` 的名称像规则文件，实际是{kind}。",
        "Remove it, or put the file there.",
        "请删除它，或换成真正的文件。",
    ),
    "file_refused": Wording(
        "RULE_FILE",
        "`{file}` cannot be read: {why}.",
        "`{file}` 无法读取：{why}。",
        "Check its rights and where it points to.",
        "请检查文件权限和链接目标。",
    ),
}
"""Wordings about files as such and their limits."""
