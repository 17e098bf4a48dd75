"""The page of a decision from the command line: to standard output or into a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli import terminal
from engine.errors import InputError
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def refuse_mixture(*, page: bool, one: bool, json: bool, file: bool) -> None:
    """Refuse options that do not go together.

    Raises:
        InputError: A page of several customers or beside JSON, or a file without a page.
    """
    if (page and (json or not one)) or (file and not page):
        example = "touchstone explain demo:B-0007 --html --out why.html"
        raise InputError(
            Text(
                "--html is for one customer and not for --json; --out goes with --html.",
                "--html 只用于一位客户，不能与 --json 并用；--out 须与 --html 一起使用。",
            ),
            Text(f"Example: {example}", f"例如：{example}"),
        )


def write_page(session: Session, decision_id: int, locale: Locale, out: Path | None) -> None:
    """Write the document of a decision, in UTF-8 whatever the terminal speaks.

    Raises:
        InputError: The file cannot be written.
    """
    from engine.access import open_private
    from engine.operations.documents import documented, page_of
    from engine.settings import load_settings

    page = page_of(documented(session, decision_id, load_settings().objection_contact), locale)
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(page.encode())
        sys.stdout.buffer.flush()
        return
    try:
        with open_private(out) as opened:
            opened.write(page.encode())
    except OSError as error:
        raise InputError(
            Text(f"{out} cannot be written: {error.strerror}.", f"无法写入 {out}：{error.strerror}。"),
            Text("Name a file in a folder you may write to.", "请给出可写文件夹中的文件名。"),
            code="FILE",
        ) from error
    said = f"Written to {out}; open it in a browser to read or print it."
    terminal.say(f"已写入 {out}；可在浏览器中打开、打印。" if locale is Locale.ZH else said)
