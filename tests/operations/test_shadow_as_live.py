"""A shadow decides as the candidate would have, had it been live since: random books, bases and days."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from engine.operations.publishing import publish
from engine.operations.rule_life import Person, Proposal, propose
from engine.operations.shadowing import start_shadow
from engine.store import Chunk, open_database, open_shadow_chunk, read_chunk
from engine.store.emptied import present_rows
from engine.store.standings import RowsOfChunk
from engine.store.tables import ChunkRow, RunRow, ShadowChunkRow
from tests.operations.life import Life
from tests.operations.shop import day, decide_at, model_version, predict_by, rules

STABILITY = "stability: {exit_margin: 5, grace: 28d, min_dwell: 60d, down: one_step, up: immediate}\n"
HELD = "stability: {{exit_margin: {margin}, grace: {grace}d, min_dwell: {dwell}d, down: {down}, up: immediate}}\n"
OF_CONTACTS = ("state.contacts", "state.full", "state.last_contact", "outcome.campaigns")
"""What depends on contacts: beside the live rules those count that were really made, not the candidate's own."""


@st.composite
def candidates(draw: st.DrawFn) -> dict[str, str]:
    """Another book: thresholds, weights, ladder, force rule and how tiers are held."""
    files = rules()
    persons, companies = files["b2c.yaml"], files["b2b.yaml"]
    high, low = draw(st.integers(52, 90)), draw(st.integers(26, 50))
    persons = persons.replace("at_least: 70", f"at_least: {high}").replace("at_least: 50", f"at_least: {low}")
    persons = persons.replace("weight: 50", f"weight: {draw(st.sampled_from((10, 50, 90)))}")
    persons = persons.replace("tickets_90d >= 5", f"tickets_90d >= {draw(st.sampled_from((1, 5)))}")
    held = HELD.format(
        margin=draw(st.sampled_from((0, 5, 15))),
        grace=draw(st.sampled_from((7, 28, 60))),
        dwell=draw(st.sampled_from((0, 30, 90))),
        down=draw(st.sampled_from(("one_step", "immediate"))),
    )
    persons = persons.replace(STABILITY, draw(st.sampled_from(("", held, held))))
    if draw(st.booleans()):
        companies = companies.replace("{key: B,", "{key: M,")
    return {**files, "b2c.yaml": persons, "b2b.yaml": companies}


@settings(max_examples=8, deadline=None)
@given(
    files=candidates(),
    seed=st.integers(0, 2**16),
    gaps=st.lists(st.sampled_from((0.5, 6.0, 20.0, 45.0)), min_size=2, max_size=4),
)
def test_a_shadow_decides_as_the_candidate_would_live_and_leaves_the_live_decisions_alone(
    opened_file: Path, files: dict[str, str], seed: int, gaps: list[float]
) -> None:
    """One past, three futures: the live rules alone, with the candidate beside them, and the candidate live."""
    with tempfile.TemporaryDirectory() as folder:
        past = Path(folder) / "past.db"
        shutil.copyfile(opened_file, past)
        with open_database(f"sqlite:///{past}") as database:
            predict_by(database, model_version(database, "first", -1), -1)
            for at in (0, 15):
                decide_at(database, at)
            propose(database, Proposal(files, "beside"), Person.named("mei"), day(16))
        futures = [Path(folder) / f"{name}.db" for name in ("alone", "beside", "live")]
        for file in futures:
            shutil.copyfile(past, file)
        alone, beside, live = (_lived(file, files, seed, gaps) for file in futures)
        assert _bytes(beside) == _bytes(alone), "the live decisions are byte for byte the same"
        assert _bytes(alone) != {} != _rows(beside, ShadowChunkRow)
        mine, theirs = _rows(beside, ShadowChunkRow), _rows(live, ChunkRow)
        assert mine.keys() == {key for key in theirs if key[1] > day(16)}
        for key, row in mine.items():
            assert row.keys() == theirs[key].keys()
            differing = {name: (told, theirs[key][name]) for name, told in row.items() if theirs[key][name] != told}
            assert not differing, key


def _lived(file: Path, files: dict[str, str], seed: int, gaps: list[float]) -> Path:
    """What happens after day 16, decided again and again; the same for all futures."""
    with open_database(f"sqlite:///{file}") as database:
        if file.stem == "beside":
            start_shadow(database, 2, 366, "mei", day(16.1))
        if file.stem == "live":
            publish(database, files, "mei", "live at once", day(16.1))
        life = Life(database, seed)
        life.now = 17.0
        for gap in gaps:
            life.now += gap
            for act in (life.buy, life.answer, life.complain, life.consent, life.correct):
                act()
            decide_at(database, life.now, None if life.chance.random() < 0.7 else life.chance.sample(life.people, 9))
    return file


def _bytes(file: Path) -> dict[int, bytes]:
    """The bodies of all chunks."""
    with open_database(f"sqlite:///{file}") as database, database.read() as session:
        return {row.id or 0: bytes(row.body) for row in session.execute(select(ChunkRow)).scalars()}


def _rows(file: Path, kind: type[ChunkRow] | type[ShadowChunkRow]) -> dict[tuple[int, datetime], Any]:
    """Every decision by customer and instant: all columns in words of its own chunk, but those of contacts."""
    found: dict[tuple[int, datetime], Any] = {}
    with open_database(f"sqlite:///{file}") as database, database.read() as session:
        runs = {row.id: row.as_of.astimezone(UTC) for row in session.execute(select(RunRow)).scalars()}
        for row in session.execute(select(kind)).scalars():
            assert row.id is not None
            chunk = open_shadow_chunk(session, row.id) if kind is ShadowChunkRow else read_chunk(session, row.id)
            for customer, told in _told(chunk).items():
                assert (customer, runs[row.run_id]) not in found
                found[customer, runs[row.run_id]] = told
    return found


def _told(chunk: Chunk) -> dict[int, Any]:
    """What a chunk says of each customer; the tier before in words alone, for each chunk has codes of its own."""
    rows = RowsOfChunk(chunk, present_rows(chunk))
    names = [name for name in chunk if not name.startswith(("customer", "erased.", "told.previous", *OF_CONTACTS))]
    columns = {name: np.asarray(rows[name]) for name in names}
    texts = {name: rows.told(name).listed() for name in ("previous", "computed", "effective", "stage", "forced")}
    header = {name: chunk.header[name] for name in ("market", "revision", "engine")}
    return {
        customer: {
            **header,
            **{name: column[place].tolist() for name, column in columns.items()},
            **{f"in words: {name}": listed[place] for name, listed in texts.items()},
        }
        for place, customer in enumerate(rows["customer"].tolist())
    }


def test_the_texts_that_candidates_replace_are_there() -> None:
    """Else every candidate would be the live book."""
    files = rules()
    for wanted in ("at_least: 70", "at_least: 50", "weight: 50", "tickets_90d >= 5", STABILITY):
        assert wanted in files["b2c.yaml"]
    assert "{key: B," in files["b2b.yaml"]
