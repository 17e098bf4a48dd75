"""Promise 5: a preview is what publishing and deciding then does, customer by customer, to the digest.

One kind of edit after the other is tried in `tests/operations/test_previewing.py`, real data in
`tests/realdata/test_preview.py`; here several edits at once, in the middle of a life by chance.
"""

from __future__ import annotations

from random import Random

import pytest

from engine.errors import RuleBookError
from engine.operations.previewing import preview
from engine.operations.publishing import publish
from engine.rulebook import load_book
from engine.store import Database
from tests.operations.checks import preview_digests
from tests.operations.life import Life
from tests.operations.shop import contents, day, decide_at, decisions, rules, standings
from tests.operations.test_previewing import EDITS

MANY = [pytest.param(seed, marks=pytest.mark.nightly) for seed in range(3, 40)]


def several_edits(chance: Random) -> dict[str, str]:
    """The files of a book with up to four edits that go together."""
    files = rules()
    for name in chance.sample(list(EDITS), 4):
        edited = dict(files)
        for file, (before, after) in EDITS[name].items():
            edited[f"{file}.yaml"] = edited[f"{file}.yaml"].replace(before, after)
        try:
            load_book(edited)
        except RuleBookError:
            continue
        files = edited
    assert files != rules()
    return files


@pytest.mark.parametrize("seed", [0, 1, 2, *MANY])
def test_a_preview_in_the_middle_of_a_life_is_what_publishing_and_deciding_then_does(
    crowded: Database, seed: int
) -> None:
    life = Life(crowded, 100 + seed)
    decide_at(crowded, 0)
    for _ in range(8):
        life.happen()
    life.now += life.chance.choice((0.5, 9.0, 45.0))
    files, at = several_edits(life.chance), life.now
    written, before = contents(crowded), standings(crowded)
    with crowded.read() as session:
        done = preview(session, load_book(files), day(at), day(at))
    assert contents(crowded) == written, "a preview writes nothing"
    publish(crowded, files, "crm-ops", "as previewed", day(at))
    report = decide_at(crowded, at)
    stored = {key: value for key, value in decisions(crowded).items() if key[1] == day(at)}
    assert preview_digests(done) == stored
    assert len(stored) == report.decided == done.comparison.customers >= len(before)
    after = {ref: row.effective for ref, row in standings(crowded).items()}
    told = {
        ref: pair.key(int(code))
        for pair in done.comparison.pairs
        for ref, code in zip(pair.refs, pair.after, strict=True)
    }
    assert told == after
