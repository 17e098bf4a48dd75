"""The command line within this process: for what is tried often and needs no process of its own."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

import pytest

from engine.cli import main
from engine.settings import load_settings
from tests.cli.conftest import ROOT, Shell


@dataclass(frozen=True)
class Clerk:
    """Runs commands within this process: the same program as the shell's, many times as quick."""

    patch: pytest.MonkeyPatch
    captured: pytest.CaptureFixture[str]

    def run(self, shell: Shell, *words: str, expect: int = 0, **settings: str) -> tuple[str, str]:
        """What one command prints to standard output and standard error."""
        given = {"database_url": f"sqlite:///{shell.database}", "rules": str(ROOT / "rules"), "actor": "crm-ops"}
        with self.patch.context() as patch:
            patch.chdir(shell.folder)
            patch.setenv("LANG", "C.UTF-8")
            for name, value in {**given, **settings}.items():
                patch.setenv(f"TOUCHSTONE_{name.upper()}", value)
            patch.setattr(sys, "argv", ["touchstone", *words])
            load_settings.cache_clear()
            self.captured.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
        out, err = self.captured.readouterr()
        assert ended.value.code == expect, (words, ended.value.code, out, err)
        assert "Traceback" not in err
        return out, err

    def refused(self, shell: Shell, *words: str, en: str, zh: str, **settings: str) -> None:
        """Both languages: exit 2, nothing on standard output, one line with these words in it that says what to do."""
        for locale, said in (("en", en), ("zh", zh)):
            out, err = self.run(shell, *words, "--lang", locale, expect=2, **settings)
            assert said in err
            assert out == ""
            assert len(err.splitlines()) == 1, err
            assert len(re.findall(r"[.?。？] ?[^ ]", err)) >= 1, "a sentence what is wrong, and one what to do"
            assert "。 " not in err
