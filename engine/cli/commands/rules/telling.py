"""`touchstone rules explain | compare`: a rule book in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import Folder, commands
from engine.cli.options import Json, Lang
from engine.cli.place import rule_folder
from engine.errors import InputError
from engine.vocabulary import Locale, Market, Text

if TYPE_CHECKING:
    from engine.rulebook import Book
    from engine.rulebook.telling import Line, Row


@commands.command()
def explain(folder: Folder = None, json: Json = False, lang: Lang = None) -> None:
    """Say the whole rule book back in plain words, each rule with its place.

    Example: touchstone rules explain rules --lang zh
    """
    from engine.operations.rule_folder import read_rule_folder
    from engine.rulebook import load_book
    from engine.rulebook.telling import tell_book

    locale = terminal.choose_locale(lang)
    book = load_book(read_rule_folder(rule_folder(folder)))
    lines = tell_book(book)
    if json:
        terminal.emit({"revision": book.revision, "lines": [_line(line) for line in lines]})
        return
    for number, line in enumerate(lines):
        if line.place is None and number:
            terminal.say()
        terminal.say(_indent(line) + line.within(locale))


@commands.command()
def compare(
    left: Annotated[str, typer.Argument(help="One market, b2b or b2c.", metavar="MARKET")] = "b2b",
    right: Annotated[str, typer.Argument(help="The other market.", metavar="MARKET")] = "b2c",
    folder: Folder = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Put the rules of two markets side by side: weights, tiers, conditions, stability, risk.

    Example: touchstone rules compare b2b b2c rules
    """
    from engine.operations.rule_folder import read_rule_folder
    from engine.rulebook import load_book
    from engine.rulebook.telling import compare_markets

    locale = terminal.choose_locale(lang)
    book = load_book(read_rule_folder(rule_folder(folder)))
    markets = _market(left, book), _market(right, book)
    rows = compare_markets(book, *markets)
    if json:
        terminal.emit({"revision": book.revision, "markets": markets, "rows": [_row(row) for row in rows]})
    else:
        _say_rows(rows, markets, locale)


def _market(asked: str, book: Book) -> Market:
    """A market of the book by its name in either case."""
    for market in book.markets:
        if market.value == asked.upper():
            return market
    known = ", ".join(market.value.lower() for market in book.markets)
    raise InputError(
        Text(f"The rule book has no market {asked!r}.", f"规则库中没有市场 {asked!r}。"),
        Text(f"It has: {known}.", f"现有：{known}。"),
    )


def _indent(line: Line) -> str:
    return ("", "- ", "    - ")[line.depth]


def _line(line: Line) -> dict[str, object]:
    place = line.place
    return {
        "en": line.text.en,
        "zh": line.text.within(Locale.ZH),
        "depth": line.depth,
        "place": {"file": place.file, "line": place.line, "column": place.column} if place else None,
    }


def _row(row: Row) -> dict[str, object]:
    def cell(found: object) -> object:
        return {"value": found.value, "en": found.text.en, "zh": found.text.within(Locale.ZH)} if found else None  # type: ignore[attr-defined]

    return {
        "section": row.section,
        "item": row.item,
        "en": row.title.en,
        "zh": row.title.within(Locale.ZH),
        "same": row.same,
        "left": cell(row.left),
        "right": cell(row.right),
    }


def _say_rows(rows: tuple[Row, ...], markets: tuple[Market, Market], locale: Locale) -> None:
    """Short values as tables, sentences one below the other."""
    from engine.rulebook.telling import SECTIONS, SHORT

    for number, (section, title) in enumerate(SECTIONS.items()):
        found = [row for row in rows if row.section == section]
        if not found:
            continue
        if number:
            terminal.say()
        if section in SHORT:
            cells = [(row.title.within(locale), *_cells(row, locale)) for row in found]
            terminal.table((title.within(locale), *markets), cells)
            continue
        terminal.say(title.within(locale))
        for row in found:
            _say_pair(row, markets, locale)


def _say_pair(row: Row, markets: tuple[Market, Market], locale: Locale) -> None:
    left, right = _cells(row, locale)
    if row.same:
        both = "两者" if locale is Locale.ZH else "both"
        terminal.say(f"  {row.title.within(locale)}")
        terminal.say(f"    {both}: {left}")
        return
    terminal.say(f"  {row.title.within(locale)}")
    terminal.say(f"    {markets[0]}: {left}")
    terminal.say(f"    {markets[1]}: {right}")


def _cells(row: Row, locale: Locale) -> tuple[str, str]:
    """Both cells; a dash where a market has nothing."""
    left, right = (cell.text.within(locale) if cell is not None else "—" for cell in (row.left, row.right))
    return left, right
