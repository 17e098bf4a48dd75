"""Whatever stands in a rule folder is read within bounds, or refused by name."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from engine.errors import InputError, RuleBookError
from engine.operations.rule_folder import look_into, read_rule_folder
from engine.rulebook.strict.limits import LIMITS
from tests.rulebook.asked import SMALLEST


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the smallest book."""
    for name, body in SMALLEST.items():
        (tmp_path / name).write_bytes(body)
    return tmp_path


def told(folder: Path) -> list[tuple[str, str]]:
    book, problems = look_into(folder).check()
    assert (book is None) == bool(problems)
    return [(problem.place.file, problem.code) for problem in problems]


def test_a_sound_folder_is_read_as_it_is(folder: Path) -> None:
    assert read_rule_folder(folder) == SMALLEST
    assert told(folder) == []


def test_links_to_files_are_followed_as_mounted_configuration_has_them(folder: Path) -> None:
    hidden = folder / "..2026_12_01"
    hidden.mkdir()
    (folder / "b2b.yaml").rename(hidden / "b2b.yaml")
    (folder / "..data").symlink_to(hidden)
    (folder / "b2b.yaml").symlink_to("..data/b2b.yaml")
    (folder / ".b2b.yaml.swp").write_bytes(b"")
    (folder / ".#b2b.yaml").symlink_to("nobody@nowhere")
    assert told(folder) == []


def test_a_link_that_leads_nowhere_or_to_itself_is_told_and_not_the_missing_file(folder: Path) -> None:
    for name in ("b2b.yaml", "metrics.yaml"):
        (folder / name).unlink()
    (folder / "b2b.yaml").symlink_to("nowhere.yaml")
    (folder / "metrics.yaml").symlink_to("metrics.yaml")
    assert told(folder) == [("b2b.yaml", "RULE_FILE"), ("metrics.yaml", "RULE_FILE")]
    with pytest.raises(RuleBookError):
        read_rule_folder(folder)


def test_folders_pipes_devices_and_sockets_named_like_rule_files_are_told(folder: Path) -> None:
    (folder / "b2b.yaml").unlink()
    (folder / "b2b.yaml").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    (folder / "zeros.yaml").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()
        os.chdir(folder)  # the path of a socket is short
        try:
            listening.bind("socket.yaml")
        finally:
            os.chdir(here)
    names = ("b2b.yaml", "pipe.yaml", "socket.yaml", "zeros.yaml")
    assert told(folder) == [(name, "RULE_FILE") for name in names]


def test_a_file_that_cannot_be_read_is_told_beside_the_problems_of_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "b2b.yaml").write_bytes(SMALLEST["b2b.yaml"].replace(b"weight", b"wieght"))
    opened = Path.open

    def refusing(path: Path, *rest: object, **named: object) -> object:
        if path.name == "lifecycle.yaml":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", refusing)
    assert told(folder) == [("b2b.yaml", "RULE_UNKNOWN_KEY"), ("lifecycle.yaml", "RULE_FILE")]


def test_no_more_of_a_file_is_read_than_shows_that_it_is_too_large(folder: Path) -> None:
    with (folder / "b2b.yaml").open("r+b") as file:
        file.truncate(10_000_000_000)  # a hole, no bytes on the disk
    assert len(look_into(folder).files["b2b.yaml"]) == LIMITS.bytes + 1
    assert told(folder) == [("b2b.yaml", "RULE_LIMIT")]


def test_a_file_more_than_allowed_and_one_fewer(folder: Path) -> None:
    for number in range(LIMITS.files - len(SMALLEST)):
        (folder / f"x{number:02}.yaml").write_bytes(b"")
    assert {code for _, code in told(folder)} == {"RULE_UNKNOWN_KEY"}
    (folder / "y.yml").write_bytes(b"")
    assert [code for _, code in told(folder)] == ["RULE_LIMIT"]


def test_a_folder_of_many_folders_is_not_looked_through(folder: Path) -> None:
    for number in range(5_001):
        (folder / f"{number:04}").mkdir()
    assert [code for _, code in told(folder)] == ["RULE_LIMIT"]


@pytest.mark.parametrize("name", [b"b\xff.yaml", b"a\nb.yaml", b"\x1b[2J.yaml", "\u202eb2b.yaml".encode()])
def test_a_name_that_cannot_be_printed_is_told_in_words_that_can(folder: Path, name: bytes) -> None:
    Path(os.fsdecode(os.path.join(os.fsencode(folder), name))).write_bytes(b"")
    (problem,) = look_into(folder).check()[1]
    assert problem.code == "RULE_UNKNOWN_KEY"
    assert problem.message.en.isprintable()
    problem.place.file.encode()


def test_no_folder_and_an_empty_one_are_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError):
            look_into(path)
