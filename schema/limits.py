"""Limits on documents, and the cache that parses and validates each document once.

Tokens bound the parser; depth and aliases are counted over the parsed document with its fragments spread, in time
linear in the document; what it may cost, `schema.costs` counts. Below `__schema` and `__type` more levels are allowed
(the query of every tool has 15 of them); how often lists are nested there, graphql-core's rules bound.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_operation_ast,
    parse,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from engine.vocabulary import Text
from schema import deadlines
from schema.budgets import Standing
from schema.context import Context
from schema.costs import check_rows, cost_of, fragments_of
from schema.faults import FaultError
from schema.odd_literals import refuse_odd, suspicious
from schema.repeats import MOST_PAIRS, pairs_of

MOST_TOKENS: Final = 2000
DEEPEST: Final = 10
DEEPEST_OF_SCHEMA: Final = 16
"""Levels of a question about the schema itself."""
MOST_ALIASES: Final = 30
MOST_FIELDS: Final = 5000
MOST_MISTAKES: Final = 10
"""Mistakes of a document that are told; each costs a search for what was meant."""
DOCUMENTS_KEPT: Final = 256
LONGEST_KEPT: Final = 20_000
"""A document of more characters is not kept."""

_OF_SCHEMA: Final = ("__schema", "__type")


@dataclass(slots=True)
class Weight:
    """What a document asks for with its fragments spread.

    Attributes:
        depth: Levels of fields.
        of_schema: Levels of fields of questions about the schema itself.
        aliases, fields: How many.
    """

    depth: int = 0
    of_schema: int = 0
    aliases: int = 0
    fields: int = 0


@dataclass(slots=True)
class Document:
    """A parsed document; `errors` None until it was validated."""

    tree: DocumentNode
    errors: tuple[GraphQLError, ...] | None = None


@dataclass(slots=True)
class DocumentCache:
    """Parsed and validated documents by their text, the least used forgotten.

    Attributes:
        parsed, validated: How often that had to be done.
    """

    kept: OrderedDict[str, Document] = field(default_factory=OrderedDict)
    parsed: int = 0
    validated: int = 0
    _lock: Lock = field(default_factory=Lock)

    def document(self, text: str) -> Document:
        """The parsed document.

        Raises:
            GraphQLError: A syntax error or a LIMIT_… fault.
        """
        with self._lock:
            found = self.kept.get(text)
            if found is not None:
                self.kept.move_to_end(text)
                return found
        document = Document(_parsed(text))
        check_weight(document.tree)
        with self._lock:
            self.parsed += 1
            if len(text) <= LONGEST_KEPT:
                self.kept[text] = document
                while len(self.kept) > DOCUMENTS_KEPT:
                    self.kept.popitem(last=False)
        return document

    def errors(self, document: Document, schema: Any, rules: Any) -> list[GraphQLError]:
        """What is wrong with a document; copies, since every request finishes its own."""
        if document.errors is None:
            all_rules = (*rules, MaybeNullValidationRule, OneOfInputValidationRule)
            found = validate(schema, document.tree, all_rules, max_errors=MOST_MISTAKES)
            document.errors = tuple(found[:MOST_MISTAKES])
            self.validated += 1
        return [_copied(error) for error in document.errors]


def _copied(error: GraphQLError) -> GraphQLError:
    return GraphQLError(
        error.message, error.nodes, error.source, error.positions, error.path, error.original_error, error.extensions
    )


def _parsed(text: str) -> DocumentNode:
    try:
        tree = parse(text, max_tokens=MOST_TOKENS, allow_empty_selection_sets=False)
    except RecursionError:
        raise _too_deep() from None
    if suspicious(text):
        refuse_odd(tree)
    return tree


class CachedDocuments(SchemaExtension):
    """Takes parsed and validated documents from the cache, bounds the rows a request may ask for, and takes them from
    the caller's budget; every answer tells both."""

    def __init__(self, cache: DocumentCache) -> None:
        self._cache = cache
        self._document: Document | None = None
        self._rows = 0
        self._standing: Standing | None = None

    def on_parse(self) -> Iterator[None]:
        """Parse, or find it parsed."""
        context = self.execution_context
        if context.query:
            self._document = self._cache.document(context.query)
            context.graphql_document = self._document.tree
        yield

    def on_validate(self) -> Iterator[None]:
        """Validate, or find it validated."""
        context = self.execution_context
        if self._document is not None:
            schema = context.schema._schema
            errors = self._cache.errors(self._document, schema, context.validation_rules)
            context.pre_execution_errors = errors
            if not errors:
                check_chosen(self._document.tree, context.operation_name, context._provided_operation_name)
                self._admit(schema, self._document.tree)
        yield

    def _admit(self, schema: Any, document: DocumentNode) -> None:
        """Let an operation run: for what it costs, until its deadline.

        Raises:
            FaultError: LIMIT_COST.
            OverBudgetError: LIMIT_RATE.
        """
        context = self.execution_context
        named, given = context.operation_name, context.variables or {}
        self._rows = cost_of(schema, document, named, given)
        check_rows(self._rows)
        if isinstance(context.context, Context):
            self._standing = context.context.services.budgets.take(context.context.caller, self._rows)
        deadlines.begin(self._seconds(document))

    def _seconds(self, document: DocumentNode) -> float | None:
        """How long the operation may run; None: it has no end."""
        chosen = get_operation_ast(document, self.execution_context.operation_name)
        kind = None if chosen is None else chosen.operation
        if kind is OperationType.SUBSCRIPTION:
            return None
        context = self.execution_context.context
        given = context.services.deadline if isinstance(context, Context) else None
        return deadlines.length(given, command=kind is OperationType.MUTATION)

    def get_results(self) -> dict[str, Any]:
        """`extensions` of the answer: what it cost, and what is left."""
        context = self.execution_context.context
        if not isinstance(context, Context):
            return {}
        standing = self._standing or context.services.budgets.standing(context.caller)
        return standing.told(self._rows)


