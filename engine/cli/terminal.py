"""What commands share in talking to a person or a program: language, JSON, tables, complaints."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from engine.cli.excerpt import excerpt, lines_of, width
from engine.errors import Given, InputError, Problem, Severity, TouchstoneError
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from rich.progress import Progress

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MOST_SHOWN: Final = 16
REFUSED: Final = Text(
    "The system refuses {name}: {why}. Check the path, the rights and the room on the disk.",
    "系统拒绝访问 {name}：{why}。请检查路径、权限和磁盘空间。",
)
UNEXPECTED: Final = Text(
    "An unexpected fault ({kind}). Run the command again with --debug and report what it prints.",
    "发生意外错误（{kind}）。请加上 --debug 重新运行，并报告输出内容。",
)

SEVERITIES: Final = {
    Severity.ERROR: Text("error", "错误"),
    Severity.WARNING: Text("warning", "警告"),
    Severity.INFO: Text("info", "提示"),
}
"""How bad a problem is, in words."""


def locale_of(arguments: Sequence[str]) -> Locale:
    """The language for complaints, before any option is read: --lang, the settings, or English.

    >>> locale_of(["explain", "demo:B-0007", "--lang", "zh"])
    <Locale.ZH: 'zh'>
    """
    words = list(arguments)
    for index, word in enumerate(words):
        asked = word.removeprefix("--lang=") if word.startswith("--lang=") else None
        if word == "--lang" and index + 1 < len(words):
            asked = words[index + 1]
        if asked is not None:
            return Locale.ZH if asked.lower().startswith("zh") else Locale.EN
    try:
        return choose_locale(None)
    except TouchstoneError:  # broken settings are complained about by the command that needs them
        asked = os.environ.get("TOUCHSTONE_LANGUAGE", "").lower()
        chinese = asked == "zh" or (asked != "en" and os.environ.get("LANG", "").startswith("zh"))
        return Locale.ZH if chinese else Locale.EN


def choose_locale(asked: str | None) -> Locale:
    """A language by its short name; none: that of the settings, or else of the terminal (LANG).

    Raises:
        InputError: Neither `en` nor `zh`, or settings that cannot be read.
    """
    if asked is not None:
        if asked.lower() not in ("en", "zh"):
            raise InputError(
                Text(f"There is no language {asked!r}.", f"没有语言 {asked!r}。"),
                Text("Give --lang en or --lang zh.", "请使用 --lang en 或 --lang zh。"),
            )
        return Locale(asked.lower())
    from engine.settings import load_settings

    settings = load_settings()
    if "language" in settings.model_fields_set:
        return settings.language
    return Locale.ZH if os.environ.get("LANG", "").startswith("zh") else Locale.EN


def actor_of(asked: str | None) -> str:
    """Who acts: --by or TOUCHSTONE_ACTOR.

    Raises:
        InputError: Neither is given, or it is no name.
    """
    from engine.access import Actor
    from engine.settings import load_settings

    return Actor.named(asked or load_settings().actor).name


def now() -> datetime:
    """The present instant; the only clock of the command line."""
    return datetime.now(UTC)


def emit(value: object) -> None:
    """Print one JSON document to standard output; decimals and instants as strings."""
    import orjson

    sys.stdout.write(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode() + "\n")


def say(text: str = "") -> None:
    """Print one line for a person."""
    sys.stdout.write(harmless(text) + "\n")


def complain(text: str) -> None:
    """Print one line to standard error."""
    sys.stderr.write(harmless(text) + "\n")


def harmless(text: str) -> str:
    """A text whose control characters are written out: what others wrote must not move what stands on a terminal.

    >>> harmless("key\\x1b[2J")
    'key\\\\x1b[2J'
    """
    return _CONTROL.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 0x100 else f"\\u{ord(character):04x}"


def print_problems(problems: Iterable[Problem], locale: Locale, sources: dict[str, str] | None = None) -> None:
    """Print problems of rule files: place, code, sentence, the source line with a caret, the remedy."""
    read = {name: lines_of(text) for name, text in (sources or {}).items()}
    for problem in problems:
        place = problem.place
        severity = SEVERITIES[problem.severity].within(locale)
        complain(f"{place}: {severity} {problem.code}: {problem.message.within(locale)}")
        lines = read.get(place.file, [])
        if 0 < place.line <= len(lines):
            for shown in excerpt(lines[place.line - 1], place.column):
                complain(f"    {shown}")
        hint = problem.hint.within(locale)
        if hint:
            complain(f"    = {hint}")
        if problem.witness:
            complain(f"    {witness_text(problem.witness, locale)}")


def witness_text(witness: Sequence[Given], locale: Locale) -> str:
    """A customer that shows a problem, in one line; a long one is cut short.

    >>> from engine.vocabulary import Unit
    >>> witness_text([Given("orders", "3", Unit.COUNT), Given("churn", None, Unit.PROBABILITY)], Locale.EN)
    'shown by: orders 3, churn unknown'
    """
    unknown = "未知" if locale is Locale.ZH else "unknown"
    parts = [f"{one.name} {unknown if one.value is None else one.value or '-'}" for one in witness[:_MOST_SHOWN]]
    parts += ["…"] if len(witness) > _MOST_SHOWN else []
    return ("所示客户：" if locale is Locale.ZH else "shown by: ") + ", ".join(parts)


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a plain table whose columns stand right under each other, Chinese included."""
    lines = [tuple(str(cell) for cell in row) for row in rows]
    widths = [max([width(h), *(width(line[i]) for line in lines)]) for i, h in enumerate(headers)]
    for cells in (tuple(headers), *lines):
        padded = (cell + " " * (widths[i] - width(cell)) for i, cell in enumerate(cells))
        say("  ".join(padded).rstrip())


def progress_bar() -> AbstractContextManager[Progress]:
    """A progress bar on standard error; silent where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
