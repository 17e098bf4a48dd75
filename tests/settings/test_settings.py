"""Settings come from the environment first, then from `.env`, and mistakes are named without their values."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.settings import LogLevel, load_settings
from engine.vocabulary import Locale


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_everything_has_a_value() -> None:
    settings = load_settings()
    assert settings.database_url == "sqlite:///touchstone.db"
    assert (settings.rules, settings.host, settings.port) == (Path("rules"), "127.0.0.1", 8000)
    assert (settings.language, settings.log_level, settings.actor) == (Locale.EN, LogLevel.INFO, "")


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "TOUCHSTONE_ACTOR=销售运营\nTOUCHSTONE_PORT=9000\nTOUCHSTONE_LANGUAGE=zh\nOTHER=1\n"
    Path(".env").write_text(lines, "utf-8")
    monkeypatch.setenv("TOUCHSTONE_PORT", "9001")
    settings = load_settings()
    assert (settings.actor, settings.port, settings.language) == ("销售运营", 9001, Locale.ZH)
    assert load_settings() is settings, "read once"


@pytest.mark.parametrize(
    ("name", "value"),
    [("TOUCHSTONE_PORT", "seventy"), ("TOUCHSTONE_PORT", "70000"), ("TOUCHSTONE_LANGUAGE", "fr-secret")],
)
def test_a_wrong_value_is_told_by_its_name_only(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=name) as raised:
        load_settings()
    assert value not in raised.value.tell(Locale.EN)
    assert ".env" in raised.value.tell(Locale.ZH)
    assert "must be" in raised.value.tell(Locale.EN)
    assert "必须是" in raised.value.tell(Locale.ZH)
    assert "Input should" not in raised.value.tell(Locale.ZH) + raised.value.tell(Locale.EN)


def test_a_file_that_is_no_text_is_told() -> None:
    Path(".env").write_bytes(b"TOUCHSTONE_ACTOR=\xd6\xd0\n")
    with pytest.raises(InputError, match="UTF-8"):
        load_settings()
