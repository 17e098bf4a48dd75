"""What is wrong with a mapping file, in words of both languages and with the line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from engine.errors import closest
from engine.vocabulary import Text

Way = tuple[str | int, ...]
"""The keys and list positions that lead to a place, e.g. `("columns", "net", "type")`."""

_FORMS: Final = {
    "currency": Text("three capital letters such as CNY", "三个大写字母，如 CNY"),
    "name": Text("lower-case letters, digits and -", "小写字母、数字和 -"),
    "source": Text("letters, digits and _ . -", "字母、数字和 _ . -"),
    "reason": Text("lower-case letters and _", "小写字母和下划线"),
    "take": Text("a function of a field such as sum(net)", "对字段的函数，如 sum(net)"),
}
_KINDS: Final = (
    ("bool", Text("true or false belongs here", "这里应是 true 或 false")),
    ("int", Text("a whole number belongs here", "这里应是整数")),
    ("float", Text("a number belongs here", "这里应是数字")),
    ("finite", Text("a number belongs here", "这里应是数字")),
    ("string", Text("a text belongs here", "这里应是文字")),
    ("list", Text("a list belongs here", "这里应是列表")),
    ("tuple", Text("a list of two belongs here", "这里应是两项的列表")),
    ("too_", Text("a list of two belongs here", "这里应是两项的列表")),
    ("missing_", Text("a list of two belongs here", "这里应是两项的列表")),
)
_KEYS: Final = Text("keys with values belong here", "这里应写成“键: 值”")


class WrongMappingError(ValueError):
    """Something a check of ours found; carries every sentence."""

    def __init__(self, *sentences: Text) -> None:
        super().__init__("; ".join(one.en for one in sentences))
        self.sentences = sentences


def sentences_of(faults: Iterable[Mapping[str, Any]], lines: Mapping[Way, int], words: Iterable[str]) -> list[Text]:
    """One sentence per fault, by line, with the way to it; what is missing at the top has no line.

    Args:
        faults: As pydantic lists them.
        lines: Line by way, from 1.
        words: Keys a mapping may have anywhere.
    """
    known, found = sorted(words), list[tuple[int, Text]]()
    for fault in faults:
        way: Way = tuple(fault["loc"])
        at = next((lines[way[:end]] for end in range(len(way), 0, -1) if way[:end] in lines), 0)
        named = ".".join(map(str, way))
        for said in _said(fault, known):
            en, zh = (f"`{named}` {said.en}", f"`{named}` {said.zh}") if named else (said.en, said.zh)
            found.append((at, Text(f"line {at}: {en}", f"第 {at} 行：{zh}") if at else Text(en, zh)))
    return [said for _, said in sorted(found, key=lambda one: one[0])]


def _said(fault: Mapping[str, Any], known: list[str]) -> tuple[Text, ...]:
    kind, context = str(fault["type"]), fault.get("ctx", {})
    error = context.get("error")
    if isinstance(error, WrongMappingError):
        return error.sentences
    if kind == "missing":
        return (Text("is missing", "缺失"),)
    if kind == "extra_forbidden":
        name = str(fault["loc"][-1])[:100]
        if name in known:
            return (
                Text("is a key of another part of a mapping, not of this one", "属于映射文件的其他部分，此处不可用"),
            )
        near = closest(name, known)
        return (
            Text("is no key of a mapping" + (f", did you mean `{near}`?" if near else ""),
                 "不是映射文件的键" + (f"，是不是想写 `{near}`？" if near else "")),
        )  # fmt: skip
    written = str(fault.get("input", ""))[:60]
    if "expected" in context:
        listed = str(context["expected"]).replace(" or ", ", ")
        return (Text(f"cannot be {written!r}; possible: {listed}", f"不能写 {written!r}；可以写：{listed}"),)
    return (_form(fault, kind, context, written),)


def _form(fault: Mapping[str, Any], kind: str, context: Mapping[str, Any], written: str) -> Text:
    if kind == "string_pattern_mismatch":
        form = _FORMS.get(str(fault["loc"][-1]), Text(str(context["pattern"]), str(context["pattern"])))
        return Text(f"cannot be {written!r}; write {form.en}", f"不能写 {written!r}；请写{form.zh}")
    if kind == "greater_than_equal":
        return Text(f"must be at least {context['ge']}", f"不得小于 {context['ge']}")
    if kind == "less_than_equal":
        return Text(f"must be at most {context['le']}", f"不得大于 {context['le']}")
    wanted = next((text for begin, text in _KINDS if kind.startswith(begin)), _KEYS)
    return Text(f"is wrong: {wanted.en}", f"有误：{wanted.zh}")
