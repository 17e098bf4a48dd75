"""A rule book of two hundred criteria checked, from the bytes of its files to the last finding."""

from __future__ import annotations

import time
from statistics import median

from engine.operations.checking import findings_of
from engine.rulebook import check_book
from tests.bench.measure import Measured

CRITERIA = 200
"""Half of them in each market, each with two metrics and a reason of its own."""

ROUNDS = 5
LIFECYCLE = """lifecycle:
  - {stage: PROSPECT, phase: ACQUIRE, when: n_0 == 0}
  - {stage: LAPSED, phase: WIN_BACK, when: n_1 > 180 and not known(m_2)}
  - {else: ACTIVE, phase: RETAIN}
"""


def measure() -> Measured:
    """Seconds of processor time for the whole check, the median of some rounds in one process.

    Every round has texts of its own: the engine remembers files it has just read.
    """
    files = large_book(CRITERIA // 2)
    times = [_once({name: f"{text}# round {n}\n" for name, text in files.items()}) for n in range(ROUNDS)]
    size = sum(len(body.encode()) for body in files.values())
    detail = f"{size / 1000:.0f} kB of rule files, first {times[0]:.2f} s, slowest {max(times):.2f} s of {ROUNDS}"
    return Measured(f"a book of {CRITERIA} criteria checked", round(median(times), 3), "s", 1, False, detail)


def large_book(criteria: int) -> dict[str, str]:
    """A book with so many criteria in each market (20 or more): curves and bins in turn, conditions of every kind."""
    return {
        "rulebook.yaml": "touchstone: 1\nname: large\nowner: bench\ncurrency: CNY\ntimezone: Asia/Shanghai\n",
        "metrics.yaml": "metrics:\n" + "".join(_metric(number) for number in range(criteria)),
        "b2b.yaml": _market("B2B", criteria),
        "b2c.yaml": _market("B2C", criteria),
        "lifecycle.yaml": LIFECYCLE,
    }


def _metric(number: int) -> str:
    """A metric of money and one of a count, by number."""
    title = f"{{en: Metric {number}, zh: 第{number}项指标}}"
    return (
        f"  m_{number}:\n    from: orders\n    take: sum(net)\n    where: \"status == 'paid' and net > {number}\"\n"
        f"    within: {number + 30}d\n    type: money\n    empty: 0\n    title: {title}\n"
        f"  n_{number}: {{from: orders, take: count(), within: {number + 30}d, type: count, empty: 0}}\n"
    )


def _market(market: str, criteria: int) -> str:
    listed = "".join(_criterion(number) for number in range(criteria))
    reasons = "".join(f"  R_{n}: {{en: Point {n} is low, zh: 第{n}项偏低}}\n" for n in range(criteria))
    gates = "".join(f'      - {{name: gate_{n}, when: "m_{n} > {n} and n_{n} in (1, 2, 3)"}}\n' for n in range(20))
    force = "".join(f"  - {{name: force_{n}, when: m_{n} / n_{n} > 5 or known(n_{n}), tier: D}}\n" for n in range(20))
    tests = "".join(_test(number) for number in range(20))
    return (
        f"market: {market}\nscorecard:\n  missing: {{default: renormalise, min_known_weight: 60}}\n"
        f"  criteria:\n{listed}"
        f"tiers:\n  - key: A\n    at_least: 70\n    gates:\n{gates}"
        "  - {key: B, at_least: 40, or_when: n_3 >= 3 and score >= 30}\n  - {key: D}\n"
        f"force:\n{force}reasons:\n{reasons}tests:\n{tests}"
    )


def _criterion(number: int) -> str:
    if number % 2:
        kind = f"      metric: n_{number}\n      bins: {{edges: [1, 5, 20], points: [0, 30, 60, 100]}}\n"
    else:
        kind = f"      metric: m_{number}\n      curve: [[0, 0], [1000, 30], [20000, 80], [90000, 100]]\n"
    return f"    - name: c_{number}\n{kind}      weight: {number % 9 + 1}\n      reason: R_{number}\n"


def _test(number: int) -> str:
    return (
        f"  - name: test {number}\n    as_of: 2026-12-01\n"
        f"    given: {{m_{number}: 500, n_{number}: 3}}\n    expect: {{tier: D}}\n"
    )


def _once(files: dict[str, str]) -> float:
    started = time.process_time()
    book, problems = check_book(files)
    if book is None:
        raise AssertionError(f"the large book has problems: {problems[:3]}")
    found = findings_of(book, None)
    spent = time.process_time() - started
    if not found:
        raise AssertionError("nothing was found in the large book")
    return spent
