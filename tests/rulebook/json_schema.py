"""As much of JSON Schema (draft 7) as the schemas of rule files use: what is wrong with a value, and with a schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any] | bool

_TYPES: dict[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value == int(value),
}
_ANNOTATIONS = ("title", "description", "$schema", "definitions", "enumDescriptions", "errorMessage")


class Checker:
    """Checks values against one schema with its definitions."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root

    def problems(self, value: object, schema: Schema | None = None, at: str = "") -> list[str]:
        """Everything wrong with a value; empty: it is valid."""
        asked = self._root if schema is None else schema
        if isinstance(asked, bool):
            return [] if asked else [f"{at}: nothing may stand here"]
        if "$ref" in asked:  # draft 7: whatever stands beside it is ignored
            return self.problems(value, self.resolved(asked["$ref"]), at)
        found: list[str] = []
        for keyword, wanted in asked.items():
            if keyword not in _ANNOTATIONS and keyword not in ("then", "else"):
                found += getattr(self, f"_{keyword}")(value, wanted, at, asked)
        return found

    def resolved(self, reference: str) -> Schema:
        """The definition a reference leads to."""
        assert reference.startswith("#/definitions/")
        definition: Schema = self._root["definitions"][reference.removeprefix("#/definitions/")]
        return definition

    def _type(self, value: object, wanted: str | list[str], at: str, _: object) -> list[str]:
        names = [wanted] if isinstance(wanted, str) else wanted
        return [] if any(_TYPES[name](value) for name in names) else [f"{at}: {value!r} is no {names}"]

    def _enum(self, value: object, wanted: list[object], at: str, _: object) -> list[str]:
        return [] if any(value == one and type(value) is type(one) for one in wanted) else [f"{at}: {value!r}"]

    def _const(self, value: object, wanted: object, at: str, _: object) -> list[str]:
        return [] if value == wanted else [f"{at}: {value!r} is not {wanted!r}"]

    def _pattern(self, value: object, wanted: str, at: str, _: object) -> list[str]:
        return [f"{at}: {value!r} !~ {wanted}"] if isinstance(value, str) and not re.search(wanted, value) else []

    def _maxLength(self, value: object, wanted: int, at: str, _: object) -> list[str]:
        return [f"{at}: too long"] if isinstance(value, str) and len(value) > wanted else []

    def _minimum(self, value: Any, wanted: float, at: str, _: object) -> list[str]:
        return [f"{at}: {value} < {wanted}"] if _TYPES["number"](value) and value < wanted else []

    def _maximum(self, value: Any, wanted: float, at: str, _: object) -> list[str]:
        return [f"{at}: {value} > {wanted}"] if _TYPES["number"](value) and value > wanted else []

    def _exclusiveMinimum(self, value: Any, wanted: float, at: str, _: object) -> list[str]:
        return [f"{at}: {value} <= {wanted}"] if _TYPES["number"](value) and value <= wanted else []

    def _contains(self, value: object, wanted: Schema, at: str, _: object) -> list[str]:
        items = value if isinstance(value, list) else None
        return [] if items is None or any(not self.problems(one, wanted) for one in items) else [f"{at}: lacks one"]

    def _minItems(self, value: object, wanted: int, at: str, _: object) -> list[str]:
        return [f"{at}: too few"] if isinstance(value, list) and len(value) < wanted else []

    def _maxItems(self, value: object, wanted: int, at: str, _: object) -> list[str]:
        return [f"{at}: too many"] if isinstance(value, list) and len(value) > wanted else []

    def _minProperties(self, value: object, wanted: int, at: str, _: object) -> list[str]:
        return [f"{at}: too few keys"] if isinstance(value, dict) and len(value) < wanted else []

    def _required(self, value: object, wanted: list[str], at: str, _: object) -> list[str]:
        return [f"{at}: no {key}" for key in wanted if isinstance(value, dict) and key not in value]

    def _dependencies(self, value: object, wanted: dict[str, list[str]], at: str, _: object) -> list[str]:
        held = [keys for key, keys in wanted.items() if isinstance(value, dict) and key in value]
        return [problem for keys in held for problem in self._required(value, keys, at, None)]

    def _properties(self, value: object, wanted: dict[str, Schema], at: str, _: object) -> list[str]:
        parts = [(key, schema) for key, schema in wanted.items() if isinstance(value, dict) and key in value]
        return [said for key, schema in parts for said in self.problems(value[key], schema, f"{at}.{key}")]  # type: ignore[index]

    def _propertyNames(self, value: object, wanted: Schema, at: str, _: object) -> list[str]:
        keys = value if isinstance(value, dict) else {}
        return [said for key in keys for said in self.problems(key, wanted, f"{at}.{key}")]

    def _additionalProperties(self, value: object, wanted: Schema, at: str, asked: dict[str, Any]) -> list[str]:
        rest = [key for key in value if key not in asked.get("properties", {})] if isinstance(value, dict) else []
        return [said for key in rest for said in self.problems(value[key], wanted, f"{at}.{key}")]  # type: ignore[index]

    def _items(self, value: object, wanted: Schema | list[Schema], at: str, _: object) -> list[str]:
        items = value if isinstance(value, list) else []
        each = wanted if isinstance(wanted, list) else [wanted] * len(items)
        pairs = zip(items, each, strict=False)
        return [said for n, (item, schema) in enumerate(pairs) for said in self.problems(item, schema, f"{at}[{n}]")]

    def _anyOf(self, value: object, wanted: list[Schema], at: str, _: object) -> list[str]:
        tried = [self.problems(value, one, at) for one in wanted]
        return [] if any(not one for one in tried) else [f"{at}: none of {tried}"]

    def _allOf(self, value: object, wanted: list[Schema], at: str, _: object) -> list[str]:
        return [said for one in wanted for said in self.problems(value, one, at)]

    def _not(self, value: object, wanted: Schema, at: str, _: object) -> list[str]:
        return [] if self.problems(value, wanted, at) else [f"{at}: is what it must not be"]

    def _if(self, value: object, wanted: Schema, at: str, asked: dict[str, Any]) -> list[str]:
        return self.problems(value, asked.get("else" if self.problems(value, wanted, at) else "then", True), at)


