"""What looks again and again while a server runs outlives whatever goes wrong with a look, and logs no stored data."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.errors import NotReadyError
from engine.vocabulary import Text
from schema import activating, signing
from schema.activating import Activating
from schema.signing import Signing

CANARY = "zq4711canary"
FAULTS = [KeyError(CANARY), RuntimeError(CANARY), NotReadyError(Text("No rule book.", "没有规则库。"))]


def _now() -> datetime:
    return datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("at", ["opening", "looking"])
@pytest.mark.parametrize("who", ["activating", "signing"])
def test_the_next_look_comes(
    fault: Exception, at: str, who: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks: list[None] = []

    def fail(*given: Any) -> Any:
        looks.append(None)
        raise fault

    monkeypatch.setattr(activating, "LOOK_EVERY", 0)
    monkeypatch.setattr(signing, "_LOOK_EVERY", 0)
    monkeypatch.setattr(activating, "activate_due", fail)
    monkeypatch.setattr(signing, "_unsealed", fail)
    opened: Any = fail if at == "opening" else lambda: object()
    seal: Any = object()
    looking = Activating(opened, _now) if who == "activating" else Signing(opened, seal, _now)
    caplog.set_level(logging.INFO)
    asyncio.run(_until(looking, looks))
    assert len(looks) >= 3
    assert CANARY not in caplog.text
    named = "No rule book." if isinstance(fault, NotReadyError) else type(fault).__name__
    assert named in caplog.text


async def _until(looking: Activating | Signing, looks: list[None]) -> None:
    """Let it look three times; it does not end by itself."""
    task = asyncio.ensure_future(looking.go_on())
    while len(looks) < 3 and not task.done():
        await asyncio.sleep(0.001)
    assert not task.done()
    task.cancel()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_signing_that_fails_ends_nothing(
    fault: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*given: Any) -> Any:
        raise fault

    monkeypatch.setattr(signing, "take_checkpoint", fail)
    database: Any = object()
    asyncio.run(Signing(lambda: database, database, _now).sign())
    assert "no checkpoint" in caplog.text
    assert CANARY not in caplog.text
