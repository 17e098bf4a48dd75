"""Whatever is in the files, only coded problems come out, each at a place that exists."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.rulebook import check_book, load_book
from engine.rulebook.plain import written

CASES = Path(__file__).parents[1] / "cases" / "rules"
EVERY_KEY = {file.name: file.read_text(encoding="utf-8") for file in (CASES / "every_key").glob("*.yaml")}
FILES = st.sampled_from(sorted(EVERY_KEY))

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
fuzz = settings(max_examples=1500, suppress_health_check=[HealthCheck.too_slow], deadline=None)


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


def test_the_undamaged_book_loads() -> None:
    assert load_book(EVERY_KEY).name == "every_key"