_SCHEMAS = ("additionalProperties", "propertyNames", "not", "if", "then", "else", "contains")
_LISTS = ("anyOf", "allOf")
_NUMBERS = ("minimum", "exclusiveMinimum", "maximum", "minItems", "maxItems", "minProperties", "maxLength")


def malformed(schema: object, root: dict[str, Any], at: str = "#") -> Iterator[str]:
    """What is not as the specification of draft 7 wants a schema to be, and what this module does not know."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield f"{at} is no schema"
        return
    for keyword, value in schema.items():
        where = f"{at}/{keyword}"
        if keyword in _SCHEMAS:
            yield from malformed(value, root, where)
        elif keyword in _LISTS or (keyword == "items" and isinstance(value, list)):
            yield from [] if value else [f"{where} is empty"]
            yield from (said for one in value for said in malformed(one, root, where))
        elif keyword == "items":
            yield from malformed(value, root, where)
        elif keyword in ("properties", "definitions"):
            yield from (said for key, one in value.items() for said in malformed(one, root, f"{where}/{key}"))
        elif not _plain(keyword, value, root):
            yield f"{where}: {value!r}"


def _plain(keyword: str, value: Any, root: dict[str, Any]) -> bool:
    """A keyword whose value is no schema is as it should be."""
    if keyword in _NUMBERS:
        return _TYPES["number"](value)
    if keyword == "type":
        return all(name in _TYPES for name in ([value] if isinstance(value, str) else value))
    if keyword == "pattern":
        return bool(re.compile(value))
    if keyword in ("required", "enumDescriptions"):
        return all(isinstance(one, str) for one in value) and (keyword != "required" or len(set(value)) == len(value))
    if keyword == "enum":
        return len(value) > 0 and len(set(value)) == len(value)
    if keyword == "$ref":
        return value.removeprefix("#/definitions/") in root["definitions"]
    return keyword in ("const", "dependencies", "title", "description", "errorMessage", "$schema")
