"""The demo business, generated once."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from engine.cli.demo import generate
from engine.cli.demo.business_files import HEADERS

Rows = list[dict[str, str]]


@pytest.fixture(scope="session")
def business(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the CSV files of the seed that the demo uses."""
    folder = tmp_path_factory.mktemp("business")
    generate(folder, seed=7)
    return folder


@pytest.fixture(scope="session")
def sheets(business: Path) -> dict[str, Rows]:
    """Rows by file name, as texts."""
    rows = {}
    for name in HEADERS:
        with (business / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows[name] = list(csv.DictReader(file))
    return rows