def check_chosen(document: DocumentNode, first: str | None, given: str | None) -> None:
    """Refuse a document of several operations that does not say which to run.

    Raises:
        FaultError: GRAPHQL_VALIDATION_FAILED.
    """
    operations = sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)
    if operations > 1 and given is None:
        raise FaultError(
            "GRAPHQL_VALIDATION_FAILED",
            Text(f"The document has {operations} operations.", f"文档包含 {operations} 个操作。"),
            Text(f"Say which in `operationName`, e.g. {first}.", f"请用 `operationName` 指明，例如 {first}。"),
        )


def check_weight(document: DocumentNode) -> None:
    """Refuse a document that is too deep or has too many aliases or fields.

    Raises:
        FaultError: LIMIT_DEPTH, LIMIT_ALIASES or LIMIT_TOKENS.
    """
    fragments = fragments_of(document)
    if pairs_of(document, fragments) > MOST_PAIRS:
        raise FaultError(
            "LIMIT_TOKENS", Text("The query repeats the same fields too often.", "查询重复相同字段的次数过多。")
        )
    seen: dict[str, Weight] = {}
    for definition in document.definitions:
        if not isinstance(definition, OperationDefinitionNode):
            continue
        weight = _weigh(definition.selection_set, fragments, seen)
        if weight.depth > DEEPEST or weight.of_schema > DEEPEST_OF_SCHEMA:
            raise _too_deep()
        if weight.aliases > MOST_ALIASES:
            raise FaultError(
                "LIMIT_ALIASES",
                Text(
                    f"The query has {weight.aliases} aliases; {MOST_ALIASES} are allowed.",
                    f"查询有 {weight.aliases} 个别名，最多允许 {MOST_ALIASES} 个。",
                ),
            )
        if weight.fields > MOST_FIELDS:
            raise FaultError(
                "LIMIT_TOKENS",
                Text(
                    f"With its fragments the query has more than {MOST_FIELDS} fields.",
                    f"展开片段后查询超过 {MOST_FIELDS} 个字段。",
                ),
            )


def _too_deep() -> FaultError:
    return FaultError(
        "LIMIT_DEPTH", Text(f"The query is deeper than {DEEPEST} levels.", f"查询嵌套超过 {DEEPEST} 层。")
    )


def _weigh(
    selections: SelectionSetNode | None, fragments: dict[str, FragmentDefinitionNode], seen: dict[str, Weight]
) -> Weight:
    """Sum over a selection set; a fragment is weighed once, one inside itself weighs nothing more (validation
    refuses it)."""
    total = Weight()
    for node in selections.selections if selections is not None else ():
        if isinstance(node, FragmentSpreadNode):
            part, deeper = _weigh_fragment(node.name.value, fragments, seen), 0
        else:
            part = _weigh(node.selection_set, fragments, seen)  # type: ignore[attr-defined]
            deeper = int(isinstance(node, FieldNode))
        total.aliases += part.aliases + int(isinstance(node, FieldNode) and node.alias is not None)
        total.fields += part.fields + deeper
        if isinstance(node, FieldNode) and node.name.value in _OF_SCHEMA:
            part.depth, part.of_schema = 0, max(part.depth, part.of_schema) + 1
        total.depth = max(total.depth, part.depth + deeper)
        total.of_schema = max(total.of_schema, part.of_schema)
    return total


def _weigh_fragment(name: str, fragments: dict[str, FragmentDefinitionNode], seen: dict[str, Weight]) -> Weight:
    if name not in seen:
        seen[name] = Weight()
        if name in fragments:
            seen[name] = _weigh(fragments[name].selection_set, fragments, seen)
    return seen[name]
