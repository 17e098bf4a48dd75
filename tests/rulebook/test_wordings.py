"""Every sentence of the loader can be said, in both languages, with the same blanks."""

from __future__ import annotations

from string import Formatter

import pytest

from engine.rulebook.wording import WORDINGS


def blanks(form: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(form) if name is not None}


@pytest.mark.parametrize("name", sorted(WORDINGS))
def test_both_languages_say_the_same(name: str) -> None:
    wording = WORDINGS[name]
    assert wording.code.startswith("RULE_")
    assert blanks(wording.en) >= blanks(wording.zh)
    assert any("\u4e00" <= character <= "\u9fff" for character in wording.zh)
    assert bool(wording.hint_en) == bool(wording.hint_zh)
    filled = dict.fromkeys(blanks(wording.en) | blanks(wording.hint_en), "…")
    for form in (wording.en, wording.zh, wording.hint_en, wording.hint_zh):
        assert "{}" not in form.format(**filled)
