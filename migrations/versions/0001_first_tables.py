"""Every table of the first version, and the guards of the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_SQLITE_GUARDS = (
    "CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry "
    "BEGIN SELECT RAISE(ABORT, 'ledger entries are never changed'); END",
    "CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry "
    "BEGIN SELECT RAISE(ABORT, 'ledger entries are never deleted'); END",
    "CREATE TRIGGER ledger_entry_no_replace BEFORE INSERT ON ledger_entry "
    "WHEN EXISTS (SELECT 1 FROM ledger_entry WHERE position = NEW.position) "
    "BEGIN SELECT RAISE(ABORT, 'ledger entries are never replaced'); END",
)

_POSTGRES_GUARDS = (
    "CREATE FUNCTION ledger_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'ledger entries are never changed or deleted'; END $$",
    "CREATE TRIGGER ledger_entry_no_change BEFORE UPDATE OR DELETE ON ledger_entry "
    "FOR EACH ROW EXECUTE FUNCTION ledger_entry_refuse()",
    "CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_entry "
    "FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_refuse()",
)


def upgrade() -> None:
    op.create_table(
        "chunk",
        sa.Column("id", KEY, nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("market", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunk")),
    )
    op.create_index("ix_chunk_run", "chunk", ["run_id", "market", "ordinal"], unique=True)
    op.create_table(
        "customer",
        sa.Column("id", KEY, nullable=False),
        sa.Column("market", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("parent_ref", sa.String(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("ref", name=op.f("uq_customer_ref")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_market", "customer", ["market", "id"], unique=False)
    op.create_index("ix_customer_owner", "customer", ["owner", "id"], unique=False)
    op.create_index("ix_customer_updated", "customer", ["updated_at", "id"], unique=False)
    op.create_table(
        "customer_field",
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_field")),
    )
    op.create_index("ix_customer_field", "customer_field", ["customer_id", "name"], unique=False)
    op.create_index("ix_customer_field_name", "customer_field", ["name"], unique=False)
    op.create_table(
        "data_quality_issue",
        sa.Column("id", KEY, nullable=False),
        sa.Column("import_id", KEY, nullable=True),
        sa.Column("check_name", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("message_en", sa.String(), nullable=False),
        sa.Column("message_zh", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=True),
        sa.Column("row", sa.Integer(), nullable=True),
        sa.Column("field", sa.String(), nullable=True),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("quarantined", sa.Boolean(), nullable=False),
        sa.Column("customer_id", KEY, nullable=True),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_quality_issue")),
    )
    op.create_index("ix_issue_check", "data_quality_issue", ["source", "check_name"], unique=False)
    op.create_index("ix_issue_found", "data_quality_issue", ["found_at", "id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("chunk_id", KEY, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("market", sa.String(), nullable=False),
        sa.Column("computed", sa.String(), nullable=True),
        sa.Column("effective", sa.String(), nullable=True),
        sa.Column("previous", sa.String(), nullable=True),
        sa.Column("effective_since", sa.Integer(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("risk", sa.String(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decision_customer", "decision", ["customer_id", "as_of"], unique=True)
    op.create_index("ix_decision_run", "decision", ["run_id"], unique=False)
    op.create_table(
        "dispatch",
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("decision_id", KEY, nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("marketing", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("suppressed_by", sa.String(), nullable=True),
        sa.Column("as_of_day", sa.Integer(), nullable=False),
        sa.Column("unit_cost", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch")),
    )
    op.create_index("ix_dispatch_customer", "dispatch", ["customer_id", "created_at"], unique=False)
    op.create_index("ix_dispatch_state", "dispatch", ["state", "not_before"], unique=False)
    op.create_index("ux_dispatch_decision", "dispatch", ["decision_id", "campaign"], unique=True)
    op.create_table(
        "idempotency",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("input_hash", sa.String(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "identity",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_identity")),
    )
    op.create_index("ix_identity_customer", "identity", ["customer_id"], unique=False)
    op.create_table(
        "import_batch",
        sa.Column("id", KEY, nullable=False),
        sa.Column("mapping", sa.String(), nullable=False),
        sa.Column("files", sa.String(), nullable=False),
        sa.Column("file_hashes", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("linked", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("position", KEY, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_ledger_entry")),
    )
    op.create_index("ix_ledger_kind", "ledger_entry", ["kind", "position"], unique=False)
    op.create_index("ix_ledger_subject", "ledger_entry", ["subject"], unique=False)
    op.create_table(
        "model_alias",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("model_version_id", KEY, nullable=False),
        sa.PrimaryKeyConstraint("name", "alias", name=op.f("pk_model_alias")),
    )
    op.create_table(
        "model_version",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_version")),
        sa.UniqueConstraint("digest", name=op.f("uq_model_version_digest")),
    )
    op.create_table(
        "prediction",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("probability", sa.BigInteger(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("model_version_id", KEY, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prediction")),
    )
    op.create_index("ix_prediction", "prediction", ["name", "customer_id", "as_of"], unique=False)
    op.create_table(
        "record",
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("corrects_id", KEY, nullable=True),
        sa.Column("import_id", KEY, nullable=True),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at_assumed", sa.Boolean(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("net", sa.BigInteger(), nullable=True),
        sa.Column("gross", sa.BigInteger(), nullable=True),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("days", sa.BigInteger(), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column("share", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("starts_on", sa.BigInteger(), nullable=True),
        sa.Column("ends_on", sa.BigInteger(), nullable=True),
        sa.Column("due_on", sa.BigInteger(), nullable=True),
        sa.Column("done_on", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_record_customer", "record", ["customer_id", "kind", "occurred_at"], unique=False)
    op.create_index("ix_record_key", "record", ["source", "kind", "key", "version"], unique=True)
    op.create_index("ix_record_kind", "record", ["kind", "customer_id"], unique=False)
    op.create_table(
        "revision",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_revision")),
    )
    op.create_table(
        "rule_change",
        sa.Column("id", KEY, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("base_revision", sa.String(), nullable=True),
        sa.Column("bootstrap", sa.Boolean(), nullable=False),
        sa.Column("restores_id", KEY, nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("live_from", sa.BigInteger(), nullable=True),
        sa.Column("live_until", sa.BigInteger(), nullable=True),
        sa.Column("published_by", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_change")),
    )
    op.create_index("ix_rule_change_live_from", "rule_change", ["live_from"], unique=False)
    op.create_index(
        "ux_rule_change_live",
        "rule_change",
        ["state"],
        unique=True,
        sqlite_where=sa.text("state = 'LIVE'"),
        postgresql_where=sa.text("state = 'LIVE'"),
    )
    op.create_table(
        "run",
        sa.Column("id", KEY, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("as_known_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("model_digest", sa.String(), nullable=True),
        sa.Column("engine_version", sa.String(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("decided", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("root", sa.String(), nullable=True),
        sa.Column("problem_en", sa.String(), nullable=True),
        sa.Column("problem_zh", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_table(
        "standing",
        sa.Column("customer_id", KEY, autoincrement=False, nullable=False),
        sa.Column("decision_id", KEY, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("market", sa.String(), nullable=False),
        sa.Column("computed", sa.String(), nullable=True),
        sa.Column("since", sa.Integer(), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("pending", sa.Text(), nullable=True),
        sa.Column("forced", sa.String(), nullable=True),
        sa.Column("effective", sa.String(), nullable=True),
        sa.Column("effective_since", sa.Integer(), nullable=True),
        sa.Column("previous", sa.String(), nullable=True),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("risk", sa.String(), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column("clv", sa.BigInteger(), nullable=True),
        sa.Column("churn", sa.BigInteger(), nullable=True),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_standing")),
    )
    op.create_index("ix_standing_score", "standing", ["score", "customer_id"], unique=False)
    op.create_index("ix_standing_stage", "standing", ["stage"], unique=False)
    op.create_index("ix_standing_tier", "standing", ["market", "effective", "risk"], unique=False)
    op.create_table(
        "task",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("title_zh", sa.String(), nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("decision_id", KEY, nullable=False),
        sa.Column("dispatch_id", KEY, nullable=True),
        sa.Column("assignee", sa.String(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("completed_by", sa.String(), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    op.create_index("ix_task_assignee", "task", ["assignee", "state"], unique=False)
    op.create_index("ix_task_due", "task", ["state", "due_at", "id"], unique=False)
    op.create_table(
        "tier_override",
        sa.Column("id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_override")),
    )
    op.create_index("ix_override_customer", "tier_override", ["customer_id"], unique=False)
    op.create_table(
        "value_estimate",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=True),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("low", sa.BigInteger(), nullable=True),
        sa.Column("high", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_value_estimate")),
    )
    op.create_index("ix_value_estimate", "value_estimate", ["name", "customer_id", "as_of"], unique=False)
    op.create_table(
        "watermark",
        sa.Column("id", KEY, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("complete_until", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watermark")),
    )
    op.create_index("ix_watermark_source", "watermark", ["source", "recorded_at"], unique=False)
    for guard in _SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else _POSTGRES_GUARDS:
        op.execute(guard)
