"""The documented runs on real data, done once by their scripts, for all tests here."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.shell import within

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True)
class Ran:
    """A finished script: its database, what it printed, the largest memory of one command in kilobytes."""

    url: str
    printed: str
    peak: int

    def run(self, *words: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        """One more command on the same database, within this process; the script's had processes of their own."""
        done = within(words, ROOT, {"LANG": "C.UTF-8", "TOUCHSTONE_DATABASE_URL": self.url})
        assert done.returncode == expect, (words, done.stdout[-2000:], done.stderr[-2000:])
        return done

    def json(self, *words: str) -> Any:
        """What one more command answers with --json."""
        return json.loads(self.run(*words, "--json").stdout)


def _call(words: list[str], url: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TOUCHSTONE_")}
    path = os.pathsep.join([str(PROGRAMS), plain.get("PATH", os.defpath)])
    environment = {**plain, "PATH": path, "LANG": "C.UTF-8", "TOUCHSTONE_DATABASE_URL": url}
    return subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True)


Runner = Callable[[str, Path], Ran]


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Runs the script of an example rule book on a file or folder, on a database of its own."""

    def run(example: str, data: Path) -> Ran:
        if not data.exists():
            missing(data)
        url = f"sqlite:///{tmp_path_factory.mktemp(example) / 'touchstone.db'}"
        done = _call(["sh", f"docs/examples/{example}/run.sh", str(data)], url)
        assert done.returncode == 0, (done.stdout[-3000:], done.stderr[-3000:])
        return Ran(url, done.stdout, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)

    return run


def missing(data: Path) -> None:
    """Skip, or fail where real data are required."""
    reason = f"no real data at {data.parent.name}/{data.name} in the shared folder"
    if os.environ.get("TOUCHSTONE_REQUIRE_DATA") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def retail_file(shared: Path) -> Path:
    return shared / "data" / "online_retail_II" / "online_retail_II.parquet"


@pytest.fixture(scope="session")
def maven_folder(shared: Path) -> Path:
    return shared / "data" / "maven_crm"


@pytest.fixture(scope="session")
def retail(runner: Runner, retail_file: Path) -> Ran:
    """Online Retail II after docs/examples/online-retail/run.sh."""
    return runner("online-retail", retail_file)


@pytest.fixture(scope="session")
def maven(runner: Runner, maven_folder: Path) -> Ran:
    """Maven CRM after docs/examples/maven/run.sh."""
    return runner("maven", maven_folder)
