"""Every code the engine and the API can give has a page, in both languages."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "errors"
CODE = re.compile(r"[A-Z]+(?:_[A-Z]+)*")
RULE = re.compile(r"RULE_[A-Z_]+")
REPAIRED = re.compile(
    r"^# [A-Z_]+\n\n.+\n\n.*[\u4e00-\u9fff].*\n(?s:.*)\*\*Repair\.\*\* .+\n(?s:.*)\*\*处理。\*\* .+\n"
)


@functools.cache
def codes() -> set[str]:
    """Rule codes anywhere in the engine, and codes given to exceptions as attribute, default or argument."""
    found: set[str] = set()
    for path in [*(ROOT / "engine").rglob("*.py"), *(ROOT / "schema").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and path.is_relative_to(ROOT / "engine"):
                found.update([node.value] if RULE.fullmatch(node.value) else [])
            elif isinstance(node, ast.ClassDef):
                for line in node.body:
                    if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code":
                        found.add(str(ast.literal_eval(line.value)))
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error"):
                found.update(
                    str(word.value.value)
                    for word in node.keywords
                    if word.arg == "code" and isinstance(word.value, ast.Constant)
                )
    return found


def test_codes_are_found() -> None:
    assert {"RULE_SYNTAX", "RULE_TEST_FAILED", "NOT_FOUND", "INTERNAL"} <= codes()


@pytest.mark.parametrize("code", sorted(codes()))
def test_every_code_has_a_page(code: str) -> None:
    assert CODE.fullmatch(code)
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {code}\n")
    assert REPAIRED.match(page), "a page says what it means and how to repair it, in both languages"


def test_no_page_is_left_over() -> None:
    known = codes()
    faults = set(re.findall(r"[A-Z]{2,}(?:_[A-Z]+)*", (ROOT / "schema" / "faults.py").read_text(encoding="utf-8")))
    assert {path.stem for path in PAGES.glob("*.md")} - known - faults == set()
