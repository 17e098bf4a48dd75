"""The store: tables, transactions, bulk rows, frames, chunks and the ledger.

Anybody may read; only operations write.
"""

from engine.store.bulk import insert_rows, update_rows, upsert_rows
from engine.store.chunks import (
    CHUNK_ROWS,
    NOBODY,
    Chunk,
    chunk_hash,
    chunk_name,
    decision_number,
    decision_numbers,
    encode_chunk,
    numbers_of_chunk,
    open_chunk,
    place_of_decision,
    read_chunk,
)
from engine.store.database import Database, open_database
from engine.store.emptied import (
    dropped_body,
    is_dropped,
    kept_roots,
    leaves_of_chunk,
    present_rows,
    without_rows,
)
from engine.store.frames import (
    NO_INSTANT,
    ContactsFrame,
    CustomersFrame,
    EstimatesFrame,
    OverridesFrame,
    PredictionsFrame,
    StoredColumn,
    read_consents,
    read_contacts,
    read_customers,
    read_estimates,
    read_fields,
    read_overrides,
    read_predictions,
    read_records,
    read_watermarks,
)
from engine.store.gone import gone_decision, require_kept
from engine.store.ledger import append_entry, instant_text, ledger_links, read_entries, verify_ledger
from engine.store.located import EVER, Located, Window, chunks_of_latest, forget_unpacked, locate_all, locate_latest
from engine.store.packing import pack_numbers, unpack_numbers
from engine.store.standings import RowsOfChunk, StandingsFrame, read_standings
from engine.store.upgrade import DatabaseReport, check_database, upgrade_database
from engine.store.versions import SCHEMA_VERSION

__all__ = [
    "CHUNK_ROWS",
    "EVER",
    "NOBODY",
    "NO_INSTANT",
    "SCHEMA_VERSION",
    "Chunk",
    "ContactsFrame",
    "CustomersFrame",
    "Database",
    "DatabaseReport",
    "EstimatesFrame",
    "Located",
    "OverridesFrame",
    "PredictionsFrame",
    "RowsOfChunk",
    "StandingsFrame",
    "StoredColumn",
    "Window",
    "append_entry",
    "check_database",
    "chunk_hash",
    "chunk_name",
    "chunks_of_latest",
    "decision_number",
    "decision_numbers",
    "dropped_body",
    "encode_chunk",
    "forget_unpacked",
    "gone_decision",
    "insert_rows",
    "instant_text",
    "is_dropped",
    "kept_roots",
    "leaves_of_chunk",
    "ledger_links",
    "locate_all",
    "locate_latest",
    "numbers_of_chunk",
    "open_chunk",
    "open_database",
    "pack_numbers",
    "place_of_decision",
    "present_rows",
    "read_chunk",
    "read_consents",
    "read_contacts",
    "read_customers",
    "read_entries",
    "read_estimates",
    "read_fields",
    "read_overrides",
    "read_predictions",
    "read_records",
    "read_standings",
    "read_watermarks",
    "require_kept",
    "unpack_numbers",
    "update_rows",
    "upgrade_database",
    "upsert_rows",
    "verify_ledger",
    "without_rows",
]
