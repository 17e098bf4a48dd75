"""What counts as a purchase where no rule says it: for the models and for figures over a period."""

from __future__ import annotations

from typing import Final

BOUGHT: Final = ("placed", "paid", "fulfilled")
"""Statuses of an order that is a purchase, as the shipped `rules/metrics.yaml` has it; not cancelled, not returned."""

BOUGHT_SQL: Final = f"({', '.join(repr(status) for status in BOUGHT)})"
"""The same for the right side of `status in …`."""
