"""The store: tables, transactions, bulk rows, frames, chunks and the ledger.

Anybody may read; only operations write.
"""

from engine.store.bulk import insert_rows, update_rows, upsert_rows
from engine.store.chunks import CHUNK_ROWS, chunk_hash, decode_chunk, encode_chunk, read_chunk
from engine.store.database import Database, open_database
from engine.store.frames import (
    NO_INSTANT,
    ContactsFrame,
    CustomersFrame,
    DecisionsFrame,
    EstimatesFrame,
    OverridesFrame,
    PredictionsFrame,
    StandingsFrame,
    StoredColumn,
    read_consents,
    read_contacts,
    read_customers,
    read_decisions_before,
    read_estimates,
    read_fields,
    read_overrides,
    read_predictions,
    read_records,
    read_standings,
    read_watermarks,
)
from engine.store.ledger import append_entry, instant_text, read_entries, verify_ledger
from engine.store.upgrade import DatabaseReport, check_database, upgrade_database
from engine.store.versions import SCHEMA_VERSION

__all__ = [
    "CHUNK_ROWS",
    "NO_INSTANT",
    "SCHEMA_VERSION",
    "ContactsFrame",
    "CustomersFrame",
    "Database",
    "DatabaseReport",
    "DecisionsFrame",
    "EstimatesFrame",
    "OverridesFrame",
    "PredictionsFrame",
    "StandingsFrame",
    "StoredColumn",
    "append_entry",
    "check_database",
    "chunk_hash",
    "decode_chunk",
    "encode_chunk",
    "insert_rows",
    "instant_text",
    "open_database",
    "read_chunk",
    "read_consents",
    "read_contacts",
    "read_customers",
    "read_decisions_before",
    "read_entries",
    "read_estimates",
    "read_fields",
    "read_overrides",
    "read_predictions",
    "read_records",
    "read_standings",
    "read_watermarks",
    "update_rows",
    "upgrade_database",
    "upsert_rows",
    "verify_ledger",
]
