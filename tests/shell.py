"""The command line as people use it, in a folder with a database: within this process, or in one of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.settings import load_settings

PROGRAM = Path(sys.executable).with_name("touchstone")
ROOT = Path(__file__).resolve().parents[1]


def within(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command by the program's own entry within this process, with no other settings than these."""
    streams = [io.BytesIO(), io.BytesIO()]
    out, err = (io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True) for stream in streams)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("TOUCHSTONE_")]:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        patch.setattr(sys, "argv", [str(PROGRAM), *words])
        load_settings.cache_clear()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
    load_settings.cache_clear()
    assert isinstance(ended.value.code, int)
    return subprocess.CompletedProcess(
        list(words), ended.value.code, *(stream.getvalue().decode() for stream in streams)
    )


@dataclass(frozen=True)
class Shell:
    """A folder with a database, in which `touchstone` runs."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "touchstone.db"

    def run(self, *words: str, expect: int = 0, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run one command; the exit status must be the expected one, and no traceback may show.

        It runs within this process, by the program's own entry: a second or two quicker than a new one.
        """
        return self._checked(within(words, self.folder, self._environment(settings)), words, expect)

    def process(self, *words: str, expect: int = 0, **settings: str) -> subprocess.CompletedProcess[str]:
        """The same in a process of its own: for what a process alone shows."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("TOUCHSTONE_")}
        environment = {**plain, **self._environment(settings)}
        done = subprocess.run(
            [str(PROGRAM), *words], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=1200
        )
        return self._checked(done, words, expect)

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        return {
            "LANG": "C.UTF-8",
            "TOUCHSTONE_DATABASE_URL": f"sqlite:///{self.database}",
            "TOUCHSTONE_RULES": str(ROOT / "rules"),
            "TOUCHSTONE_ACTOR": "crm-ops",
            **{f"TOUCHSTONE_{name.upper()}": value for name, value in settings.items()},
        }

    @staticmethod
    def _checked(
        done: subprocess.CompletedProcess[str], words: tuple[str, ...], expect: int
    ) -> subprocess.CompletedProcess[str]:
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
