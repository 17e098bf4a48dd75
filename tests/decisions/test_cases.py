"""Our own cases, one file per paragraph of the semantics, each decided by both evaluators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[1] / "cases" / "decisions"


def cases() -> Iterator[Any]:
    for file in sorted(FOLDER.glob("*.yaml")):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        for case in content["cases"]:
            assert not any(isinstance(value, date) for value in case.get("state", {}).values()), case["title"]
            whole = {
                "id": file.stem,
                "title": case["title"],
                "book": {"currency": "CNY", **content["book"], **case.get("book", {})},
                "facts": case["facts"],
                "state": case.get("state", {}),
                "as_of": case.get("as_of", content["as_of"]),
                "expect": case["expect"],
            }
            yield pytest.param(whole, id=f"{file.stem}: {case['title']}")


@pytest.mark.parametrize("evaluator", ["columnar", "traced"])
@pytest.mark.parametrize("case", list(cases()))
def test_a_decision(case: dict[str, Any], check_case, evaluator: str) -> None:
    check_case(case, evaluator)
