"""The demo business, generated once."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from engine.cli.demo import generate
from engine.cli.demo.business_files import HEADERS

Rows = list[dict[str, str]]


SEED = 20261101
"""Of the demo."""


@pytest.fixture(scope="session")
def business(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the CSV files of the seed that the story of the demo uses."""
    folder = tmp_path_factory.mktemp("business")
    generate(folder, seed=SEED)
    return folder


@pytest.fixture(scope="session")
def sheets(business: Path) -> dict[str, Rows]:
    """Rows by file name, as texts."""
    rows = {}
    for name in HEADERS:
        with (business / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows[name] = list(csv.DictReader(file))
    return rows
