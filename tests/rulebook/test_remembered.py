"""A file that was read lately is not read again, and nobody can tell the difference."""

from __future__ import annotations

from pathlib import Path

from engine.operations.rule_folder import read_rule_folder
from engine.rulebook import check_book
from engine.rulebook.strict import Findings, Scalar, SourceText, Table, read_tree
from engine.rulebook.strict.limits import LIMITS, Room
from engine.rulebook.strict.remembered import Remembered

ROOT = Path(__file__).resolve().parents[2]
TEXT = "sheep: {black: 1, white: [2, 3]}\n"
NODES = 9


def read(path: str, text: str, room: Room | None = None) -> tuple[object, list[str]]:
    findings = Findings()
    tree = read_tree(SourceText.of(path, text), findings, room)
    return tree, [problem.code for problem in findings.problems]


def test_the_same_text_at_the_same_path_is_the_same_tree() -> None:
    tree, _ = read("b2b.yaml", TEXT)
    assert read("b2b.yaml", TEXT)[0] is tree
    assert read("b2b.yaml", TEXT.replace("1", "4"))[0] is not tree
    other, _ = read("b2c.yaml", TEXT)
    assert isinstance(other, Table)
    assert other.place.file == "b2c.yaml"


def test_a_fault_is_told_to_everybody_who_reads() -> None:
    for text, code in (("sheep: [1, 2\n", "RULE_SYNTAX"), ("sheep: 1\nsheep: 2\n", "RULE_DUPLICATE"), ("a: *b\n", "")):
        first, again = read("b2b.yaml", text), read("b2b.yaml", text)
        assert first[1] == again[1] != []
        assert code in first[1][0]
        assert first[0] is not again[0]


def test_a_fault_nobody_noted_any_more_is_still_one() -> None:
    """Findings that are full take nothing up; whoever reads next is told."""
    full = Findings()
    for number in range(LIMITS.problems):
        read_tree(SourceText.of("b2b.yaml", f"a{number}: 1\na{number}: 2\n"), full)
    assert len(full.problems) == LIMITS.problems
    read_tree(SourceText.of("b2b.yaml", "last: 1\nlast: 2\n"), full)
    assert read("b2b.yaml", "last: 1\nlast: 2\n")[1] != []


def test_what_a_remembered_file_takes_of_the_folders_room() -> None:
    for _ in range(2):
        room = Room(100)
        assert read("metrics.yaml", TEXT, room)[1] == []
        assert room.nodes == 100 - NODES
    assert read("metrics.yaml", TEXT, Room(NODES))[1] == []
    assert read("metrics.yaml", TEXT, Room(NODES - 1))[1] == ["RULE_LIMIT"]
    spent = Room(-1)  # told already
    assert read("metrics.yaml", TEXT.replace("1", "5"), spent)[1] == []
    assert isinstance(read("metrics.yaml", TEXT.replace("1", "5"))[0], Table), "not the rest that nobody read"


def test_a_book_is_the_same_the_second_time() -> None:
    shipped = read_rule_folder(ROOT / "rules")
    changed = {**shipped, "b2b.yaml": shipped["b2b.yaml"] + b"# once\n"}
    first, again = check_book(changed), check_book(changed)
    assert first == again
    assert first[0] is not None


def test_those_not_asked_for_longest_are_forgotten() -> None:
    remembered = Remembered(most=3_000)
    tree = Scalar("x", "x", "", SourceText.of("a.yaml", "x"), 0, 1)
    for name in ("a.yaml", "b.yaml"):
        remembered.keep(name, "x", tree, 1)
    assert remembered.find("a.yaml", "x", 9) == (tree, 1)
    remembered.keep("c.yaml", "x", tree, 1)
    assert [remembered.find(name, "x", 9) for name in ("a.yaml", "b.yaml", "c.yaml")] == [(tree, 1), None, (tree, 1)]
    remembered.keep("c.yaml", "x", tree, 1)
    assert len(remembered) == 2
    remembered.keep("d.yaml", "x" * 9_000, tree, 1)
    assert len(remembered) == 0, "too large to be worth it"
