"""Second approvers of tiers set by hand, guarded by triggers, and the queue of decisions that a person looks at.

The triggers say once more, below the program, what it says itself: nobody approves a tier they set by hand, nothing
begins approved, and what was decided of it once stays. Nor is a row put in again in another's place: it is deleted
only once the ledger tells that its customer is erased.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BARE = "lower(replace(coalesce({}, ''), ' ', ''))"
_BEGINS = (
    "NEW.approved IS NOT NULL OR NEW.approved_at IS NOT NULL OR NEW.approver_key IS NOT NULL "
    "OR (NEW.needs_approval AND NEW.author_key IN ('', '-'))",
    "no tier set by hand begins approved",
)
_OWN = (
    "NEW.approved IS NOT NULL AND (coalesce(NEW.approver_key, '') = '' "
    "OR NEW.approver_key IN (OLD.author_key, OLD.on_behalf_key) "
    "OR (coalesce(NEW.approver_for_key, '') <> '' "
    "AND NEW.approver_for_key IN (OLD.author_key, OLD.on_behalf_key)) "
    f"OR {_BARE.format('NEW.approver')} IN ({_BARE.format('OLD.actor')}, {_BARE.format('OLD.on_behalf_of')}) "
    f"OR (coalesce(NEW.approver_for, '') <> '' "
    f"AND {_BARE.format('NEW.approver_for')} IN ({_BARE.format('OLD.actor')}, {_BARE.format('OLD.on_behalf_of')})) "
    "OR NOT OLD.needs_approval)",
    "nobody approves a tier they set by hand",
)
_ONCE = (
    "OLD.approved IS NOT NULL AND (NEW.approved {differs} OLD.approved OR NEW.approver_key {differs} OLD.approver_key "
    "OR NEW.approver {differs} OLD.approver OR NEW.approver_for {differs} OLD.approver_for "
    "OR NEW.approver_for_key {differs} OLD.approver_for_key OR NEW.approved_at {differs} OLD.approved_at)",
    "an approval of a tier set by hand stays",
)
_STAYS = (
    "NEW.id <> OLD.id OR NEW.customer_id <> OLD.customer_id OR NEW.tier <> OLD.tier "
    "OR NEW.expires_at <> OLD.expires_at OR (NEW.from_at <> OLD.from_at AND NOT (OLD.approved IS NULL "
    "AND coalesce(NEW.approved, FALSE) AND NEW.from_at = coalesce(NEW.approved_at, OLD.from_at))) "
    "OR NEW.actor <> OLD.actor OR NEW.author_key <> OLD.author_key OR NEW.on_behalf_key <> OLD.on_behalf_key "
    "OR NEW.on_behalf_of {differs} OLD.on_behalf_of OR NEW.needs_approval <> OLD.needs_approval "
    "OR (OLD.ended_at IS NOT NULL AND NEW.ended_at {differs} OLD.ended_at)",
    "what a tier set by hand says stays",
)
_KEPT = (
    "NOT EXISTS (SELECT 1 FROM ledger_entry WHERE kind = 'ERASURE' AND subject = 'customer:' || OLD.customer_id)",
    "tiers set by hand are deleted with their customer alone",
)
_UPDATES = {"own": _OWN, "once": _ONCE, "stays": _STAYS}


def upgrade() -> None:
    """Add the columns, the table and the guards."""
    for column in (
        sa.Column("author_key", sa.String(), nullable=False, server_default="-"),
        sa.Column("on_behalf_of", sa.String(), nullable=True),
        sa.Column("on_behalf_key", sa.String(), nullable=False, server_default="-"),
        sa.Column("computed", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("needs_approval", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("approver", sa.String(), nullable=True),
        sa.Column("approver_key", sa.String(), nullable=True),
        sa.Column("approver_for", sa.String(), nullable=True),
        sa.Column("approver_for_key", sa.String(), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("approval_note", sa.String(), nullable=True),
        sa.Column("expiry_at", sa.BigInteger(), nullable=True),
    ):
        op.add_column("tier_override", column)
    _name_authors()
    _make_queue()
    for guard in _sqlite_guards() if op.get_bind().dialect.name == "sqlite" else _postgres_guards():
        op.execute(sa.text(guard))


def _name_authors() -> None:
    """Names of those who set tiers so far as they are compared from now on."""
    connection = op.get_bind()
    for number, name in connection.execute(sa.text("SELECT id, actor FROM tier_override")).all():
        known = sa.text("UPDATE tier_override SET author_key = :key, on_behalf_key = '' WHERE id = :id")
        connection.execute(known, {"key": _person_key(name), "id": number})


def _person_key(name: str) -> str:
    """As `engine.access.person_key` was when this was written."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] not in "ZC")


def _make_queue() -> None:
    for column in (
        sa.Column("review_reason", sa.String(), nullable=True),
        sa.Column("tier", sa.String(), nullable=True),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
    ):
        op.add_column("task", column)
    standing = sa.text("review_reason IS NOT NULL AND gone_at IS NULL")
    op.create_index(
        "ux_task_review", "task", ["customer_id", "review_reason", "tier"],
        unique=True, sqlite_where=standing, postgresql_where=standing,
    )  # fmt: skip


def _sqlite_guards() -> list[str]:
    def refuse(name: str, when: str, condition: str, told: str) -> str:
        written = f"CREATE TRIGGER tier_override_{name} BEFORE {when} ON tier_override WHEN {condition} "
        return f"{written}BEGIN SELECT RAISE(ABORT, '{told}'); END".replace("{differs}", "IS NOT")

    replaced = "EXISTS (SELECT 1 FROM tier_override WHERE id = NEW.id)"
    return [
        refuse("begin", "INSERT", *_BEGINS),
        refuse("no_replace", "INSERT", replaced, "tiers set by hand are never replaced"),
        *(refuse(name, "UPDATE", *check) for name, check in _UPDATES.items()),
        refuse("no_delete", "DELETE", *_KEPT),
    ]


def _postgres_guards() -> list[str]:
    def function(name: str, checks: list[tuple[str, str]], row: str = "NEW") -> str:
        lines = "".join(f"IF {condition} THEN RAISE EXCEPTION '{told}'; END IF; " for condition, told in checks)
        written = f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {lines}RETURN {row}; END $$"
        return written.replace("{differs}", "IS DISTINCT FROM")

    trigger = "CREATE TRIGGER tier_override_{} BEFORE {} ON tier_override FOR EACH {} EXECUTE FUNCTION {}()"
    return [
        function("tier_override_first", [_BEGINS]),
        function("tier_override_check", list(_UPDATES.values())),
        function("tier_override_kept", [_KEPT], "OLD"),
        function("tier_override_never", [("TRUE", _KEPT[1])]),
        trigger.format("begin", "INSERT", "ROW", "tier_override_first"),
        trigger.format("guard", "UPDATE", "ROW", "tier_override_check"),
        trigger.format("no_delete", "DELETE", "ROW", "tier_override_kept"),
        trigger.format("no_truncate", "TRUNCATE", "STATEMENT", "tier_override_never"),
    ]
