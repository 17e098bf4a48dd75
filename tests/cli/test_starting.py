"""Asking for help loads nothing that help does not need: no test by the clock would find what makes it slow."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "alembic", "numpy", "polars", "pyarrow", "simpleeval", "sqlalchemy", "sqlmodel", "starlette", "strawberry",
    "uvicorn", "xgboost", "yaml",
}  # fmt: skip
ASKED = """
import sys
from engine.cli import main
sys.argv = ["touchstone", *sys.argv[1:]]
try:
    main()
finally:
    print("LOADED", *sorted({name.split(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("group", [[], ["rules"], ["data"], ["campaigns"], ["audit"]], ids=str)
def test_help_loads_nothing_heavy(group: list[str]) -> None:
    asked = [sys.executable, "-c", ASKED, *group, "--help"]
    done = subprocess.run(asked, check=False, capture_output=True, text=True)
    told, _, loaded = done.stdout.rpartition("LOADED")
    assert "--help" in told, done.stderr
    assert not HEAVY & set(loaded.split())
