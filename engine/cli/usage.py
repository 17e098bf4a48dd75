"""Wrong usage of the command line, told in the language asked for: what is wrong, and where help is."""

from __future__ import annotations

import re
from typing import Final

from typer.exceptions import TyperException

from engine.cli import terminal
from engine.errors import closest
from engine.vocabulary import Locale

_ENGLISH: Final = (
    (r" ?\(Possible options: (.+)\)", r". Did you mean \1?"),
    (r"\(s\) \((.+)\)", r": \1"),
    ("Value error, ", ""),
)
_CHINESE: Final = (
    (r"Missing argument '(.+)'\.", r"缺少参数 \1。"),
    (r"Missing option '(.+)'\.", r"缺少选项 \1。"),
    (r"No such option: (\S+)", r"没有选项 \1。"),
    (r" ?\(Possible options: (.+)\)", r"是否指 \1？"),
    (r"No such command '(.+?)'\.", r"没有命令 \1。"),
    (r" ?Did you mean (.+)\?", r"是否指 \1？"),
    (r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)", r"多余的参数：\1。"),
    (r"Option '(.+)' requires an argument\.", r"选项 \1 需要一个值。"),
    (r"Option '(.+)' does not take a value\.", r"选项 \1 不带值。"),
    (r"Invalid value for '(.+?)': ", r"\1 的值不对："),
    (r"(?:Value error, )?('.+') is not one of (.+)\.", r"\1 须为 \2 之一。"),
    (r"Input should be greater than or equal to (\S+)", r"不得小于 \1。"),
    (r"Input should be less than or equal to (\S+)", r"不得大于 \1。"),
    (r"Input should be a valid integer.*", r"须为整数。"),
)


def explain(error: TyperException, locale: Locale) -> None:
    """Print what is wrong with the words of a command and how to see its help; help itself is printed as it is."""
    _keep_near(error)
    told = error.format_message()
    if "\n" in told:
        terminal.complain(told)
        return
    for english, chinese in _CHINESE if locale is Locale.ZH else _ENGLISH:
        told = re.sub(english, chinese, told)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "touchstone"
    ended = told if told.endswith((".", "?", "。", "？")) else told + ("。" if locale is Locale.ZH else ".")
    terminal.complain(f"{ended}用法：{path} --help" if locale is Locale.ZH else f"{ended} Usage: {path} --help")


def _keep_near(error: TyperException) -> None:
    """Leave of the options proposed only what may be a slip of the pen; others are no help but a wrong track."""
    written, proposed = getattr(error, "option_name", None), getattr(error, "possibilities", None)
    if written and proposed:
        near = closest(written.lstrip("-"), [one.lstrip("-") for one in proposed])
        error.possibilities = [one for one in proposed if one.lstrip("-") == near]  # type: ignore[attr-defined]
