"""What is told about words that are not in the language and calculations without a meaning."""

from __future__ import annotations

from collections.abc import Mapping

from engine.expressions.language import CURRENCY_WORDS, FUNCTIONS, PYTHON_CONSTANTS
from engine.expressions.report import Report
from engine.expressions.tree import Arithmetic, Declared
from engine.expressions.units import title
from engine.vocabulary import Text, Unit


def refuse_word(report: Report, offset: int, word: str, subject: str = "x") -> None:
    """Refuse `null` and its kin, True and False; `subject` is what was asked about."""
    instead = PYTHON_CONSTANTS.get(word)
    if instead is not None:
        hint = Text(f"Write `{instead}`.", f"请写 `{instead}`。")
    else:
        asked = f"`known({subject})`", f"`missing({subject})`"
        hint = Text(f"Ask {asked[0]} or {asked[1]}.", f"请用 {asked[0]} 或 {asked[1]}。")
    message = Text(f"There is no `{word}` in the rule language.", f"规则语言没有 `{word}`。")
    report.add("RULE_EXPRESSION", offset, message, hint)


def refuse_name(report: Report, scope: Mapping[str, Declared], offset: int, word: str) -> None:
    """Refuse a name that is not in scope, with what was probably meant."""
    owner = next((name for name in sorted(scope) if word in scope[name].values), None)
    near = report.meant(word, scope)
    if word in FUNCTIONS:
        hint = Text(f"It is a function: `{FUNCTIONS[word].usage}`.", f"它是函数：`{FUNCTIONS[word].usage}`。")
    elif owner is not None:
        hint = Text(f"'{word}' is a value of `{owner}`: write it in quotes.", f"'{word}' 是 `{owner}` 的值，请加引号。")
    elif word in CURRENCY_WORDS:
        hint = Text("Amounts are written without a currency.", "金额不写币种。")
    elif near is not None:
        hint = Text(f"Did you mean `{near}`?", f"是否想写 `{near}`？")
    else:
        hint = Text(
            "Declare it under `metrics:`, or write a text in quotes.", "请在 `metrics:` 中声明；若是文本请加引号。"
        )
    code = "RULE_FUNCTION" if word in FUNCTIONS else "RULE_UNKNOWN_NAME"
    report.add(code, offset, Text(f"`{word[:40]}` is not known here.", f"这里没有 `{word[:40]}`。"), hint)


def refuse_calculation(
    report: Report, offset: int, operator: Arithmetic, left: Unit | None, right: Unit | None
) -> None:
    """Refuse a calculation whose units do not fit."""
    one, other = title(left), title(right)
    report.add(
        "RULE_UNIT",
        offset,
        Text(
            f"`{operator}` between {one.en} and {other.en} has no meaning.",
            f"{one.zh}与{other.zh}之间的 `{operator}` 没有意义。",
        ),
        Text(
            "Add and subtract one unit; multiply by a pure number; divide by a pure number, its unit or a span.",
            "同一单位才能加减；只能乘以纯数；除数应为纯数、同一单位或时间长度。",
        ),
    )
