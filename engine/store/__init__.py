"""The store: tables, transactions, bulk rows, frames, chunks and the ledger.

Anybody may read; only operations write.
"""

from engine.store.bulk import insert_rows, update_rows, upsert_rows
from engine.store.database import Database, open_database
from engine.store.ledger import append_entry, instant_text, read_entries, verify_ledger
from engine.store.upgrade import DatabaseReport, check_database, upgrade_database

__all__ = [
    "Database",
    "DatabaseReport",
    "append_entry",
    "check_database",
    "insert_rows",
    "instant_text",
    "open_database",
    "read_entries",
    "update_rows",
    "upgrade_database",
    "upsert_rows",
    "verify_ledger",
]
