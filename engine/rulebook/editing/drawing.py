"""Blank sheets, filled with what readers asked for, drawn as JSON Schema (draft 7, which editors know best)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from engine.rulebook.blank import Blank, Form
from engine.rulebook.editing.variants import Drawn, merged
from engine.vocabulary import Locale, Text

Schema = dict[str, object]

_WIDE: Final = 10**12
"""Bounds beyond this only say that numbers are finite."""

_OF_OBJECTS: Final = ("minProperties", "anyOf")
_OF_LISTS: Final = ("minItems", "maxItems", "contains")


def both(text: Text) -> str:
    """A text in both languages, for editors that do not know which one is wanted.

    >>> both(Text("Key", "重点客户"))
    'Key · 重点客户'
    """
    chinese = text.within(Locale.ZH)
    return text.en if chinese in ("", text.en) else f"{text.en} · {chinese}"


class Drawer:
    """Draws sheets of one book.

    Args:
        names: Gives the definition of a kind of names; None: nobody declares such names.
        titles: What fixed words mean.
        describe: What a key of an owner is for.
    """

    def __init__(
        self,
        names: Callable[[str, Sequence[str]], Schema | None],
        titles: Mapping[str, Text],
        describe: Callable[[str, str], str],
    ) -> None:
        self._names = names
        self._titles = titles
        self._describe = describe

    def draw(self, blank: Blank) -> Schema:
        """The schema of one place."""
        options: list[Schema] = [self._limited(self._form(form), blank, ()) for form in blank.forms]
        if blank.owners:
            options.append(self._limited(self._object(blank), blank, _OF_OBJECTS))
        elif blank.entries:
            options.append(self._limited(self._mapping(blank), blank, _OF_OBJECTS))
        if blank.items:
            options.append(self._limited(self._list(blank), blank, _OF_LISTS))
        distinct = [option for index, option in enumerate(options) if option not in options[:index]]
        return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}

    def _limited(self, schema: Schema, blank: Blank, kind: tuple[str, ...]) -> Schema:
        """With the demands that concern this sort of value."""
        others = (*_OF_OBJECTS, *_OF_LISTS, "each")
        return schema | {
            key: value for key, value in blank.limits.items() if (key in kind if kind else key not in others)
        }

    def _form(self, form: Form) -> Schema:
        if "names" in form:
            return self._named(form)
        if "enum" in form:
            return self._enumeration([str(word) for word in _listed(form["enum"])], self._titles)
        schema = dict(form)
        if isinstance(schema.get("maximum"), int) and abs(int(str(schema["maximum"]))) > _WIDE:
            del schema["minimum"], schema["maximum"]
        return schema

    def _named(self, form: Form) -> Schema:
        """One of the book's names; names nobody declares may be new."""
        known = self._names(str(form["names"]), [str(word) for word in _listed(form.get("enum", ()))])
        opened = form.get("open")
        if isinstance(opened, Mapping):
            return dict(opened) if known is None else {"anyOf": [known, dict(opened)]}
        return {"type": "string"} if known is None else known

    def _enumeration(self, words: Sequence[str], titles: Mapping[str, Text]) -> Schema:
        """Some words, described where there is something to say."""
        told = [both(titles[word]) if word in titles else "" for word in words]
        schema: Schema = {"enum": list(words)}
        return schema | ({"enumDescriptions": told} if any(told) else {})

    def _object(self, blank: Blank) -> Schema:
        owner = blank.owners[0]
        properties: dict[str, Schema] = {}
        for key, below in blank.keys.items():
            if below.asked:
                told = self._describe(owner.en, key)
                properties[key] = self.draw(below) | ({"description": told} if told else {})
        schema: Schema = {"title": both(owner), "type": "object", "properties": properties}
        needed = [key for key in dict.fromkeys(blank.needed) if key in properties]
        return schema | ({"required": needed} if needed else {}) | {"additionalProperties": False}

    def _mapping(self, blank: Blank) -> Schema:
        """A mapping whose keys the author chooses, or takes from names of the book."""
        value = merged([Drawn(below.shape, self.draw(below)) for _, below in blank.entries])
        key = self.draw(blank.entries[0][0])
        return {"type": "object", "propertyNames": key, "additionalProperties": value}

    def _list(self, blank: Blank) -> Schema:
        if blank.limits.get("each"):
            return {"type": "array", "items": [self.draw(item) for item in blank.items]}
        return {"type": "array", "items": merged([Drawn(item.shape, self.draw(item)) for item in blank.items])}


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def text_of(schema: Schema) -> str:
    """A schema as JSON, one line a key, always in the same order."""
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"
