"""The command line as people use it, on the demo's database made once (see tests/conftest.py)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.shell import PROGRAM, ROOT, Demo, Shell

__all__ = ["PROGRAM", "ROOT", "Demo", "Shell"]


@pytest.fixture
def empty(tmp_path: Path, sqlite_url: str) -> Shell:
    """A migrated, empty database."""
    return Shell(Path(sqlite_url.removeprefix("sqlite:///")).parent)


@pytest.fixture
def nowhere(tmp_path: Path) -> Shell:
    """A folder without a database."""
    return Shell(tmp_path)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the shipped rule folder to edit."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    return tmp_path / "rules"
