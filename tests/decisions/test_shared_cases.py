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
        except Exception as error:  # a case that cannot be played is as wrong as one that comes out otherwise
            wrong.append(f"{case['id']}: {type(error).__name__}: {error}")
    assert wrong == []
