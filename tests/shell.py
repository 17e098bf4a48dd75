"""The command line as people use it: real processes in a folder with a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("touchstone")
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Shell:
    """A folder with a database, in which `touchstone` runs."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "touchstone.db"

    def run(self, *words: str, expect: int = 0, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run one command; the exit status must be the expected one, and no traceback may show."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("TOUCHSTONE_")}
        environment = {
            **plain,
            "LANG": "C.UTF-8",
            "TOUCHSTONE_DATABASE_URL": f"sqlite:///{self.database}",
            "TOUCHSTONE_RULES": str(ROOT / "rules"),
            "TOUCHSTONE_ACTOR": "crm-ops",
            **{f"TOUCHSTONE_{name.upper()}": value for name, value in settings.items()},
        }
        done = subprocess.run(
            [str(PROGRAM), *words], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=1200
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == expect, (words, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
        return done

    def json(self, *words: str, expect: int = 0) -> Any:
        """Run one command with --json and read what it prints."""
        return json.loads(self.run(*words, "--json", expect=expect).stdout)


@dataclass(frozen=True)
class Demo:
    """The finished demo and what it printed."""

    shell: Shell
    printed: str
