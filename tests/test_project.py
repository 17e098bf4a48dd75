"""Habits of the project: what every module, document and tool file keeps to."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from packaging.requirements import Requirement
from packaging.version import Version

from engine.cli.commands import register

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES = 300
FUNCTION_LINES = 40
NAMELESS = {"utils", "util", "common", "misc", "manager", "managers", "base", "helpers"}
MACHINE_PATH = re.compile(r"(?<![\w.$}/])/(?:work|root|tmp|home/\w+|farm)(?:/|\b)")
LEFT_OVER = re.compile(r"\b(?:TODO|FIXME|XXX)\b|raise NotImplementedError")
ADDRESS = re.compile(r"https?://|git\+|file:|index-url|find-links")


@functools.cache
def files() -> tuple[str, ...]:
    """Every file of the project, committed or about to be, without what git ignores."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return tuple(sorted({name for name in names if (ROOT / name).is_file()}))


def product_modules() -> list[str]:
    return [name for name in files() if re.match(r"(?:engine|schema)/.*\.py$|server\.py$", name)]


@functools.cache
def tree(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text("utf-8"), name)


def functions(name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def public_definitions(scope: ast.Module | ast.ClassDef) -> Iterator[tuple[str, ast.AST]]:
    for node in scope.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            overload = any("overload" in ast.unparse(decorator) for decorator in node.decorator_list)
            if not overload:
                yield node.name, node
            if isinstance(node, ast.ClassDef):
                yield from ((f"{node.name}.{name}", inner) for name, inner in public_definitions(node))


def test_every_module_is_short() -> None:
    lengths = {name: len((ROOT / name).read_text("utf-8").splitlines()) for name in product_modules()}
    assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES} == {}


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring: nobody shall save words there."""
    first = node.body[0]
    documented = ast.get_docstring(node, clean=False) is not None
    spoken = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (node.end_lineno or 0) - node.lineno + 1 - spoken


def test_every_function_is_short() -> None:
    lengths = {
        f"{name}:{node.lineno} {node.name}": code_lines(node) for name in product_modules() for node in functions(name)
    }
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES} == {}


def test_every_module_is_named_for_what_it_holds() -> None:
    parts = {part for name in product_modules() for part in name.removesuffix(".py").split("/")}
    assert parts & NAMELESS == set()


def test_every_public_name_is_documented_by_a_sentence() -> None:
    silent = []
    for name in product_modules():
        if name.startswith("engine/audit/shipped/"):
            continue  # kept under 250 lines for auditors; its head says what each part proves
        module = tree(name)
        definitions = [("", module), *public_definitions(module)]
        for label, node in definitions:
            docstring = (
                ast.get_docstring(node)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                else None
            )
            empty_package = isinstance(node, ast.Module) and not node.body
            if not empty_package and not re.search(r"[.:!?]$|[.:!?] ", (docstring or "").split("\n\n")[0]):
                silent.append(f"{name} {label}".strip())
    assert silent == []


def test_every_package_gathers_only_names_it_has() -> None:
    wrong = []
    for name in product_modules():
        if not name.endswith("__init__.py"):
            continue
        given = {
            alias.asname or alias.name
            for node in ast.walk(tree(name))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        bound = given | {
            target.id
            for node in tree(name).body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        bound |= {
            node.target.id
            for node in tree(name).body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        bound |= {node.name for node in tree(name).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        for node in tree(name).body:
            if isinstance(node, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets
            ):
                wrong += [f"{name} {public}" for public in ast.literal_eval(node.value) if public not in bound]
    assert wrong == []


def test_nothing_is_swallowed_or_left_for_later() -> None:
    wrong = []
    for name in product_modules():
        text = (ROOT / name).read_text("utf-8")
        wrong += [f"{name}: {match.group()}" for match in LEFT_OVER.finditer(text)]
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.ExceptHandler):
                bare = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
                if bare and all(isinstance(inner, ast.Pass) for inner in node.body):
                    wrong.append(f"{name}:{node.lineno} swallows every error")
    assert wrong == []


def test_no_file_names_a_path_of_some_machine() -> None:
    wrong = []
    for name in files():
        if name == "tests/test_project.py" or name == "LICENSE":
            continue
        try:
            text = (ROOT / name).read_text("utf-8")
        except UnicodeDecodeError:
            continue
        wrong += [f"{name}:{number}" for number, line in enumerate(text.splitlines(), 1) if MACHINE_PATH.search(line)]
    assert wrong == []


def test_no_file_is_large_and_no_lock_records_addresses() -> None:
    assert [name for name in files() if (ROOT / name).stat().st_size > 1_000_000] == []
    assert [name for name in files() if name.endswith("uv.lock")] == []
    locks = [name for name in files() if name.endswith("package-lock.json")]
    assert [name for name in locks if '"resolved": "http' in (ROOT / name).read_text("utf-8")] == []


def pinned() -> dict[str, tuple[Version, bool]]:
    """Version and presence of hashes by package name, of the constraints file."""
    pins: dict[str, tuple[Version, bool]] = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", (ROOT / "constraints.txt").read_text("utf-8")):
        head = re.match(r"([A-Za-z0-9_.-]+)==([^\s;\\]+)", block)
        if head:
            pins[_plain(head[1])] = Version(head[2]), "--hash=sha256:" in block
    return pins


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_constraints_carry_hashes_and_no_addresses() -> None:
    assert ADDRESS.findall((ROOT / "constraints.txt").read_text("utf-8")) == []
    assert [name for name, (_, hashed) in pinned().items() if not hashed] == []
    assert len(pinned()) > 40


def test_constraints_cover_what_the_project_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = [
        *project["dependencies"],
        *(text for extra in project["optional-dependencies"].values() for text in extra),
    ]
    wrong = []
    for requirement in map(Requirement, declared):
        pin = pinned().get(_plain(requirement.name))
        if pin is None or pin[0] not in requirement.specifier:
            wrong.append(str(requirement))
    assert wrong == []


def test_every_extra_is_catalogued() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = set(pyproject["project"]["optional-dependencies"])
    table = re.findall(r"^\| `\[(\w+)\]` \|", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.M)
    assert set(table) == extras
    assert pyproject["dependency-groups"]["dev"] == ["touchstone[dev]"]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text("utf-8"), re.M))


def documents() -> list[str]:
    return [name for name in files() if name.endswith(".md")]


@pytest.mark.parametrize("name", documents())
def test_every_make_target_a_document_names_exists(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z][\w-]*)", text, re.M))
    assert named - make_targets() == set()


@functools.cache
def commands() -> frozenset[str]:
    """Every command of the program, `rules check` and the like with both words."""
    app = typer.Typer()
    register(app)
    program = typer.main.get_command(app)
    found = set()
    for name, command in program.commands.items():  # type: ignore[attr-defined]
        found.add(name)
        found.update(f"{name} {inner}" for inner in getattr(command, "commands", ()))
    return frozenset(found)


@pytest.mark.parametrize("name", documents())
def test_every_command_a_document_names_exists(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    wrong = []
    for words in re.findall(r"(?:^\s*(?:\$ )?|`|bin/)touchstone ([a-z]+(?: [a-z][a-z-]*)?)", text, re.M):
        first, _, second = words.partition(" ")
        group = any(command.startswith(f"{first} ") for command in commands())
        if first not in commands() or (group and second and words not in commands()):
            wrong.append(words)
    assert wrong == []


@pytest.mark.parametrize("name", documents())
def test_every_file_a_document_points_to_exists(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    links = [
        link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link and not link.startswith("mailto:")
    ]
    missing = [link for link in links if not (ROOT / name).parent.joinpath(link).exists()]
    quoted = re.findall(r"`((?:engine|schema|rules|tests|docs|migrations)/[\w/.-]*)`", text)
    missing += [
        path for path in quoted if name in ("ARCHITECTURE.md", "CONTRIBUTING.md") and not (ROOT / path).exists()
    ]
    assert missing == []


def test_every_change_note_is_one_line_for_the_person_who_upgrades() -> None:
    notes = [name for name in files() if name.startswith("changelog.d/") and not name.endswith("README.md")]
    wrong = [
        name
        for name in notes
        if not re.fullmatch(r"changelog\.d/[\w.-]+\.(?:added|changed|fixed|removed)\.md", name)
        or len((ROOT / name).read_text("utf-8").strip().splitlines()) != 1
    ]
    assert wrong == []


def test_every_decision_page_is_numbered_once_and_titled() -> None:
    pages = sorted(name.removeprefix("docs/adr/") for name in files() if re.match(r"docs/adr/\d", name))
    assert [page[:4] for page in pages] == [f"{number:04d}" for number in range(1, len(pages) + 1)]
    titles = [(ROOT / "docs/adr" / page).read_text("utf-8").splitlines()[0] for page in pages]
    assert [title for page, title in zip(pages, titles, strict=True) if not title.startswith(f"# {page[:4]} · ")] == []


def test_ci_runs_the_same_targets_as_a_person() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    commands = script.read_text("utf-8").splitlines()
    assert "make check" in commands
    assert "make test" in commands
    assert {"demo", "test", "check", "bench", "nightly", "help", "install"} <= make_targets()
