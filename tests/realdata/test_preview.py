"""On Online Retail II a preview is what publishing and deciding then does, customer by customer."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.operations.deciding import decide
from engine.operations.previewing import attribute, preview
from engine.operations.rule_folder import read_rule_folder
from engine.rulebook import load_book
from engine.store import open_database
from tests.operations.approved import publish_approved
from tests.operations.checks import preview_digests
from tests.operations.shop import decisions
from tests.realdata.conftest import ROOT, Ran

pytestmark = pytest.mark.xdist_group("realdata")

WHEN = datetime(2010, 9, 8, tzinfo=UTC)
EDITS = (
    ("b2c.yaml", "at_least: 75", "at_least: 68"),
    ("b2b.yaml", "at_least: 55", "at_least: 62"),
    ("metrics.yaml", "within: 180d", "within: 120d"),
)


def test_a_preview_is_what_publishing_and_deciding_then_does(retail: Ran, tmp_path: Path) -> None:
    file = tmp_path / "retail.db"
    shutil.copyfile(retail.url.removeprefix("sqlite:///"), file)
    files = {path: body.decode() for path, body in read_rule_folder(ROOT / "docs/examples/online-retail").items()}
    live = load_book(files)
    for name, before, after in EDITS:
        assert before in files[name]
        files[name] = files[name].replace(before, after)
    now = datetime.now(UTC)
    with open_database(f"sqlite:///{file}") as database:
        with database.read() as session:
            same = preview(session, live, WHEN, now).comparison
            done = preview(session, load_book(files), WHEN, now)
            causes = attribute(session, done)
        publish_approved(database, files, "as previewed", now)
        report = decide(database, None, WHEN, "schedule", now)
        stored = {key: value for key, value in decisions(database).items() if key[1] == WHEN}
    assert (same.moved, len(same.movers)) == (0, 0)
    assert all(one.gained == one.lost == 0 for one in same.campaigns)
    assert preview_digests(done) == stored
    assert len(stored) == report.decided == done.comparison.customers > 4_000
    assert done.comparison.moved > 50
    assert sum(one.moved for one in causes.impacts) + causes.interaction == done.comparison.moved
