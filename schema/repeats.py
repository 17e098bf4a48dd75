"""How often one selection asks for the same name: validation compares each pair of such fields, all levels down.

Counted over each selection set with its fragments spread, each fragment once, as validation does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

MOST_PAIRS: Final = 300
"""Pairs of fields of the same name in one selection, over the whole document; 25 fields of one name make 300."""


def pairs_of(document: DocumentNode, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    """Pairs of fields with the same name in the answer, over all selections of a document."""
    total = 0
    waiting: list[SelectionSetNode] = [
        node.selection_set
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    while waiting and total <= MOST_PAIRS:
        selections = waiting.pop()
        names = Counter(_name(field) for field in _fields(selections, fragments))
        total += sum(count * (count - 1) // 2 for count in names.values())
        waiting += [field.selection_set for field in _fields(selections, {}) if field.selection_set is not None]
    return total


def _name(field: FieldNode) -> str:
    return field.name.value if field.alias is None else field.alias.value


def _fields(selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[FieldNode]:
    """Fields of a selection, those of its fragments too."""
    waiting, seen = [selections], set[str]()
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                if node.name.value in fragments:
                    waiting.append(fragments[node.name.value].selection_set)
