"""The cases handed out with the design, each decided by both evaluators."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.mark.parametrize("evaluator", ["columnar", "traced"])
def test_every_shared_case(shared: Path, check_case, evaluator: str) -> None:
    cases = json.loads((shared / "cases" / "decisions.json").read_text(encoding="utf-8"))["cases"]
    assert len(cases) >= 80
    wrong = []
    for case in cases:
        try:
            check_case(case, evaluator)
        except AssertionError as error:
            wrong.append(str(error).split("\nassert")[0])
    assert wrong == []
