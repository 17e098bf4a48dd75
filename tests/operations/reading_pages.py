"""Reads a page as a browser does: its elements with their attributes and texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "col"}


@dataclass
class Element:
    """An element; `text` is all text within it, in order."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self) -> Iterator[Element]:
        """This element and everything within it."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.all()

    def find(self, tag: str = "", name: str = "", kind: str = "") -> list[Element]:
        """Elements by tag, id and class."""
        return [
            one
            for one in self.all()
            if tag in ("", one.tag)
            and name in ("", one.attributes.get("id"))
            and (not kind or kind in (one.attributes.get("class") or "").split())
        ]

    def one(self, tag: str = "", name: str = "", kind: str = "") -> Element:
        """The only such element."""
        (found,) = self.find(tag, name, kind)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, dict(attrs))
        self.open[-1].children.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag, "an element is not closed where it was opened"

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read_page(page: str) -> Element:
    """The page as a tree; every element must be closed."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert len(reader.open) == 1
    return reader.open[0]
