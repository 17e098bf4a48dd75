"""Declaring types: descriptions come from docstrings, values from the sources behind the types.

A type here declares what the API shows; the object behind it (its source) is a view of the store or a value of the
engine with attributes of the same names. A field without a resolver is that attribute; `answered` asks a function,
`spoken` says a text in the request's language, `identified` gives the global id.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

import strawberry

from engine.store.reading import Kind, global_id
from engine.vocabulary import Locale
from schema.context import Info, LocaleArgument

T = TypeVar("T", bound=type)


def _words(documented: object) -> str:
    text = inspect.getdoc(documented)
    if not text:
        raise TypeError(f"{documented!r} has no docstring to describe it by")
    return " ".join(text.split())


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def described(cls: T) -> T:
    """Declare an object type; its docstring is its description."""
    made: T = strawberry.type(cls, description=_words(cls))
    return made


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def given(cls: T) -> T:
    """Declare an input type; its docstring is its description."""
    made: T = strawberry.input(cls, description=_words(cls))
    return made


def told(description: str, name: str | None = None) -> Any:
    """A field that is an attribute of the source (or a part of an input)."""
    return strawberry.field(description=description, name=name)


def given_or(default: Any, description: str, name: str | None = None) -> Any:
    """A part of an input that may be left out."""
    if isinstance(default, list):
        return strawberry.field(description=description, default_factory=list, name=name)
    return strawberry.field(description=description, default=default, name=name)


def read(attribute: str, description: str, name: str | None = None) -> Any:
    """A field that is an attribute of the source under another name."""

    def resolver(root: Any) -> Any:
        return getattr(root, attribute)

    return strawberry.field(resolver=resolver, description=description, name=name)


def answered(resolver: Callable[..., Any], name: str | None = None) -> Any:
    """A field answered by a function; its docstring is the description."""
    return strawberry.field(resolver=resolver, description=_words(resolver), name=name)


def spoken(attribute: str, description: str) -> Any:
    """A text of the source (`engine.vocabulary.Text`) in the language asked for."""

    def resolver(root: Any, info: Info, locale: LocaleArgument = None) -> str:
        text: str = getattr(root, attribute).within(info.context.in_locale(locale))
        return text

    return strawberry.field(resolver=resolver, description=description)


def spoken_pair(attribute: str, description: str) -> Any:
    """A text stored in two columns, `…_en` and `…_zh`, in the language asked for; null when there is none."""

    def resolver(root: Any, info: Info, locale: LocaleArgument = None) -> str | None:
        chinese = info.context.in_locale(locale) is Locale.ZH
        english: str | None = getattr(root, f"{attribute}_en")
        return (getattr(root, f"{attribute}_zh") or english) if chinese else english

    return strawberry.field(resolver=resolver, description=description)


def identified(kind: Kind) -> Any:
    """The global id of a row."""

    def resolver(root: Any) -> strawberry.ID:
        return strawberry.ID(global_id(kind, root.id))

    return strawberry.field(resolver=resolver, description="Opaque, sortable by creation.")


def backed_by(*sources: type) -> Any:
    """What `is_type_of` of a node type needs: the classes of its sources."""

    def is_type_of(source: object, _info: object) -> bool:
        return isinstance(source, sources)

    return staticmethod(is_type_of)
