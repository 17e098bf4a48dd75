"""A strict, small YAML reader for mapping files: every scalar is text, and nothing clever is taken.

Only PyYAML's pure Python classes are used; the C ones can be crashed by nesting.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

from engine.errors import InputError
from engine.vocabulary import Text

LIMIT_BYTES: Final = 200_000
LIMIT_DEPTH: Final = 16
LIMIT_NODES: Final = 20_000


def read_strict(text: str | bytes, name: str) -> dict[str, Any]:
    """Read one mapping of texts, lists and mappings.

    Args:
        text: UTF-8, with or without a byte order mark.
        name: How to call the file in messages.

    Raises:
        InputError: Not UTF-8, not YAML, too large or deep, a duplicate key, an anchor, alias or tag.

    >>> read_strict("a: NO\\nb: [1, 2]", "x.yaml")
    {'a': 'NO', 'b': ['1', '2']}
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _refused(name, 0, "is not UTF-8", "不是 UTF-8 编码") from error
    if len(text) > LIMIT_BYTES:
        raise _refused(name, 0, f"is larger than {LIMIT_BYTES} characters", f"超过 {LIMIT_BYTES} 个字符")
    try:
        _check_events(text, name)
        node = yaml.SafeLoader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _refused(name, line, f"is not valid YAML: {error.problem}", "从这里起不是有效的 YAML") from error
    except (yaml.YAMLError, ValueError) as error:
        raise _refused(name, 0, "holds characters YAML does not allow", "含有 YAML 不允许的字符") from error
    if not isinstance(node, yaml.MappingNode):
        raise _refused(name, 1, "must hold keys and values", "必须由键和值组成")
    made: dict[str, Any] = _made(node, name)
    return made


def lines_of(text: str | bytes) -> dict[tuple[str | int, ...], int]:
    """The line of every key and item of a text that `read_strict` has read, by the way to it.

    >>> lines_of("a:\\n  - b: 1\\n")[("a", 0, "b")]
    2
    """
    written = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    found: dict[tuple[str | int, ...], int] = {}
    node = yaml.SafeLoader(written).get_single_node()
    if node is not None:
        _note_lines(node, (), found)
    return found


def _note_lines(node: yaml.Node, way: tuple[str | int, ...], found: dict[tuple[str | int, ...], int]) -> None:
    found.setdefault(way, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for position, part in enumerate(node.value):
            _note_lines(part, (*way, position), found)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            found[(*way, key.value)] = key.start_mark.line + 1
            _note_lines(value, (*way, key.value), found)


def _check_events(text: str, name: str) -> None:
    """Refuse what could be large or deep before any tree is built."""
    depth = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > LIMIT_DEPTH or nodes > LIMIT_NODES:
            raise _refused(name, line, "is nested too deeply or too long", "嵌套过深或过长")
        if getattr(event, "anchor", None) is not None:
            raise _refused(
                name, line, "uses an anchor or alias; write the value out", "使用了锚点或别名，请直接写出内容"
            )
        if getattr(event, "tag", None) is not None:
            raise _refused(name, line, "uses a tag; plain values only", "使用了标签，只允许普通值")


def _made(node: yaml.Node, name: str) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_made(part, name) for part in node.value]
    made: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _refused(name, line, "has a key that is not a word", "的键必须是单词")
        if key.value in made:
            raise _refused(name, line, f"has the key {key.value!r} twice", f"的键 {key.value!r} 出现两次")
        made[key.value] = _made(value, name)
    return made


def _refused(name: str, line: int, en: str, zh: str) -> InputError:
    place = f"{name}:{line}" if line else name
    return InputError(
        Text(f"The mapping {place} {en}.", f"映射文件 {place} {zh}。"),
        Text("`touchstone import --help` shows an example.", "`touchstone import --help` 给出示例。"),
        code="MAPPING",
    )
