"""The commands, one module per noun."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add every command to the program."""
    from engine.cli.commands import access, audit, campaigns, customers, data, demo, models, operate, rules, whatif

    for module in (demo, data, customers, whatif, rules, models, campaigns, audit, access, operate):
        module.register(app)
