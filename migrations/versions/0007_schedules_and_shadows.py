"""A rule change may be scheduled (triggers keep it from going live early), and decide beside the live one."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOVED = "coalesce(NEW.activate_at, -1) <> coalesce(OLD.activate_at, -1)"
_OFF = "'DRAFT', 'VALIDATED', 'PREVIEWED', 'IN_REVIEW', 'APPROVED', 'WITHDRAWN'"
_GUARDS = (
    # its time is that which is stored, not what comes along with the state; no time to be live from is none
    ("early", "OLD.state = 'SCHEDULED' AND NEW.state = 'LIVE' AND "
     "(OLD.activate_at IS NULL OR coalesce(NEW.live_from, 0) < OLD.activate_at)",
     "a scheduled change goes not live before its time"),
    # it is taken off its schedule (by unscheduling, an edit, withdrawing), and put on another one, in steps
    ("kept_time", f"OLD.state = 'SCHEDULED' AND NEW.state NOT IN ({_OFF}) AND {_MOVED}",
     "a scheduled change keeps its time until it is off its schedule"),
    ("stopped",
     "OLD.state = 'NEEDS_ATTENTION' AND NEW.state NOT IN ('NEEDS_ATTENTION', 'WITHDRAWN') AND NEW.round = OLD.round",
     "a change that stopped is proposed again or withdrawn"),
)


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
    _make_shadows()


def _make_shadows() -> None:
    op.create_table(
        "shadow",
        sa.Column("id", KEY, nullable=False),
        sa.Column("change_id", KEY, nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow")),
    )
    op.create_index("ix_shadow_change", "shadow", ["change_id"])
    op.create_table(
        "shadow_chunk",
        sa.Column("id", KEY, nullable=False),
        sa.Column("shadow_id", KEY, nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("market", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("first_customer", KEY, nullable=False),
        sa.Column("last_customer", KEY, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_chunk")),
        sqlite_autoincrement=True,
    )
    names = ["run_id", "shadow_id", "market", "ordinal"]
    op.create_index("ix_shadow_chunk_run", "shadow_chunk", names, unique=True)
    op.create_index("ix_shadow_chunk_shadow", "shadow_chunk", ["shadow_id"])


def _guards() -> list[str]:
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"CREATE TRIGGER rule_change_{name} BEFORE UPDATE ON rule_change WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{told}'); END"
            for name, condition, told in _GUARDS
        ]
    lines = "".join(f"IF {condition} THEN RAISE EXCEPTION '{told}'; END IF; " for _, condition, told in _GUARDS)
    return [
        f"CREATE FUNCTION rule_change_in_time() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {lines}RETURN NEW; END $$",
        "CREATE TRIGGER rule_change_early BEFORE UPDATE ON rule_change FOR EACH ROW "
        "EXECUTE FUNCTION rule_change_in_time()",
    ]
