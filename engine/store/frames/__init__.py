"""Frames: what is stored, as arrays over the customers asked for; one customer is a frame of one row."""

from engine.store.frames.aftermath import (
    ContactsFrame,
    OverridesFrame,
    read_consents,
    read_contacts,
    read_overrides,
)
from engine.store.frames.customers import (
    CustomersFrame,
    StoredColumn,
    read_customer_ids,
    read_customers,
    read_fields,
    read_watermarks,
)
from engine.store.frames.estimates import EstimatesFrame, PredictionsFrame, read_estimates, read_predictions
from engine.store.frames.fetching import NO_INSTANT
from engine.store.frames.records import read_records

__all__ = [
    "NO_INSTANT",
    "ContactsFrame",
    "CustomersFrame",
    "EstimatesFrame",
    "OverridesFrame",
    "PredictionsFrame",
    "StoredColumn",
    "read_consents",
    "read_contacts",
    "read_customer_ids",
    "read_customers",
    "read_estimates",
    "read_fields",
    "read_overrides",
    "read_predictions",
    "read_records",
    "read_watermarks",
]
