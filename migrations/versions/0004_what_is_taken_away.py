"""What is taken away on purpose: chunks say since when their body is dropped, numbers of deleted rows are not reused.

Ledger entries name dispatches, tasks and overrides by number. Erasing a person deletes them, and a later one must not
take such a number over; PostgreSQL never reuses one, SQLite only with AUTOINCREMENT.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NUMBERED = ("dispatch", "task", "tier_override", "data_quality_issue")


def upgrade() -> None:
    """Add the column; make the numbered tables again on SQLite."""
    op.add_column("chunk", sa.Column("dropped_at", sa.BigInteger(), nullable=True))
    if op.get_bind().dialect.name != "sqlite":
        return
    for name in _NUMBERED:
        with op.batch_alter_table(name, recreate="always", table_kwargs={"sqlite_autoincrement": True}):
            pass
