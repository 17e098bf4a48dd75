"""Every key of the rule files: in the manual with an example, in a right case and in a broken one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from engine.errors import Place
from engine.expressions import FUNCTIONS, Declared, check_expression, language
from engine.rulebook import load_book
from engine.rulebook.strict.limits import LIMITS
from engine.trials import run_tests
from tests.rulebook.asked import broken_files, every_key, read, rule_folders

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
ASKING = ("need", "want", "seek", "node", "one_of")


def manual_book() -> dict[str, str]:
    """The YAML of the manual, section by section: together it is one rule book."""
    files: dict[str, str] = {}
    for section in re.split(r"^## ", MANUAL, flags=re.MULTILINE):
        name = section.split("\n", 1)[0].split(",")[0]
        blocks = re.findall(r"^```yaml\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
        if name.endswith(".yaml") and blocks:
            joined = blocks[0] + "".join(block.removeprefix("metrics:\n") for block in blocks[1:])
            files[name] = joined
    return files


def test_the_examples_of_the_manual_are_a_book_whose_tests_pass() -> None:
    book = load_book(manual_book())
    # The manual shows one market; its campaigns may speak of the other.
    assert [problem.place.file for problem in book.warnings] == ["b2c.yaml"]
    assert [failure.text.en for failure in run_tests(book).failed] == []


def test_the_manual_has_an_example_of_every_key() -> None:
    written = {pair for _, pair in read(manual_book()).written}
    assert sorted(every_key() - written) == []


def test_the_manual_lists_every_key_and_no_other() -> None:
    listed = {
        (owner, key)
        for owner, table in re.findall(r"^Keys of (.+):\n\n((?:\|.*\n)+)", MANUAL, flags=re.MULTILINE)
        for key in re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", table, flags=re.MULTILINE)
    }
    assert sorted(every_key() - listed) == []
    assert sorted(listed - every_key()) == []


def test_every_key_has_a_right_case() -> None:
    written = {pair for files in rule_folders().values() for _, pair in read(files).written}
    assert sorted(every_key() - written) == []


def test_every_key_has_a_broken_case() -> None:
    faulty = {pair for files in broken_files().values() for pair in read(files).faulty()}
    assert sorted(every_key() - faulty) == []


def test_no_key_of_the_loader_is_out_of_reach_of_the_cases() -> None:
    named: set[str] = set()
    for path in (ROOT / "engine" / "rulebook" / "parts").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in ASKING:
                first = call.args[0]
                named.update([first.value] if isinstance(first, ast.Constant) and isinstance(first.value, str) else [])
    assert len(named) > 90
    assert sorted(named - {key for _, key in every_key()} - {"consent"}) == []


def test_the_manual_has_every_function_with_an_example_that_is_read() -> None:
    rows = re.findall(r"^\| `((\w+)\(.*?\))` \| .+ \| `(.+)` \|$", MANUAL, flags=re.MULTILINE)
    assert {name: usage for usage, name, _ in rows} == {name: function.usage for name, function in FUNCTIONS.items()}
    scope = {name: Declared(metric.unit, metric.scale) for name, metric in load_book(manual_book()).metrics.items()}
    for _, name, example in rows:
        assert example.startswith(f"{name}(")
        check_expression(example, scope, None, Place("rules.md", 1, 1))


def test_the_manual_tells_every_limit() -> None:
    listed = MANUAL[MANUAL.index("### How much may be written") :]
    numbers = {int(number.replace(",", "")) for number in re.findall(r"[0-9][0-9,]*", listed)}
    of_files = {getattr(LIMITS, name) for name in LIMITS.__dataclass_fields__ if name not in ("problems", "suggested")}
    of_expressions = {getattr(language, name) for name in dir(language) if name.startswith("MAX_")}
    assert of_files | of_expressions <= numbers
