"""Frames: what is stored, as arrays over the customers asked for; one customer is a frame of one row."""

from engine.store.frames.customers import CustomersFrame, StoredColumn, read_customers, read_fields, read_watermarks
from engine.store.frames.estimates import EstimatesFrame, PredictionsFrame, read_estimates, read_predictions
from engine.store.frames.fetching import NO_INSTANT
from engine.store.frames.records import read_records
from engine.store.frames.standings import (
    ContactsFrame,
    DecisionsFrame,
    OverridesFrame,
    StandingsFrame,
    read_consents,
    read_contacts,
    read_decisions_before,
    read_overrides,
    read_standings,
)

__all__ = [
    "NO_INSTANT",
    "ContactsFrame",
    "CustomersFrame",
    "DecisionsFrame",
    "EstimatesFrame",
    "OverridesFrame",
    "PredictionsFrame",
    "StandingsFrame",
    "StoredColumn",
    "read_consents",
    "read_contacts",
    "read_customers",
    "read_decisions_before",
    "read_estimates",
    "read_fields",
    "read_overrides",
    "read_predictions",
    "read_records",
    "read_standings",
    "read_watermarks",
]
