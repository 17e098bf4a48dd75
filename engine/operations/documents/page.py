"""The document of a decision as one page that stands alone: no script, nothing loaded, made for A4."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from engine.operations.documents.gathering import Documented
from engine.operations.documents.heading import TITLE, heading, narration, summary
from engine.operations.documents.markup import Markup, element, escaped, joined
from engine.operations.documents.outcome import change, holds, stage_and_risk, ways
from engine.operations.documents.proof import objection, proof, records
from engine.operations.documents.scoring import criteria, score, tiers
from engine.operations.documents.telling import Teller
from engine.store.reading import Kind, global_id
from engine.vocabulary import Locale, Text

_PARTS = (heading, summary, narration, score, criteria, tiers, holds, stage_and_risk, change, ways, records,
          objection, proof)  # fmt: skip


def page_of(shown: Documented, locale: Locale) -> str:
    """The document of a decision in one language, as HTML."""
    teller = Teller(shown, locale)
    title = f"{teller.text(TITLE)} · {global_id(Kind.DECISION, shown.number)}"
    return _page(title, locale, joined(part(teller) for part in _PARTS))


def refusal_page(title: Text, said: Text, locale: Locale) -> str:
    """A page that says why there is no document."""
    content = joined([element("h1", title.within(locale)), element("p", said.within(locale))])
    return _page(title.within(locale), locale, content)


def policy() -> str:
    """What a page may do, as a Content-Security-Policy: show itself in its own style, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def _page(title: str, locale: Locale, content: Markup) -> str:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", Markup(_style())),
    )
    language = "zh-CN" if locale is Locale.ZH else "en"
    whole = element("html", head, element("body", element("main", content)), lang=language)
    return f"<!doctype html>\n{escaped(whole)}\n"


@cache
def _style() -> str:
    return files("engine.operations.documents").joinpath("page.css").read_text("utf-8")
