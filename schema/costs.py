"""What an operation may cost, counted in rows before it runs: pages and lists multiply, some fields have a price.

Counted over the validated document with its fragments spread, each fragment once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    value_from_ast_untyped,
)

from engine.store.reading import LARGEST_PAGE, USUAL_PAGE
from engine.vocabulary import Text
from schema.faults import FaultError

MOST_ROWS: Final = 20_000
USUAL_LIST: Final = 10
"""Rows that a list without a page counts as."""
LONG_LISTS: Final[Mapping[str, int]] = {"metrics": 40}
"""Lists that are usually longer."""
COUNTED_BY: Final = ("names", "ids", "asOf")
"""Arguments that say how long a list will be: one row each."""
PRICES: Final[Mapping[tuple[str, str], int]] = {
    ("Rulebook", "preview"): 2000,
    ("Rulebook", "tests"): 1500,
    ("Rulebook", "suggestThreshold"): 500,
    ("Rulebook", "backtest"): 250,
    ("Rulebook", "health"): 100,
    ("Rulebook", "findings"): 100,
    ("RuleChange", "preview"): 2000,
    ("RuleChange", "shadow"): 2000,
    ("RuleChange", "moved"): 300,
    ("RuleChange", "movedWith"): 300,
    ("Mover", "live"): 30,
    ("Mover", "candidate"): 30,
    ("Customer", "ruleChanges"): 300,
    ("Customer", "explanation"): 30,
    ("Decision", "explanation"): 30,
    ("Decision", "change"): 300,
    ("Decision", "replay"): 30,
    ("Explanation", "narration"): 300,
    ("Explanation", "change"): 300,
    ("Explanation", "timeAlone"): 200,
    ("Explanation", "lossOfTier"): 10,
    ("ChangePart", "records"): 2,
    ("Metric", "provenance"): 15,
    ("Metric", "records"): 15,
    ("Query", "whatIf"): 200,
    ("Query", "overrideStatistics"): 200,
    ("Decision", "proof"): 600,
    ("Query", "verifyAuditLog"): 4000,
}
"""Rows that fields which decide, search, or work through the whole base or book, count as; of a list each of its
rows, of a page beside them. A row stands for half a millisecond of work, so that no request has more than about ten
seconds of it; the deadline ends sooner what does not run side by side."""
PRICES_OF_INPUT: Final[Mapping[tuple[str, str], tuple[str, int]]] = {("Query", "whatIf"): ("files", 500)}
"""What a part of a field's `input` adds where it is given."""
_TOLD: Final = ("Rulebook", "RuleChange", "Mover", "Explanation", "Decision", "Metric", "Query")
"""Types whose prices a refusal tells."""


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments of a document by name."""
    nodes = document.definitions
    return {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}


def check_rows(rows: int) -> None:
    """Refuse an operation that may ask for more rows than one answer may have.

    Raises:
        FaultError: LIMIT_COST.
    """
    if rows > MOST_ROWS:
        raise _too_much(rows)


def cost_of(schema: GraphQLSchema, document: DocumentNode, operation: str | None, given: dict[str, Any]) -> int:
    """Rows that an operation may ask for; at least one. Without a name, the dearest of the document."""
    dearest = 1
    fragments = fragments_of(document)
    for definition in document.definitions:
        if not isinstance(definition, OperationDefinitionNode):
            continue
        if operation is not None and (definition.name is None or definition.name.value != operation):
            continue
        defaults = {
            one.variable.name.value: value_from_ast_untyped(one.default_value)
            for one in definition.variable_definitions or ()
            if one.default_value is not None
        }
        root = schema.get_root_type(definition.operation)
        dearest = max(dearest, _Count(schema, fragments, defaults | given).rows(definition.selection_set, root))
    return dearest


def _too_much(rows: int) -> FaultError:
    of_book, of_change, of_mover, of_tier, of_decision, of_metric, of_query = map(_told, _TOLD)
    part, more = PRICES_OF_INPUT["Query", "whatIf"]
    return FaultError(
        "LIMIT_COST",
        Text(
            f"The query counts as {rows:,} rows; {MOST_ROWS:,} are allowed.",
            f"查询计为 {rows:,} 行，最多允许 {MOST_ROWS:,} 行。",
        ),
        Text(
            "Ask for less. A page counts as its size, `metrics` as the names given (else "
            f"{LONG_LISTS['metrics']}), any other list as {USUAL_LIST}, each times what stands inside; of a rule book "
            f"{of_book.en} (`backtest` for each instant), of a rule change {of_change.en}, of a customer for whom two "
            f"books differ {of_mover.en}, of a decision {of_decision.en}, "
            f"of an explanation {of_tier.en}, of a metric {of_metric.en}; {of_query.en}; `{part}` of a "
            f"`whatIf` {more} more.",
            f"请减少查询内容。分页按每页条数计，`metrics` 按所列名称数计（未列出则计 {LONG_LISTS['metrics']}），"
            f"其他列表计 {USUAL_LIST}，并与其内层相乘；规则库的 {of_book.zh}（`backtest` 按每个时点计），规则变更的 "
            f"{of_change.zh}，两套规则结果不同的客户的 {of_mover.zh}，决定的 {of_decision.zh}，"
            f"解释的 {of_tier.zh}，指标的 {of_metric.zh}；{of_query.zh}；`whatIf` 含 "
            f"`{part}` 再加 {more}。",
        ),
    )


def _told(kind: str) -> Text:
    """What the priced fields of a type count as."""
    prices = {name: price for (owner, name), price in PRICES.items() if owner == kind}
    for name in prices.keys() & {"health", "findings"}:
        prices[name] *= USUAL_LIST
    en, zh = (sign.join(f"`{name}` {price:,}" for name, price in prices.items()) for sign in (", ", "、"))
    return Text(en, zh)


@dataclass(slots=True)
class _Count:
    """Counts one operation."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    seen: dict[str, int] = field(default_factory=dict)

    def rows(self, selections: SelectionSetNode | None, kind: GraphQLNamedType | None) -> int:
        """Rows of all selections of a value of this type."""
        total = 0
        for node in selections.selections if selections is not None else ():
            if isinstance(node, FragmentSpreadNode):
                total += self._spread(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                named = node.type_condition
                total += self.rows(node.selection_set, self.schema.get_type(named.name.value) if named else kind)
            elif isinstance(node, FieldNode):
                total += self._field(node, kind)
        return total

    def _spread(self, name: str) -> int:
        if name not in self.seen:
            fragment = self.fragments[name]
            self.seen[name] = self.rows(
                fragment.selection_set, self.schema.get_type(fragment.type_condition.name.value)
            )
        return self.seen[name]

    def _field(self, node: FieldNode, kind: GraphQLNamedType | None) -> int:
        """How many it yields, times its price and what stands inside; introspection is free."""
        found = getattr(kind, "fields", {}).get(node.name.value)
        if kind is None or found is None:
            return 0
        inner = get_named_type(found.type)
        price = PRICES.get((kind.name, node.name.value), 0)
        below = self.rows(node.selection_set, inner)
        size = self._size(node, found, inner)
        if size is None:
            return price + self._price_of_input(node, kind) + below
        if "edges" in getattr(inner, "fields", {}):
            return price + size * (1 + below)
        return size * ((price or 1) + below)

    def _price_of_input(self, node: FieldNode, kind: GraphQLNamedType) -> int:
        """What a part of `input` adds, unless it is left out, null or empty."""
        part, price = PRICES_OF_INPUT.get((kind.name, node.name.value), ("", 0))
        arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
        if not part or "input" not in arguments:
            return 0
        given = value_from_ast_untyped(arguments["input"], dict(self.variables))
        return price if isinstance(given, Mapping) and given.get(part) else 0

    def _size(self, node: FieldNode, kind: GraphQLField, inner: GraphQLNamedType) -> int | None:
        """Rows of a page or a list; None for a single value, a list of plain values, or the edges of a page."""
        arguments = {part.name.value: part.value for part in node.arguments or ()}
        if "edges" in getattr(inner, "fields", {}):
            return self._page_size(arguments)
        if not is_list_type(get_nullable_type(kind.type)) or is_leaf_type(inner) or node.name.value == "edges":
            return None
        for name in COUNTED_BY:
            listed = name in arguments and is_list_type(get_nullable_type(kind.args[name].type))
            asked = self._length(arguments[name]) if listed else None
            if asked is not None:
                return asked
        return LONG_LISTS.get(node.name.value, USUAL_LIST)

    def _page_size(self, arguments: Mapping[str, ValueNode]) -> int:
        for name in ("first", "last"):
            asked = self._number(arguments[name]) if name in arguments else None
            if asked is not None:
                return max(0, min(asked, LARGEST_PAGE))
        return USUAL_PAGE

    def _number(self, value: ValueNode) -> int | None:
        if isinstance(value, IntValueNode):
            return int(value.value) if len(value.value) < 10 else LARGEST_PAGE
        found = self.variables.get(value.name.value) if isinstance(value, VariableNode) else None
        return found if isinstance(found, int) else None

    def _length(self, value: ValueNode) -> int | None:
        """How many values a list argument has; one value stands for a list of it."""
        if isinstance(value, ListValueNode):
            return len(value.values)
        if isinstance(value, NullValueNode):
            return None
        found = self.variables.get(value.name.value) if isinstance(value, VariableNode) else value
        return None if found is None else len(found) if isinstance(found, list) else 1
