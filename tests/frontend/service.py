"""The server with a clock of its own: it starts on the day after the demo's last decisions and goes on from there."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from starlette.applications import Starlette

from engine.settings import load_settings
from server import application

START = datetime(2026, 11, 2, 2, tzinfo=UTC)


def create() -> Starlette:
    """What uvicorn is told to start."""
    begun = time.monotonic()
    return application(load_settings(), lambda: START + timedelta(seconds=time.monotonic() - begun))
