"""Sentences of the YAML parser, as wordings in both languages."""

from __future__ import annotations

from typing import Final

_KNOWN: Final = (
    ("mapping values are not allowed here", "syntax_colon"),
    ("could not find expected ':'", "syntax_no_colon"),
    ("found unexpected end of stream", "syntax_quote"),
    ("found unexpected document separator", "syntax_quote"),
    ("expected ',' or '}'", "syntax_flow_mapping"),
    ("expected ',' or ']'", "syntax_flow_list"),
    ("expected <block end>", "syntax_indentation"),
    ("sequence entries are not allowed here", "syntax_dash"),
    ("that cannot start any token", "syntax_character"),
    ("unknown escape character", "syntax_escape"),
    ("expected escape sequence", "syntax_escape"),
    ("found undefined tag handle", "syntax_tag"),
)

AT_BEGINNING: Final = ("syntax_no_colon", "syntax_quote")
"""Faults the parser notices late; the place is where the unfinished thing begins."""


def syntax_wording(context: str, problem: str) -> tuple[str, str]:
    """The wording for a fault the parser met, and what the parser itself says when there is none.

    >>> syntax_wording("", "mapping values are not allowed here")[0]
    'syntax_colon'
    """
    for sentence, wording in _KNOWN:
        if sentence in problem:
            return wording, ""
    said = " ".join(part for part in (context, problem) if part)
    return "syntax_other", "".join(letter for letter in said if letter.isprintable())[:120]
