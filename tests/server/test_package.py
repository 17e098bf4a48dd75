"""What a wheel needs beside the modules is named in pyproject.toml."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_file_beside_the_modules_goes_into_the_wheel() -> None:
    """The explorer's scripts with their licences, the printed schema, the shipped mappings."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    patterns = tool["package-data"]["*"]
    files = [path for part in ("engine", "schema") for path in (ROOT / part).rglob("*") if path.is_file()]
    beside = [path for path in files if path.suffix not in (".py", ".pyc")]
    assert {path.name for path in beside} >= {"THIRD_PARTY.txt", "graphiql.min.js", "index.html", "schema.graphql"}
    assert [str(path) for path in beside if not any(fnmatch(path.name, pattern) for pattern in patterns)] == []
