"""Recording customers and records one by one, by the words of the GraphQL side.

Every operation refuses with all problems at once (`UserProblemsError`) and writes nothing then.
"""

from engine.operations.recording.customers import record_customer
from engine.operations.recording.given import CustomerGiven, FieldGiven, OrderGiven, RecordGiven, RecordsRecorded
from engine.operations.recording.records import record_order, record_records

__all__ = [
    "CustomerGiven",
    "FieldGiven",
    "OrderGiven",
    "RecordGiven",
    "RecordsRecorded",
    "record_customer",
    "record_order",
    "record_records",
]
