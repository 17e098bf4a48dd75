"""What entries have to say, kind by kind, for what is stored to be compared with them.

An entry can fit the chain and still not say what one of its kind says: whoever owns the database can write any body and
hash it. Readers take for granted only what stands here; what they merely compare may be of any type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from engine.vocabulary import EntryKind, Text


@dataclass(frozen=True, slots=True)
class _Want:
    """What a member has to be: how it is told, and how it is found out."""

    told: Text
    fits: Callable[[Any], bool]


_Members = dict[str, _Want]


@dataclass(frozen=True, slots=True)
class _Shape:
    """Members that have to be there, and what further ones are if they are there."""

    needed: _Members
    others: _Members


def _or_null(want: _Want) -> _Want:
    told = Text(f"{want.told.en} or null", f"{want.told.zh}或 null")
    return _Want(told, lambda value: value is None or want.fits(value))


def _list_of(fits: Callable[[Any], bool], en: str, zh: str) -> _Want:
    return _Want(
        Text(f"a list of {en}", f"{zh}的列表"), lambda value: isinstance(value, list) and all(map(fits, value))
    )


def _is_number(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("sha256:[0-9a-f]{64}", value) is not None


def _is_instant(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_counts(value: object) -> bool:
    """Numbers by number, as JSON writes them."""
    return isinstance(value, dict) and all(re.fullmatch("[0-9]{1,18}", key) for key in value) and _counted(value)


def _is_counts_of_pairs(value: object) -> bool:
    return isinstance(value, dict) and all(re.fullmatch("[0-9]{1,18}:[0-9]{1,18}", key) for key in value)


def _counted(value: Mapping[str, Any]) -> bool:
    return all(map(_is_number, value.values()))


def _is_made(value: object) -> bool:
    """Number, customer, decision, reason and tier of a review that was made."""
    return isinstance(value, list) and len(value) == 5 and all(map(_is_number, value[:3]))


def _is_left_out(value: object) -> bool:
    return isinstance(value, dict) and _is_number(value.get("customers"))


def _is_beside(value: object) -> bool:
    """What a candidate decided beside a run."""
    if not isinstance(value, dict) or not all(_is_number(value.get(name)) for name in ("shadow", "decided")):
        return False
    root_fits = "root" in value and (value["root"] is None or _is_digest(value["root"]))
    return root_fits and ("problem" not in value or _is_both_texts(value["problem"]))


def _is_both_texts(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_text, value))


_ANY: Final = _Want(Text("anything", "任意值"), lambda _value: True)
_NUMBER: Final = _Want(Text("a whole number", "非负整数"), _is_number)
_TEXT: Final = _Want(Text("a text", "文本"), _is_text)
_FLAG: Final = _Want(Text("true or false", "true 或 false"), lambda value: isinstance(value, bool))
_TRUE: Final = _Want(Text("true", " true"), lambda value: value is True)
_DIGEST: Final = _Want(Text("a SHA-256 hash", "SHA-256 哈希"), _is_digest)
_INSTANT: Final = _Want(Text("an instant with its offset", "含时区偏移的时刻"), _is_instant)
_COUNTS: Final = _Want(Text("counts by number", "按编号的计数"), _is_counts)
_NAMED: Final = _Want(Text("counts by name", "按名称的计数"), lambda value: isinstance(value, dict) and _counted(value))
_TEXT_BY_NAME: Final = _Want(
    Text("texts by name", "按名称的文本"),
    lambda value: isinstance(value, dict) and all(map(_is_text, value.values())),
)
_PAIRS: Final = _Want(Text("counts by pairs of numbers", "按编号对的计数"), _is_counts_of_pairs)
_BOTH: Final = _Want(Text("a text in English and in Chinese", "英文与中文各一条文本"), _is_both_texts)
_NUMBERS: Final = ("whole numbers", "非负整数")
_TEXTS: Final = ("texts", "文本")

_CHANGE: Final[_Members] = {"change": _NUMBER}
_REVIEWED: Final = _Shape(
    _CHANGE
    | {"round": _NUMBER, "reviewer_for": _or_null(_TEXT)}
    | dict.fromkeys(("state", "revision", "base", "preview", "snapshot"), _ANY),
    {},
)
_PUBLISHED: Final = _Shape(
    _CHANGE | {"revision": _ANY},
    {
        "edits": _list_of(lambda value: isinstance(value, list), "edits", "修改"),
        "approved_by": _list_of(_is_text, *_TEXTS),
    },
)
_ONLY_CHANGE: Final = _Shape(_CHANGE, {})
_FIXED: Final[Mapping[str, _Shape]] = {
    EntryKind.RULES_PROPOSED: _Shape(
        _CHANGE
        | {"author": _TEXT, "on_behalf_of": _or_null(_TEXT), "valid_until": _or_null(_INSTANT)}
        | dict.fromkeys(
            ("state", "revision", "base", "round", "approvers_needed", "preview", "snapshot", "restores"), _ANY
        ),
        {"failed_tests": _list_of(_is_text, *_TEXTS)},
    ),
    EntryKind.RULES_APPROVED: _REVIEWED,
    EntryKind.RULES_REJECTED: _REVIEWED,
    EntryKind.RULES_WITHDRAWN: _Shape(_CHANGE, {"withdrawn_for": _or_null(_TEXT)}),
    EntryKind.RULES_SCHEDULED: _Shape(_CHANGE | {"activate_at": _INSTANT, "zone": _ANY}, {}),
    EntryKind.RULES_UNSCHEDULED: _ONLY_CHANGE,
    EntryKind.RULES_STOPPED: _Shape(_CHANGE | {"attention": _BOTH}, {}),
    EntryKind.RULES_PUBLISHED: _PUBLISHED,
    EntryKind.RULES_ROLLED_BACK: _PUBLISHED,
    EntryKind.RULES_SHADOWED: _Shape(
        {"shadow": _NUMBER, "change": _ANY, "revision": _ANY, "until": _INSTANT, "ended": _FLAG}, {}
    ),
    EntryKind.RUN: _Shape(
        {"run": _NUMBER, "decided": _NUMBER, "root": _DIGEST},
        {
            "as_of": _INSTANT,
            "as_known_at": _INSTANT,
            "left_out": _list_of(_is_left_out, "what was left out", "未评级部分"),
            "shadows": _list_of(_is_beside, "what candidates decided", "候选规则所作决定"),
        },
    ),
    EntryKind.ERASURE: _Shape(
        {}, {"customer": _NUMBER, "erased": _COUNTS, "dropped": _COUNTS, "dropped_beside": _PAIRS}
    ),
    EntryKind.RECORD: _Shape(
        {}, {"as_of": _INSTANT, "fits": _TEXT_BY_NAME, "predicted": _NAMED, "records": _list_of(_is_number, *_NUMBERS)}
    ),
    EntryKind.DISPATCH: _Shape({}, {"sent": _NAMED}),
    EntryKind.ROLE: _Shape({"actor": _TEXT, "roles": _list_of(_is_text, *_TEXTS)}, {}),
    EntryKind.IMPORT: _Shape({}, {"personal": _list_of(_is_text, *_TEXTS)}),
    EntryKind.MODEL_TRAINED: _Shape({"model": _NUMBER, "digest": _ANY}, {}),
    EntryKind.MODEL_PROMOTED: _Shape({"model": _NUMBER, "alias": _TEXT}, {}),
    EntryKind.PERSONAL_DATA_READ: _Shape({}, {"customers": _list_of(_is_number, *_NUMBERS), "found": _NUMBER}),
}

_OVERRIDE: Final[_Members] = {"override": _NUMBER, "customer": _NUMBER}
_STEPS_OF_OVERRIDES: Final[Mapping[str, _Members]] = {
    "ended": {"ended": _TRUE},
    "expired": {"expired": _TRUE},
    "approved": {"approved": _FLAG, "reviewer_for": _or_null(_TEXT), "said": _ANY},
}
_SET_BY_HAND: Final = _Shape(
    _OVERRIDE | {"tier": _ANY, "expires_at": _INSTANT},
    {"on_behalf_of": _or_null(_TEXT), "pending": _list_of(_is_text, *_TEXTS)},
)
_REVOKED: Final = _Shape({"token": _NUMBER, "revoked": _TRUE}, {})
_ISSUED: Final = _Shape(
    {"token": _NUMBER, "actor": _TEXT, "roles": _list_of(_is_text, *_TEXTS), "expires_at": _INSTANT},
    {"replaces": _NUMBER, "replaced_until": _INSTANT},
)
_TASKS_OF_RUN: Final = _Shape(
    {"made": _list_of(_is_made, "reviews", "复核"), "gone": _list_of(_is_number, *_NUMBERS)}, {}
)


def unsaid(position: int, entry: Mapping[str, Any]) -> Text | None:
    """What an entry does not say although one of its kind does; None: nothing.

    Args:
        entry: As its bytes hold it.

    >>> print(unsaid(12, {"kind": "TASK", "body": {"state": "DONE"}}).en)
    Entry 12 does not say what an entry of kind TASK says: `task` is missing.
    """
    kind, body = entry["kind"], entry.get("body")
    if not isinstance(body, dict):
        return _told(position, kind, Text("`body` is not an object", "`body` 不是对象"))
    shape = _shape_of(kind, body)
    for name, want in {**shape.needed, **shape.others}.items():
        if name not in body:
            if name in shape.needed:
                return _told(position, kind, Text(f"`{name}` is missing", f"缺少 `{name}`"))
        elif not want.fits(body[name]):
            problem = Text(f"`{name}` is not {want.told.en}", f"`{name}` 不是{want.told.zh}")
            return _told(position, kind, problem)
    return None


def body_of(position: int, text: str) -> dict[str, Any] | None:
    """The body of an entry that says what one of its kind says; None: it does not, and verifying tells of it.

    Args:
        text: The entry's stored text; None also of one that is no entry at all.
    """
    try:
        entry = orjson.loads(text)
    except ValueError:
        return None
    if not isinstance(entry, dict) or "kind" not in entry or unsaid(position, entry) is not None:
        return None
    body: dict[str, Any] = entry["body"]
    return body


def _shape_of(kind: str, body: Mapping[str, Any]) -> _Shape:
    if kind == EntryKind.OVERRIDE:
        step = next((members for name, members in _STEPS_OF_OVERRIDES.items() if name in body), None)
        return _SET_BY_HAND if step is None else _Shape(_OVERRIDE | step, {})
    if kind == EntryKind.TASK:
        if "made" in body:
            return _TASKS_OF_RUN
        told = "assignee" if "assignee" in body else "state"
        return _Shape({"task": _NUMBER, told: _ANY}, {"customer": _NUMBER})
    if kind == EntryKind.TOKEN:
        return _REVOKED if "revoked" in body else _ISSUED
    return _FIXED.get(kind, _Shape({}, {}))


def _told(position: int, kind: str, problem: Text) -> Text:
    return Text(
        f"Entry {position} does not say what an entry of kind {kind} says: {problem.en}.",
        f"第 {position} 条没有说明 {kind} 类记录应说明的内容：{problem.zh}。",
    )
