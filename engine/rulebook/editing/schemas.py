"""JSON Schema of the rule files of one book, for completion and checks while somebody types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from engine.rulebook.book import Book
from engine.rulebook.editing.drawing import Drawer, both, text_of
from engine.rulebook.editing.sheets import blank_sheets
from engine.rulebook.editing.vocabulary import KINDS, PER_MARKET, Titles, names_of, titles_of
from engine.rulebook.parts import market
from engine.rulebook.telling.phrases import say
from engine.rulebook.wordings.keywords import meaning
from engine.vocabulary import UNRATED, Market, Text

Schema = dict[str, Any]

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
FOLDER: Final = ".schema"
"""Where the schemas of a rule folder stand, beside its files."""

_NEW: Final = Text(
    "The book has no {kind} of this name. If it is new: touchstone rules schema",
    "规则库中没有此名称的{kind}。若为新增，请运行 touchstone rules schema",
)


def schema_name(path: str) -> str:
    """The name of the schema of a rule file.

    >>> schema_name("b2b.yaml")
    'b2b.json'
    """
    return f"{path.removesuffix('.yaml')}.json"


def file_schemas(book: Book) -> dict[str, Schema]:
    """The schema of each rule file by its path, complete in itself."""
    sheets = blank_sheets(book)
    found: dict[str, Schema] = {}
    for path, sheet in sheets.items():
        definitions: dict[str, Schema] = {}
        drawn = _drawer(book, market.FILES.get(path), definitions).draw(sheet)
        found[path] = {"$schema": DRAFT, **drawn, "title": f"{path} · {both(book.title)}", "definitions": definitions}
    return found


def whole_schema(book: Book) -> Schema:
    """One schema for any rule file of a book; the file's own is under `definitions` by its path."""
    definitions: dict[str, Schema] = {}
    for path, schema in file_schemas(book).items():
        definitions.update(schema.pop("definitions"))
        del schema["$schema"]
        definitions[path] = schema
    files = [{"$ref": f"#/definitions/{path}"} for path in blank_sheets(book)]
    return {"$schema": DRAFT, "title": both(book.title), "definitions": definitions, "anyOf": files}


def schema_text(book: Book, path: str | None = None) -> str:
    """The schema of one rule file as JSON, or (None) the one for any of them."""
    return text_of(whole_schema(book) if path is None else file_schemas(book)[path])


def schema_files(book: Book) -> dict[str, str]:
    """The schemas as files, by name."""
    return {schema_name(path): text_of(schema) for path, schema in file_schemas(book).items()}


def _drawer(book: Book, of: Market | None, definitions: dict[str, Schema]) -> Drawer:
    """A drawer that collects the names it needs in `definitions`."""
    names = names_of(book, of)
    titles = titles_of(book)
    return Drawer(_naming(names, titles, of, definitions), titles, _described)


def _described(owner: str, key: str) -> str:
    found = meaning(key, owner)
    return both(found) if found else ""


def _naming(
    names: Mapping[str, Titles], titles: Mapping[str, Text], of: Market | None, definitions: dict[str, Schema]
) -> Callable[[str, Sequence[str]], Schema | None]:
    def define(kind: str, besides: Sequence[str]) -> Schema | None:
        own = names.get(kind, {})
        found = {**own, **{word: titles.get(word, Text("")) for word in besides if word not in own}}
        if not found:
            return None
        prefix = (of.value.lower() if of else "all") if kind in PER_MARKET else ""
        suffix = "or_unrated" if UNRATED in found and UNRATED not in own else ""
        name = "_".join(part for part in (prefix, kind.replace(" ", "_"), suffix) if part)
        told = [both(title) for title in found.values()]
        definitions[name] = {
            "enum": list(found),
            **({"enumDescriptions": told} if any(told) else {}),
            **({"errorMessage": both(say(_NEW.en, _NEW.zh, kind=KINDS[kind]))} if kind in KINDS else {}),
        }
        return {"$ref": f"#/definitions/{name}"}

    return define
