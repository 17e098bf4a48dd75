"""Stored revisions become rule books again: as they were published, or not at all."""

from __future__ import annotations

from functools import lru_cache

import orjson

from engine.errors import DamagedError, RevisionUnreadableError, RuleBookError
from engine.rulebook import Book, load_published, revision_of
from engine.vocabulary import Text


@lru_cache(maxsize=32)
def linked(revision: str, files: str) -> Book:
    """The rule book of a stored revision; loading is pure in the files, so it is done once per process.

    The text is compared with its hash first: decisions name the revision, and nobody may put other rules behind it.

    Args:
        files: As they are stored: a JSON list of pairs of path and text.

    Raises:
        DamagedError: The text is not the one the revision is the hash of.
        RevisionUnreadableError: This version cannot link it any more.
    """
    try:
        texts = {str(path): str(text) for path, text in orjson.loads(files)}
    except (TypeError, ValueError) as error:
        raise _damaged(revision) from error
    if revision_of({path: text.encode() for path, text in texts.items()}) != revision:
        raise _damaged(revision)
    try:
        return load_published(texts)
    except RuleBookError as error:
        raise RevisionUnreadableError(revision, error.problems) from error


def _damaged(revision: str) -> DamagedError:
    return DamagedError(
        Text(
            f"The stored text of rule revision {revision} does not fit its hash.",
            f"规则版本 {revision} 的存储内容与其哈希不符。",
        ),
        Text(
            "Run `touchstone audit verify` and restore a backup from before.",
            "请运行 `touchstone audit verify`，并恢复之前的备份。",
        ),
    )
