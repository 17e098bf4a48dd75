"""A rule change may be scheduled; a trigger keeps it from going live before its time."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_EARLY = "NEW.state = 'LIVE' AND OLD.state = 'SCHEDULED' AND (NEW.activate_at IS NULL OR NEW.live_from < NEW.activate_at)"
_TOLD = "a scheduled change goes not live before its time"


def upgrade() -> None:
    """Add the columns and the guard."""
    for column in (
        sa.Column("activate_at", sa.BigInteger(), nullable=True),
        sa.Column("activate_zone", sa.String(), nullable=True),
        sa.Column("scheduled_by", sa.String(), nullable=True),
        sa.Column("schedule_reason", sa.String(), nullable=True),
        sa.Column("attention_en", sa.String(), nullable=True),
        sa.Column("attention_zh", sa.String(), nullable=True),
    ):
        op.add_column("rule_change", column)
    for guard in _guards():
        op.execute(sa.text(guard))


def _guards() -> list[str]:
    if op.get_bind().dialect.name == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{_TOLD}'); END"
        return [f"CREATE TRIGGER rule_change_early BEFORE UPDATE ON rule_change WHEN {_EARLY} {refuse}"]
    body = f"BEGIN IF {_EARLY} THEN RAISE EXCEPTION '{_TOLD}'; END IF; RETURN NEW; END"
    return [
        f"CREATE FUNCTION rule_change_in_time() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        "CREATE TRIGGER rule_change_early BEFORE UPDATE ON rule_change FOR EACH ROW "
        "EXECUTE FUNCTION rule_change_in_time()",
    ]
