"""HTML and SVG put together from elements; every text is escaped unless it is markup already."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final

_VOID: Final = frozenset(("meta", "link", "br", "col"))
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Markup(str):
    """HTML that stands as it is; everything else is a text and gets escaped where it is put in."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """A text as HTML that shows it; characters HTML cannot hold are shown as the replacement sign.

    >>> escaped('<script>alert("1")</script>')
    '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;'
    """
    return text if isinstance(text, Markup) else Markup(html.escape(_UNPRINTABLE.sub("\ufffd", text)))


def element(tag: str, *content: str, **attributes: object) -> Markup:
    """One element.

    Args:
        tag: Name, written in this code base and never taken from data.
        content: Texts, which are escaped, and markup.
        attributes: By name, `_` for `-` and one at the end against keywords; None: left out.

    >>> element("td", "a < b", class_="wide", data_name='"')
    '<td class="wide" data-name="&quot;">a &lt; b</td>'
    """
    named = "".join(
        f' {name.removesuffix("_").replace("_", "-")}="{escaped(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{named}>")
    return Markup(f"<{tag}{named}>{joined(content)}</{tag}>")


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Parts after each other."""
    return Markup(escaped(between).join(escaped(part) for part in parts))
