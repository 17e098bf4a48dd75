"""The commands, one module per noun."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add every command to the program."""
    from engine.cli.commands import (
        access,
        audit,
        by_hand,
        campaigns,
        customers,
        data,
        demo,
        models,
        operate,
        reviews,
        rules,
        whatif,
    )

    for module in (demo, data, customers, whatif, rules, models, campaigns, by_hand, reviews, audit, access, operate):
        module.register(app)
