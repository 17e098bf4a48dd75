"""How long a person waits for `touchstone --help`."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from tests.bench.measure import CannotMeasureError, Measured

ROUNDS = 7


def measure() -> Measured:
    """Seconds of wall time, the median of some runs after one that warms the file cache."""
    program = Path(sys.executable).with_name("touchstone")
    if not program.exists():
        raise CannotMeasureError("the program is not installed beside this Python; run `make install`")
    times = [_once(program) for _ in range(ROUNDS + 1)][1:]
    detail = f"fastest {min(times):.2f} s, slowest {max(times):.2f} s of {ROUNDS}"
    return Measured("touchstone --help", round(median(times), 3), "s", 0.5, False, detail)


def _once(program: Path) -> float:
    started = time.perf_counter()
    subprocess.run([program, "--help"], check=True, capture_output=True)
    return time.perf_counter() - started
