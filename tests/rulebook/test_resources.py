"""What checking costs at worst, in processor time and memory: measured in the nightly run."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from typing import Any

import pytest

from engine.rulebook import check_book
from tests.bench.checking import large_book
from tests.rulebook.asked import SMALLEST
from tests.rulebook.test_hostile import CORPUS, body

ROOM_BYTES = 30_000_000
"""Python objects of one check at most; a book of 134 kB was measured with 7 MB."""

SECONDS = 4
"""The aim is one second; the rest is for slow and busy machines."""

SMALL_PROCESS = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from engine.rulebook import check_book
from tests.rulebook.asked import SMALLEST
from tests.rulebook.test_hostile import CORPUS, body
for case in CORPUS:
    check_book({**SMALLEST, case.get("file", "b2b.yaml"): body(case)})
print("done", len(CORPUS))
"""


@pytest.mark.nightly
@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case["name"])
def test_a_hostile_file_takes_little_time_and_memory(case: dict[str, Any]) -> None:
    files = {**SMALLEST, case.get("file", "b2b.yaml"): body(case)}
    started = time.process_time()
    check_book(files)
    assert time.process_time() - started < SECONDS
    tracemalloc.start()
    try:
        check_book(files)
        assert tracemalloc.get_traced_memory()[1] < ROOM_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.nightly
def test_the_whole_corpus_is_checked_in_a_process_with_little_memory() -> None:
    done = subprocess.run([sys.executable, "-c", SMALL_PROCESS], capture_output=True, text=True, check=False)
    assert done.stdout == f"done {len(CORPUS)}\n", done.stderr


@pytest.mark.nightly
def test_a_book_of_four_hundred_criteria_takes_little_time_and_memory() -> None:
    files = large_book(200)
    started = time.process_time()
    book, _ = check_book(files)
    assert book is not None
    assert time.process_time() - started < SECONDS
    tracemalloc.start()
    try:
        check_book(files)
        assert tracemalloc.get_traced_memory()[1] < ROOM_BYTES
    finally:
        tracemalloc.stop()
