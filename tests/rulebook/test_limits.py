"""Each bound of rule files, on both sides."""

from __future__ import annotations

import pytest

from engine.errors import Place, Severity
from engine.rulebook import check_book
from engine.rulebook.strict.events import read_tree
from engine.rulebook.strict.findings import Findings
from engine.rulebook.strict.limits import LIMITS
from engine.rulebook.strict.source import SourceText
from tests.rulebook.asked import SMALLEST

B2B = SMALLEST["b2b.yaml"].decode()
METRICS = SMALLEST["metrics.yaml"].decode()
STEPS_OF_THE_SMALLEST = 3
"""`orders == 0` of its lifecycle."""


def padded(text: str, size: int) -> str:
    """The same rules with a comment that makes the file so many bytes."""
    return text + "#" + "x" * (size - len(text.encode()) - 1)


def titled(characters: int) -> str:
    return B2B.replace("{key: B}", f"{{key: B, title: {{en: {'x' * characters}}}}}")


def tiers(number: int) -> str:
    listed = "".join(f"  - {{key: T{index}, at_least: {number - index}}}\n" for index in range(1, number))
    return B2B.split("tiers:")[0] + "tiers:\n" + listed + "  - {key: LAST}\n"


def levels(number: int) -> str:
    """A row of so many metrics, each reading the next; the last reads none."""
    row = "".join(f"  m{index}: {{expr: m{index + 1}, type: money}}\n" for index in range(number))
    return METRICS + row + f"  m{number}: {{type: money}}\n"


def steps(number: int) -> str:
    """Force rules whose conditions take so many steps together: one for each name, one for `and`."""
    full, rest = divmod(number - STEPS_OF_THE_SMALLEST, 399)
    names = [398] * full + [rest - 1]
    rules = "".join(
        f"  - {{name: f{index}, tier: B, when: {' and '.join(['vip'] * count)}}}\n" for index, count in enumerate(names)
    )
    return B2B + "force:\n" + rules


def nested(depth: int) -> str:
    """A value within so many lists; the file itself is one level."""
    return "market: " + "[" * (depth - 1) + "x" + "]" * (depth - 1) + "\n"


def nodes(number: int) -> str:
    """So many nodes: the file, the key, the list and its items."""
    return "market: [" + ",".join("x" * (number - 3)) + "]\n"


WITHIN = {
    "bytes of a file": {"b2b.yaml": padded(B2B, LIMITS.bytes)},
    "characters of a value": {"b2b.yaml": titled(LIMITS.scalar)},
    "tiers": {"b2b.yaml": tiers(LIMITS.tiers)},
    "levels of metrics": {"metrics.yaml": levels(LIMITS.levels)},
    "steps of a book": {"b2b.yaml": steps(LIMITS.steps)},
}
BEYOND = {
    "bytes of a file": ({"b2b.yaml": padded(B2B, LIMITS.bytes + 1)}, "RULE_LIMIT"),
    "characters of a value": ({"b2b.yaml": titled(LIMITS.scalar + 1)}, "RULE_LIMIT"),
    "tiers": ({"b2b.yaml": tiers(LIMITS.tiers + 1)}, "RULE_LIMIT"),
    "levels of metrics": ({"metrics.yaml": levels(LIMITS.levels + 1)}, "RULE_COST"),
    "steps of a book": ({"b2b.yaml": steps(LIMITS.steps + 1)}, "RULE_COST"),
}
TREES = {
    "depth": (nested(LIMITS.depth), nested(LIMITS.depth + 1)),
    "nodes of a file": (nodes(LIMITS.nodes), nodes(LIMITS.nodes + 1)),
    "characters of a key": ("x" * LIMITS.key + ": 1\n", "x" * (LIMITS.key + 1) + ": 1\n"),
}


@pytest.mark.parametrize("bound", WITHIN)
def test_a_book_at_a_bound_is_read(bound: str) -> None:
    book, problems = check_book({**SMALLEST, **WITHIN[bound]})
    assert problems == ()
    assert book is not None


@pytest.mark.parametrize("bound", BEYOND)
def test_a_book_one_beyond_is_refused(bound: str) -> None:
    files, code = BEYOND[bound]
    _, problems = check_book({**SMALLEST, **files})
    assert [problem.code for problem in problems] == [code]


@pytest.mark.parametrize("bound", TREES)
def test_a_file_at_a_bound_and_one_beyond(bound: str) -> None:
    within, beyond = Findings(), Findings()
    read_tree(SourceText.of("b2b.yaml", TREES[bound][0]), within)
    read_tree(SourceText.of("b2b.yaml", TREES[bound][1]), beyond)
    assert within.problems == ()
    assert [problem.code for problem in beyond.problems] in (["RULE_LIMIT"], ["RULE_SYNTAX"])


def test_the_bytes_of_a_folder() -> None:
    full = {name: padded(SMALLEST[name].decode(), LIMITS.bytes) for name in ("lifecycle.yaml", "metrics.yaml")}
    left = LIMITS.folder_bytes - 2 * LIMITS.bytes - len(SMALLEST["rulebook.yaml"])
    book, _ = check_book({**SMALLEST, **full, "b2b.yaml": padded(B2B, left)})
    assert book is not None
    _, problems = check_book({**SMALLEST, **full, "b2b.yaml": padded(B2B, left + 1)})
    assert [problem.code for problem in problems] == ["RULE_LIMIT"]


def test_the_nodes_of_a_folder() -> None:
    files = {name: nodes(LIMITS.nodes) for name in ("rulebook.yaml", "metrics.yaml", "b2b.yaml")}
    _, problems = check_book({**SMALLEST, **files})
    assert [(problem.code, problem.place.file) for problem in problems if problem.code == "RULE_LIMIT"] == [
        ("RULE_LIMIT", "b2b.yaml")
    ]


def test_warnings_never_crowd_out_an_error() -> None:
    findings = Findings()
    for line in range(LIMITS.problems + 50):
        findings.add("empty_list", Place("b2b.yaml", line + 1, 1), severity=Severity.WARNING, key="tiers")
    findings.add("empty_list", Place("b2b.yaml", 9_999, 1), key="tiers")
    assert findings.failed
    assert len(findings.problems) == LIMITS.problems + 1


def test_a_hundred_thousand_alike_names_are_searched_within_a_budget() -> None:
    """The rows of the distance are counted, so that names that are all alike take no longer than others."""
    from engine.errors import closest

    alike = [f"{'x' * 50}{index:05d}" for index in range(100_000)]
    assert closest("x" * 50 + "00003", alike) == "x" * 50 + "00003"
    assert closest("x" * 47 + "yyy00003", alike) in (None, *alike[:2_000])
