"""Mappings by name: shipped ones, or files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from engine.errors import NotFoundError, closest
from engine.intake import Mapping, check_market_rule, read_mapping
from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class ShippedMapping:
    """A mapping that comes with Touchstone: its name, what it brings, and what it is for."""

    name: str
    entity: str
    title: Text


@cache
def _shipped() -> dict[str, bytes]:
    folder = files("engine.intake") / "mappings"
    found = {item.name.removesuffix(".yaml"): item for item in folder.iterdir() if item.name.endswith(".yaml")}
    return {name: found[name].read_bytes() for name in sorted(found)}


def list_mappings() -> tuple[ShippedMapping, ...]:
    """Every shipped mapping, by name."""
    read = [read_mapping(text, name) for name, text in _shipped().items()]
    return tuple(ShippedMapping(mapping.name, mapping.entity, mapping.title.text()) for mapping in read)


def load_mapping(mapping: str | Path) -> Mapping:
    """A shipped mapping by its name, or one from a file.

    Raises:
        NotFoundError: Neither a shipped name nor a file; the hint names the nearest one.
        InputError: The mapping is not right.
    """
    text = _shipped().get(str(mapping))
    name = str(mapping)
    if text is None:
        path = Path(mapping)
        if not path.is_file():
            raise _no_mapping(name)
        text, name = path.read_bytes(), path.name
    read = read_mapping(text, name)
    check_market_rule(read)
    return read


def _no_mapping(name: str) -> NotFoundError:
    near = closest(name, _shipped())
    listed = ", ".join(shipped for shipped in _shipped() if not shipped.startswith("demo-"))
    hint = (
        Text(f"Did you mean {near}?", f"是否指 {near}？") if near else Text(f"Shipped: {listed}.", f"自带：{listed}。")
    )
    return NotFoundError(
        Text(f"There is no mapping {name!r}, nor such a file.", f"没有映射 {name!r}，也没有该文件。"), hint
    )
