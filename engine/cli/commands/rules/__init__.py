"""`touchstone rules`: a module for each kind of command; importing one adds its commands to the group."""

from __future__ import annotations

import typer

from engine.cli.commands.rules import (
    backtest,
    changing,
    checking,
    differing,
    editing,
    health,
    moving,
    previewing,
    proposing,
    scheduling,
    shadowing,
    telling,
    thresholds,
    trying,
)
from engine.cli.commands.rules.group import commands

__all__ = [
    "backtest",
    "changing",
    "checking",
    "differing",
    "editing",
    "health",
    "moving",
    "previewing",
    "proposing",
    "register",
    "scheduling",
    "shadowing",
    "telling",
    "thresholds",
    "trying",
]


def register(app: typer.Typer) -> None:
    """Add `rules` to the program."""
    app.add_typer(commands, name="rules")
