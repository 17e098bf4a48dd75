"""Files of others become rows that fit, and rows that do not with the reason: reading, mapping, checking."""

from engine.intake.batches import Batch, Quarantined, shortened
from engine.intake.columns import Reading, Typed, read_column
from engine.intake.currencies import CURRENCIES
from engine.intake.files import read_file
from engine.intake.mapping import CUSTOMERS, Mapping, read_mapping
from engine.intake.markets import check_market_rule, markets_of
from engine.intake.reasons import REASONS
from engine.intake.rows import CheckedRows, check_rows, word_message
from engine.intake.shapes import ColumnSpec
from engine.intake.single import UnfitValueError, read_value
from engine.intake.taken import FIELD, IDENTITY, taken_rows

__all__ = [
    "CURRENCIES",
    "CUSTOMERS",
    "FIELD",
    "IDENTITY",
    "REASONS",
    "Batch",
    "CheckedRows",
    "ColumnSpec",
    "Mapping",
    "Quarantined",
    "Reading",
    "Typed",
    "UnfitValueError",
    "check_market_rule",
    "check_rows",
    "markets_of",
    "read_column",
    "read_file",
    "read_mapping",
    "read_value",
    "shortened",
    "taken_rows",
    "word_message",
]
