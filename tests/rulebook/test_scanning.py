"""The quick parser gives the events of PyYAML's own, mark by mark, and fails where it fails, with the same words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yaml import YAMLError
from yaml.error import Mark
from yaml.events import CollectionEndEvent, CollectionStartEvent
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from engine.rulebook.strict.limits import LIMITS
from engine.rulebook.strict.scanning import QuickParser
from tests.bench.checking import large_book
from tests.rulebook.asked import CASES
from tests.rulebook.test_hostile import CORPUS, body

FILES = {
    f"{path.parent.name}/{path.name}": path.read_bytes().decode()
    for folder in (CASES, CASES.parents[1] / "rules")
    for path in sorted(folder.rglob("*.yaml"))
}
HOSTILE = {case["name"]: body(case)[: LIMITS.bytes].decode("utf-8", "replace") for case in CORPUS}
SIGNS = [
    "{", "}", "[", "]", ":", ": ", ",", ", ", "- ", "-", "\n- ", "? ", "?", "&a ", "*a ", "!x ", "!!x ", "!<y> ",
    "%TAG ! y:\n", "%YAML 1.1\n", "%", "|", ">-", "|2-\n", ">+\n", "'", "''", '"', '\\"', "\\", "\\x41", "\\\n",
    "#", " #", " # no\n", "---", "...", "\n---\n", "\n--- ", "\n...\n", "\n---x", "\n", "\n\n", "\n  ", "\n    ", " ",
    "  ", "\t", "\r", "\r\n", "\x85", "\u2028", "\u2029", "\ufeff", "\0", "a", "a b", "k: v\n", "k:", "0", "客户", "，",
    "：", "@", "`", "=", "<<", "_", ".", "w" * 1_030, "x y " * 300,
]  # fmt: skip
STEPS = 3_000
"""Of a longer text the beginning is compared: hostile ones only say the same again and again."""

SOUP = st.lists(st.sampled_from(SIGNS), max_size=30).map("".join)


class Plain(Reader, Scanner, Parser):
    """PyYAML's pure-Python event parser as it is."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def said(thing: object) -> object:
    """Everything about an event or an error, its kind and its marks written out."""
    if isinstance(thing, Mark):
        return thing.name, thing.index, thing.line, thing.column, thing.pointer
    return type(thing), str(thing), {name: said(value) if value is not thing else None for name, value in _has(thing)}


def _has(thing: object) -> list[tuple[str, object]]:
    return sorted(getattr(thing, "__dict__", {}).items())


def course(kind: type[Plain] | type[QuickParser], text: str) -> Iterator[object]:
    """What reading gives, step by step, to the end, to an error or to a depth at which nobody reads on."""
    depth = 0
    try:
        parser = kind(text)
        while (event := parser.get_event()) is not None and depth <= LIMITS.depth + 2:  # type: ignore[no-untyped-call]  # the stubs leave it so
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            yield said(event)
    except (YAMLError, ValueError, IndexError, OverflowError) as error:
        yield said(error)


def alike(text: str) -> int:
    """Compare the two; how many steps reading took."""
    plain = list(islice(course(Plain, text), STEPS))
    assert list(islice(course(QuickParser, text), STEPS)) == plain, text
    return len(plain)


@pytest.mark.parametrize("name", FILES)
def test_a_rule_file(name: str) -> None:
    assert alike(FILES[name])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file(name: str) -> None:
    assert alike(HOSTILE[name])


def test_a_large_book() -> None:
    steps = [alike(text) for text in large_book(20).values()]
    assert 1_000 < max(steps) < STEPS


@pytest.mark.parametrize(
    "text",
    ["", "\ufeffa: 1\n", "a\n b\n\n c: d", "a: b\n---\nc", "- a\n...\n- b", "{a: b, c d: [e,f , g # no\n]}",
     "a:\rb: \u2028c", "a: \ufeffb\ufeff c\n", "- a\n b\n\n\n c # no\n d", "{a ? b}", "[a:b, c:, d: , e::f]",
     "k" * 1_025 + ": v",
     "{a:\n" + "b" * 2_000 + ": c}", "a b\nc: d", "x: 'a\n  b'\ny: \"c\\\n d\"", "a\t: b\t\n", "a \t#b", "a  #b\n",
     "a#b: c# d"],
)  # fmt: skip
def test_a_border_case(text: str) -> None:
    assert alike(text)


def test_the_marks_of_one_place_are_told_apart_from_those_of_another() -> None:
    """What is compared has marks at all: without them everything would be alike."""
    first, other = (list(course(QuickParser, text)) for text in ("a: b", "a:  b"))
    assert first != other


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(SOUP)
def test_signs_in_any_order(text: str) -> None:
    alike(text)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Some lines of a rule file with signs put in, or in the place of others."""
    lines = FILES[draw(st.sampled_from(sorted(FILES)))].splitlines(keepends=True)
    start = draw(st.integers(0, len(lines) - 1))
    text = "".join(lines[start : start + 40])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(SIGNS)) + text[at + draw(st.integers(0, 6)) :]
    return text


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(damaged())
def test_a_damaged_rule_file(text: str) -> None:
    alike(text)


@pytest.mark.nightly
@settings(max_examples=20_000, suppress_health_check=list(HealthCheck), deadline=None)
@given(SOUP | damaged())
def test_twenty_thousand_texts(text: str) -> None:
    alike(text)
