"""Whatever is in the files, only coded problems come out, each at a place that exists."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.rulebook import check_book, diff_books, load_book
from engine.rulebook.plain import written
from engine.trials import run_tests
from tests.expressions.generate import Chance

CASES = Path(__file__).parents[1] / "cases" / "rules"
EVERY_KEY = {file.name: file.read_text(encoding="utf-8") for file in (CASES / "every_key").glob("*.yaml")}
FILES = st.sampled_from(sorted(EVERY_KEY))
SHIPPED = {file.name: file.read_bytes() for file in (CASES.parents[2] / "rules").glob("*.yaml")}
TOKEN = re.compile(rb"[A-Za-z0-9_.]+|\s+|[^A-Za-z0-9_.\s]")

PIECES = st.sampled_from(
    [
        "{", "}", "[", "]", ":", ": ", ",", "- ", "\n", "\n  ", "'", '"', "#", "&a ", "*a", "!x ", "|", ">-", "?", "%",
        "yes", "null", "~", "010", "1e3", "12:30", "2026-02-30", "0.00000001", "-1", "9" * 25, "true", "10%", "28d",
        "score", "tier", "known(", "and", "==", "\t", "客户", "\u3000", "\\", "key", "name", "when", "else", "..", "",
    ]
)  # fmt: skip

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12),
    st.text(max_size=12),
    st.sampled_from(["28d", "10%", "A", "orders", "sum(net)", "clv > 0", "hold", "more clv never lowers the tier"]),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def grown(seed: int) -> str:
    """A well-formed expression by chance; its names are those of the expression tests."""
    return Chance(seed, with_score=True).expression()


fuzz = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def checked(files: dict[str, str]) -> None:
    book, problems = check_book(files)
    assert (book is None) == any(problem.severity == "error" for problem in problems)
    for problem in problems:
        assert problem.code.startswith("RULE_")
        assert problem.message.en
        assert problem.message.zh
        lines = files.get(problem.place.file, "").split("\n")
        assert 1 <= problem.place.line <= len(lines) + 1
    assert list(problems) == sorted(problems, key=lambda problem: (problem.place, problem.code))


@fuzz
@given(FILES, st.data())
def test_a_damaged_file(name: str, data: st.DataObject) -> None:
    text = EVERY_KEY[name]
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 8)))
        text = text[:start] + data.draw(PIECES) + text[end:]
    checked({**EVERY_KEY, name: text})


@fuzz
@given(FILES, st.binary(max_size=200))
def test_bytes_of_any_kind(name: str, body: bytes) -> None:
    _, problems = check_book({**EVERY_KEY, name: body})
    assert all(problem.code.startswith("RULE_") for problem in problems)


@fuzz
@given(st.data())
def test_a_part_of_another_shape(data: st.DataObject) -> None:
    name = data.draw(FILES)
    lines = EVERY_KEY[name].split("\n")
    which = data.draw(st.sampled_from([i for i, line in enumerate(lines) if ": " in line and "#" not in line]))
    key = lines[which].split(": ")[0]
    lines[which] = f"{key}: {written(data.draw(TREES))}"
    checked({**EVERY_KEY, name: "\n".join(lines)})


@fuzz
@given(FILES, TREES)
def test_a_whole_file_of_another_shape(name: str, tree: object) -> None:
    checked({**EVERY_KEY, name: written(tree) + "\n"})


@st.composite
def mutations(draw: st.DrawFn) -> dict[str, bytes]:
    """The shipped files with bytes, tokens or lines of one file deleted, doubled, changed or exchanged."""
    name = draw(st.sampled_from(sorted(SHIPPED)))
    body = SHIPPED[name]
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["bytes", "tokens", "lines"]))
        pieces = (
            TOKEN.findall(body) if kind == "tokens" else body.splitlines(keepends=True) if kind == "lines" else
            [body[index : index + 1] for index in range(len(body))]
        )  # fmt: skip
        if not pieces:
            break
        at, other = (draw(st.integers(0, len(pieces) - 1)) for _ in range(2))
        match draw(st.sampled_from(["delete", "double", "change", "exchange", "cut"])):
            case "delete":
                del pieces[at]
            case "double":
                pieces.insert(other, pieces[at])
            case "change":
                pieces[at] = draw(st.binary(max_size=3)) if kind == "bytes" else draw(PIECES).encode()
            case "exchange":
                pieces[at], pieces[other] = pieces[other], pieces[at]
            case _:
                del pieces[at:]
        body = b"".join(pieces)
    return {**SHIPPED, name: body}


@fuzz
@given(mutations())
def test_a_mutation_of_the_shipped_files(files: dict[str, bytes]) -> None:
    checked_bytes(files)


def checked_bytes(files: dict[str, bytes]) -> None:
    """Only coded problems come out, and a book that comes out can be tried and compared."""
    book, problems = check_book(files)
    assert (book is None) == any(problem.severity == "error" for problem in problems)
    for problem in problems:
        assert problem.code.startswith("RULE_")
        assert problem.message.en.isprintable()
        assert problem.hint.zh.isprintable()
    if book is not None:
        run_tests(book)
        diff_books(load_book(SHIPPED), book)


SOUP = st.lists(
    st.sampled_from(
        ["and", "or", "not", "in", "if", "else", "(", ")", ",", "==", "!=", "<", ">=", "+", "-", "*", "/", "1", "0.5",
         "'LAPSED'", "true", "null", "score", "tier", "stage", "risk", "market", "churn", "revenue_12m", "known(",
         "coalesce(", "between(", "days_since(", "=", "&&", "**", "[", "]", ".", ":", "?", "客户", "“", "%", "lambda",
         "x for x in", "'A'", "min("]
    ),
    max_size=25,
)  # fmt: skip


@fuzz
@given(st.one_of(SOUP.map(" ".join), SOUP.map("".join), st.text(max_size=80), st.integers(0, 10**6).map(grown)))
def test_any_condition_in_a_shipped_file(text: str) -> None:
    lines = SHIPPED["lifecycle.yaml"].decode().split("\n")
    at = next(index for index, line in enumerate(lines) if "when:" in line)
    lines[at] = lines[at].split("when:")[0] + f"when: {json.dumps(text, ensure_ascii=False)}"
    checked_bytes({**SHIPPED, "lifecycle.yaml": "\n".join(lines).encode("utf-8", "surrogatepass")})


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(4))  # every core works on some
@settings(max_examples=5_000, suppress_health_check=list(HealthCheck), deadline=None)
@given(files=st.one_of(mutations(), FILES.map(lambda name: {**SHIPPED, name: EVERY_KEY[name].encode()})))
def test_twenty_thousand_mutations_each_within_a_second_of_processor_time(part: int, files: dict[str, bytes]) -> None:
    started = time.process_time()
    checked_bytes(files)
    assert time.process_time() - started < 3, "a second, with room for a slow machine"


@pytest.mark.parametrize(("book", "left_out"), [(SHIPPED, "type:"), (EVERY_KEY, ":")], ids=["shipped", "every key"])
def test_a_metric_left_half_written_is_told_and_never_dropped(book: dict[str, bytes | str], left_out: str) -> None:
    """A line of the metrics left out: the book is refused, or every metric declared is there."""
    text = book["metrics.yaml"]
    lines = (text if isinstance(text, str) else text.decode()).split("\n")
    for at, line in enumerate(lines):
        if left_out not in line:
            continue
        rest = [*lines[:at], *lines[at + 1 :]]
        loaded, _ = check_book({**book, "metrics.yaml": "\n".join(rest).encode()})
        if loaded is not None:
            assert set(loaded.metrics) == {one.split(":")[0].strip() for one in rest if re.match(r"  \w+:", one)}, line


def test_the_undamaged_book_loads() -> None:
    assert load_book(EVERY_KEY).name == "every_key"
