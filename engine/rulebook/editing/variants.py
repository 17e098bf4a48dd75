"""Several shapes of one thing as one schema: everything it may have, and what goes with what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.rulebook.blank import Alternative

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One shape of a thing and its schema."""

    shape: Alternative
    schema: Schema


def merged(shapes: Sequence[Drawn]) -> Schema:
    """One schema for all shapes of an object.

    Editors complete all keys; `if` and `then` say which of them belong together.
    """
    if len(shapes) == 1:
        return shapes[0].schema
    properties = _union(shapes)
    required = [
        key
        for key in shapes[0].schema.get("required", ())
        if all(key in one.schema.get("required", ()) for one in shapes)
    ]
    forks = list(dict.fromkeys(key for one in shapes for key in one.shape.present))
    whole: Schema = {**shapes[0].schema, "properties": properties, "required": required}
    if all(one.shape.present for one in shapes):
        whole["anyOf"] = [{"required": [key]} for key in forks]
    whole["allOf"] = list(_conditions(shapes, properties, required, forks))
    return whole


def _union(shapes: Iterable[Drawn]) -> dict[str, Schema]:
    """Every property; of one that differs between shapes all that it can be."""
    found: dict[str, list[Schema]] = {}
    for one in shapes:
        for key, schema in one.schema["properties"].items():
            known = found.setdefault(key, [])
            known += [schema] if schema not in known else []
    return {key: each[0] if len(each) == 1 else _any_of(each) for key, each in found.items()}


def _any_of(schemas: Sequence[Schema]) -> Schema:
    told = schemas[0].get("description")
    bare = [{key: value for key, value in one.items() if key != "description"} for one in schemas]
    return {"anyOf": bare} | ({"description": told} if told else {})


def _conditions(
    shapes: Sequence[Drawn], properties: Mapping[str, Schema], required: Sequence[str], forks: Sequence[str]
) -> Iterable[Schema]:
    """A condition for each shape; shapes that differ in one value only and ask for the same share one."""
    groups: dict[str, tuple[Drawn, Schema, list[str]]] = {}
    for one in shapes:
        spread, *rest = one.shape.when.items() or [("", ())]
        asked = _asked(one, properties, required)
        key = json.dumps([one.shape.present, spread[0], rest, asked], sort_keys=True, ensure_ascii=False)
        groups.setdefault(key, (one, asked, []))[2].extend(spread[1])
    for one, asked, values in groups.values():
        names = list(one.shape.when)
        when = {**one.shape.when, **({names[0]: tuple(values)} if names else {})}
        yield {"if": _if(one.shape.present, when, forks), "then": asked}


def _asked(one: Drawn, properties: Mapping[str, Schema], required: Sequence[str]) -> Schema:
    own = one.schema["properties"]
    differing = {key: own.get(key, False) for key, schema in properties.items() if own.get(key) != schema}
    needed = [key for key in one.schema.get("required", ()) if key not in required]
    return {"properties": differing} | ({"required": needed} if needed else {})


def _if(present: Sequence[str], when: Mapping[str, Sequence[str]], forks: Sequence[str]) -> Schema:
    """The shape is meant: its keys are written, and those that decide have its values."""
    condition: Schema = {"required": list(dict.fromkeys((*when, *present)))}
    if when:
        condition["properties"] = {key: {"enum": list(values)} for key, values in when.items()}
    if not present and forks:
        condition["not"] = {"anyOf": [{"required": [key]} for key in forks]}
    return condition
