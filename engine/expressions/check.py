"""`check_expression`: from the text of a rule to a checked expression, or to every problem at once."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping
from typing import Final

from engine.errors import Place
from engine.expressions.checker import Checker
from engine.expressions.cost import cost_of
from engine.expressions.language import FUNCTIONS, KEYWORDS, MAX_COST, NULLS, PYTHON_CONSTANTS
from engine.expressions.parser import Source, number_before, parse
from engine.expressions.refusals import refuse_name
from engine.expressions.report import Report
from engine.expressions.tree import Declared, Expression, Node
from engine.expressions.typed import Typed, with_unit
from engine.expressions.units import NUMERIC, fits, title
from engine.vocabulary import Text, Unit


def check_expression(
    text: str,
    scope: Mapping[str, Declared],
    expects: Unit | None,
    place: Place,
    *,
    origin: Callable[[int], Place] | None = None,
    suggest: bool = True,
) -> Expression:
    """Check an expression of a rule file.

    Args:
        text: As written.
        scope: What every name means.
        expects: `BOOL` for conditions, a metric's type for `expr`; None: anything.
        place: Where the expression begins.
        origin: Maps an offset in `text`, in characters from 0, to its place; without it the expression
            is taken to stand on one line.
        suggest: Look for the words that were meant; a caller with many problems already need not.

    Raises:
        ExpressionProblems: With every problem, each at its place.

    >>> scope = {"orders": Declared(Unit.COUNT), "spend": Declared(Unit.MONEY, 100)}
    >>> check_expression("spend / orders >= 50", scope, Unit.BOOL, Place("b2b.yaml", 7, 12)).names
    ('orders', 'spend')
    """
    report = Report(
        text, origin or (lambda offset: Place(place.file, place.line, place.column + offset)), suggest=suggest
    )
    tree, source = parse(report)
    checker = Checker(scope, report, source)
    part = None
    if tree is None:
        _words(checker, source)
    else:
        part = checker.check(tree)
    if part is not None:
        part = _expected(report, part, expects)
        _affordable(report, part.node)
    report.raise_if_any()
    assert part is not None
    assert part.unit is not None
    return Expression(text, part.node, part.unit, tuple(sorted(checker.names)), place)


def _expected(report: Report, part: Typed, expects: Unit | None) -> Typed:
    part = with_unit(part, expects if expects in NUMERIC else Unit.RATIO)
    assert part.unit is not None
    if expects is None or fits(part.unit, expects):
        return part
    given, wanted = title(part.unit), title(expects)
    if expects is Unit.BOOL:
        hint = Text("Compare it, e.g. `… > 0` or `… == 'A'`.", "请写成比较，例如 `… > 0` 或 `… == 'A'`。")
    elif part.unit in NUMERIC and expects in (Unit.COUNT, Unit.DAYS, Unit.MONTHS) and fits(part.unit, Unit.RATIO):
        hint = Text(
            f"Write `round(…)`, or declare `type: {part.unit}`.", f"请写 `round(…)`，或声明 `type: {part.unit}`。"
        )
    else:
        hint = Text(
            f"Declare `type: {part.unit}`, or change the expression.", f"请声明 `type: {part.unit}`，或修改表达式。"
        )
    both_numeric = {part.unit, expects} <= NUMERIC
    report.add(
        "RULE_UNIT" if both_numeric else "RULE_TYPE",
        part.offset,
        Text(
            f"The expression gives {given.en}, but {wanted.en} is expected.",
            f"表达式得到{given.zh}，这里需要{wanted.zh}。",
        ),
        hint,
    )
    return part


def _words(checker: Checker, source: Source) -> None:
    """Note unknown names of an expression that cannot be read as a whole."""
    if any(token.kind == "unclosed" for token in source.tokens):
        return
    for token, after in zip(source.tokens, [*source.tokens[1:], None], strict=False):
        plain = token.kind == "name" and token.text.isascii() and not {token.text, token.text.lower()} & _OWN_WORDS
        called = after is not None and after.text == "("
        if number_before(source.tokens, token) is not None:
            continue  # told already, as a unit
        if plain and not called and token.text not in checker.scope and (after is None or after.kind != "text"):
            refuse_name(checker.report, checker.scope, token.offset, token.text)


_OWN_WORDS: Final = frozenset(keyword.kwlist) | KEYWORDS | NULLS | set(PYTHON_CONSTANTS) | set(FUNCTIONS)


def _affordable(report: Report, node: Node) -> None:
    cost = cost_of(node)
    if cost > MAX_COST:
        report.add(
            "RULE_COST",
            0,
            Text(
                f"The expression takes {cost} steps; at most {MAX_COST} are allowed.",
                f"表达式需要 {cost} 步，最多 {MAX_COST}。",
            ),
            Text(
                "Give a part a name as an `expr` metric; chains read their middle twice.",
                "请把一部分写成 `expr` 指标；连写比较会把中间项计算两次。",
            ),
        )
