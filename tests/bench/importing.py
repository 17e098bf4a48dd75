"""Importing UCI Online Retail II, 525,461 lines, through its shipped mapping."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from engine.store import open_database, upgrade_database
from tests.bench.measure import CannotMeasureError, Measured
from tests.bench.synthetic import ROOT

MAPPING = "online-retail"
FILE = Path("data") / "online_retail_II" / "online_retail_II.parquet"


def measure() -> Measured:
    """Seconds of the whole import into an empty database, to the commit."""
    from engine.operations.importing import import_files

    shared = Path(os.environ.get("TOUCHSTONE_SHARED", ROOT.parent / "shared"))
    if not (shared / FILE).exists():
        raise CannotMeasureError(f"there is no {FILE} in the folder that TOUCHSTONE_SHARED names")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade_database(url)
        started = time.perf_counter()
        receipt = import_files(open_database(url), MAPPING, [shared / FILE], "bench", datetime.now(UTC))
        seconds = time.perf_counter() - started
        told = receipt.as_dict()
    detail = ", ".join(f"{told[name]:,} {name}" for name in ("rows", "added", "linked", "quarantined") if name in told)
    return Measured("525,461 lines imported", round(seconds, 1), "s", 60, False, detail)
