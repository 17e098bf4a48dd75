"""The tables; private to the store."""

from engine.store.tables.access import ActorRow, ApiTokenRow, PersonalFieldRow, RoleGrantRow
from engine.store.tables.columns import Instant, from_microseconds, to_microseconds
from engine.store.tables.customers import CustomerFieldRow, CustomerRow, IdentityRow
from engine.store.tables.decisions import ChunkRow, OverrideRow, RunRow, StandingRow
from engine.store.tables.models import ModelAliasRow, ModelVersionRow, PredictionRow, ValueEstimateRow
from engine.store.tables.records import ImportRow, IssueRow, RecordRow, WatermarkRow
from engine.store.tables.rules import ReviewRow, RevisionRow, RuleChangeRow
from engine.store.tables.work import CheckpointRow, DispatchRow, IdempotencyRow, LedgerRow, TaskRow

__all__ = [
    "ActorRow",
    "ApiTokenRow",
    "CheckpointRow",
    "ChunkRow",
    "CustomerFieldRow",
    "CustomerRow",
    "DispatchRow",
    "IdempotencyRow",
    "IdentityRow",
    "ImportRow",
    "Instant",
    "IssueRow",
    "LedgerRow",
    "ModelAliasRow",
    "ModelVersionRow",
    "OverrideRow",
    "PersonalFieldRow",
    "PredictionRow",
    "RecordRow",
    "ReviewRow",
    "RevisionRow",
    "RoleGrantRow",
    "RuleChangeRow",
    "RunRow",
    "StandingRow",
    "TaskRow",
    "ValueEstimateRow",
    "WatermarkRow",
    "from_microseconds",
    "to_microseconds",
]
