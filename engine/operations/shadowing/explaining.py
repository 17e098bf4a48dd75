"""Why a candidate beside the live book decided as it did."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import REPLAYED_VERSIONS, __version__
from engine.decisions import explain_row, from_kept
from engine.decisions.record import Explained
from engine.errors import OtherEngineError
from engine.operations.inputs import moment_of
from engine.operations.publishing import book_of
from engine.store import RowsOfChunk, open_shadow_chunk
from engine.store.rows import table_of
from engine.store.tables import RunRow, ShadowChunkRow
from engine.vocabulary import Market

_run, _beside = table_of(RunRow).c, table_of(ShadowChunkRow).c


def candidate_explained(session: Session, chunk_id: int, row: int) -> Explained:
    """What a candidate decided in a row of a shadow's chunk, explained.

    Raises:
        OtherEngineError: It was made by an engine version that this one does not replay.
        RevisionUnreadableError: It was made by rules that this version cannot read any more.
        DamagedError: The chunk does not fit its hash, or is gone.
    """
    chunk = open_shadow_chunk(session, chunk_id)
    if chunk.header["engine"] not in REPLAYED_VERSIONS:
        raise OtherEngineError(chunk.header["engine"], __version__)
    query = select(_run.as_of).join(ShadowChunkRow, _beside.run_id == _run.id).where(_beside.id == chunk_id)
    book = book_of(session, chunk.header["revision"])
    given = from_kept(chunk.header, RowsOfChunk(chunk, np.array([row])))
    moment = moment_of(book, session.execute(query).scalar_one())
    return explain_row(book, Market(chunk.header["market"]), *given, row=0, moment=moment)
