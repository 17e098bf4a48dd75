"""Runs the measurements, each in a process of its own, and prints a line for each."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict
from importlib import import_module

from tests.bench.measure import CannotMeasureError, Measured

MEASURES = (
    "rules",
    "checking",
    "deciding",
    "million",
    "stored",
    "replaying",
    "previewing",
    "explaining",
    "guarding",
    "ways",
    "importing",
    "starting",
    "outside",
    "inside",
    "appending",
)
"""Modules of this package; each has `measure() -> Measured`."""

_KILOBYTE = 1 if sys.platform == "darwin" else 1024
"""`ru_maxrss` counts bytes on macOS and kilobytes elsewhere."""


def main() -> int:
    """Measure what was named, or everything; exit 1 when a limit is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(MEASURES)}; none: all")
    parser.add_argument("--json", action="store_true", help="one JSON document a line")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    unknown = sorted(set(asked.names) - set(MEASURES))
    if unknown:
        parser.error(f"there is no measure {unknown[0]!r}; there are {', '.join(MEASURES)}")
    if asked.inside:
        return _inside(asked.names[0])
    if not asked.json:
        print(
            f"machine     a fixed loop takes {_of_this_machine():.2f} s now: absolute limits are to be read with that"
        )
    results = [_outside(name, asked.json) for name in asked.names or MEASURES]
    return 0 if all(results) else 1


def _of_this_machine() -> float:
    """Seconds of a fixed piece of work, the fastest of three: the same machine may be twice as slow an hour later."""

    def once() -> float:
        started = time.perf_counter()
        sum(number * number % 7 for number in range(3_000_000))
        return time.perf_counter() - started

    return min(once() for _ in range(3))


def _inside(name: str) -> int:
    """Measure in this process and print the result as JSON."""
    try:
        measured: Measured = import_module(f"tests.bench.{name}").measure()
    except CannotMeasureError as error:
        print(json.dumps({"missing": str(error)}))
        return 0
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({**asdict(measured), "kept": measured.kept, "peak_mb": round(peak * _KILOBYTE / 1e6)}))
    return 0


def _outside(name: str, as_json: bool) -> bool:
    """Measure in a child; true unless a limit is broken or the measurement failed."""
    child = [sys.executable, "-m", "tests.bench", "--inside", name]
    done = subprocess.run(child, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        print(f"{name:<11} FAILED, see above", flush=True)
        return False
    found = json.loads(done.stdout.splitlines()[-1])
    if as_json:
        print(json.dumps({"name": name, **found}), flush=True)
    elif "missing" in found:
        print(f"{name:<11} not measured: {found['missing']}", flush=True)
    else:
        print(_line(name, found), flush=True)
    return bool(found.get("kept", True))


def _line(name: str, found: dict[str, object]) -> str:
    bound = "at least" if found["at_least"] else "at most"
    verdict = "ok" if found["kept"] else "BROKEN"
    value = f"{found['value']:,.4g} {found['unit']} ({bound} {found['limit']:,g})"
    return f"{name:<11} {verdict:<7} {found['what']}: {value} · {found['detail']} · peak {found['peak_mb']:,} MB"


if __name__ == "__main__":
    sys.exit(main())
