"""Which argument of a document a literal stands in: what an error about its value is to name."""

from __future__ import annotations

from typing import Final

from graphql import GraphQLError, Token, TokenKind, ValueNode, VariableNode

_OPENED: Final = {TokenKind.PAREN_L, TokenKind.BRACKET_L, TokenKind.BRACE_L}
_CLOSED: Final = {TokenKind.PAREN_R, TokenKind.BRACKET_R, TokenKind.BRACE_R}


def written_at(error: GraphQLError) -> str:
    """The argument an error about a literal is about, and the way into it, e.g. `filter.tag: `; empty: no literal."""
    node = error.nodes[0] if error.nodes else None
    if not isinstance(node, ValueNode) or isinstance(node, VariableNode) or node.loc is None:
        return ""
    way = _way_to(node.loc.start_token)
    return f"{'.'.join(way)}: " if way else ""


def _way_to(token: Token) -> list[str]:
    """Names of the argument and of the fields of input objects around a token, found by going back in the document.

    Behind a name only what encloses it counts, until the bracket of the arguments.
    """
    way: list[str] = []
    depth, looking, at = 0, True, token.prev
    while at is not None:
        if at.kind in _CLOSED:
            depth += 1
        elif at.kind in _OPENED:
            if depth == 0 and at.kind is TokenKind.PAREN_L:
                break
            depth, looking = (depth - 1, looking) if depth else (0, True)
        elif at.kind is TokenKind.COLON and depth == 0 and looking and at.prev is not None:
            way.insert(0, at.prev.value or "")
            looking = False
        at = at.prev
    return way
