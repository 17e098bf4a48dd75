"""The life of a rule change: what is proposed, what it was previewed to do, and who approved it; guarded by triggers.

The triggers say once more, below the program, what it says itself: nobody reviews their own change, nobody counts
twice, a review is of exactly what stands in the change, and what was not approved by enough people goes not live.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_BARE = "lower(replace(coalesce({}, ''), ' ', ''))"
_SAME_PERSON = (
    "(NEW.actor_key IN (c.author_key, c.on_behalf_key) "
    "OR (NEW.on_behalf_key <> '' AND NEW.on_behalf_key IN (c.author_key, c.on_behalf_key)) "
    f"OR {_BARE.format('NEW.actor')} IN ({_BARE.format('c.actor')}, {_BARE.format('c.on_behalf_of')}))"
)
_SAME_REVIEWER = (
    "(NEW.actor_key IN (r.actor_key, r.on_behalf_key) "
    "OR (NEW.on_behalf_key <> '' AND NEW.on_behalf_key IN (r.actor_key, r.on_behalf_key)))"
)
_BOUND = (
    "r.change_id = {0}.id AND r.round = {0}.round AND r.revision = {0}.revision "
    "AND r.preview_digest = {0}.preview_digest AND r.snapshot = {0}.snapshot"
)
_AHEAD = "('APPROVED', 'SCHEDULED', 'LIVE')"

_NOT_OWN = (
    f"NEW.actor_key = '' OR EXISTS (SELECT 1 FROM rule_change c WHERE c.id = NEW.change_id AND {_SAME_PERSON})",
    "nobody reviews their own change",
)
_NOT_TWICE = (
    "EXISTS (SELECT 1 FROM review r WHERE r.change_id = NEW.change_id AND r.round = NEW.round "
    f"AND {_SAME_REVIEWER})",
    "nobody reviews a change twice",
)
_OF_THIS = (
    "NOT EXISTS (SELECT 1 FROM rule_change c WHERE c.id = NEW.change_id AND c.state = 'IN_REVIEW' "
    "AND c.round = NEW.round AND c.revision = NEW.revision AND c.preview_digest = NEW.preview_digest "
    "AND c.snapshot = NEW.snapshot)",
    "a review is of what is in review",
)
_ENOUGH = (
    f"NEW.state IN {_AHEAD} AND (NEW.approvers_needed > (SELECT count(*) FROM review r WHERE "
    f"{_BOUND.format('NEW')} AND r.approved) OR EXISTS (SELECT 1 FROM review r WHERE {_BOUND.format('NEW')} "
    "AND NOT r.approved))",
    "not approved by enough people",
)
_IN_ORDER = (
    "NEW.state = 'LIVE' AND OLD.state NOT IN ('APPROVED', 'SCHEDULED', 'LIVE')",
    "only an approved change goes live",
)
_AUTHOR_STAYS = (
    "NEW.actor <> OLD.actor OR NEW.author_key <> OLD.author_key OR NEW.on_behalf_key <> OLD.on_behalf_key "
    "OR NEW.on_behalf_of {differs} OLD.on_behalf_of",
    "the author of a change stays",
)
_CONTENT_STAYS = (
    "(NEW.round = OLD.round OR OLD.live_from IS NOT NULL OR OLD.state IN ('REJECTED', 'WITHDRAWN')) "
    "AND (NEW.round <> OLD.round OR NEW.revision <> OLD.revision OR NEW.approvers_needed <> OLD.approvers_needed "
    "OR NEW.base_revision {differs} OLD.base_revision OR NEW.preview_digest {differs} OLD.preview_digest "
    "OR NEW.snapshot {differs} OLD.snapshot OR NEW.preview {differs} OLD.preview "
    "OR NEW.valid_until {differs} OLD.valid_until)",
    "an edit of a change begins a new round",
)
_ROUNDS_RISE = ("NEW.round < OLD.round", "rounds only rise")

_REVIEWS = (_NOT_OWN, _NOT_TWICE, _OF_THIS)
_CHANGES = (_AUTHOR_STAYS, _CONTENT_STAYS, _ROUNDS_RISE, _IN_ORDER, _ENOUGH)


def upgrade() -> None:
    """Add the columns, the table and its guards."""
    _add_columns()
    _name_authors()
    op.create_table(
        "review",
        sa.Column("id", KEY, nullable=False),
        sa.Column("change_id", KEY, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("actor_key", sa.String(), nullable=False),
        sa.Column("on_behalf_of", sa.String(), nullable=True),
        sa.Column("on_behalf_key", sa.String(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("base_revision", sa.String(), nullable=True),
        sa.Column("preview_digest", sa.String(), nullable=False),
        sa.Column("snapshot", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index("ux_review_actor", "review", ["change_id", "round", "actor_key"], unique=True)
    guards = _sqlite_guards() if op.get_bind().dialect.name == "sqlite" else _postgres_guards()
    for guard in guards:
        op.execute(sa.text(guard))


def _add_columns() -> None:
    for column in (
        sa.Column("author_key", sa.String(), nullable=False, server_default="-"),
        sa.Column("on_behalf_of", sa.String(), nullable=True),
        sa.Column("on_behalf_key", sa.String(), nullable=False, server_default="-"),
        sa.Column("round", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("approvers_needed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("preview", sa.Text(), nullable=True),
        sa.Column("preview_digest", sa.String(), nullable=True),
        sa.Column("snapshot", sa.String(), nullable=True),
        sa.Column("previewed_as_of", sa.BigInteger(), nullable=True),
        sa.Column("previewed_at", sa.BigInteger(), nullable=True),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
    ):
        op.add_column("rule_change", column)


def _name_authors() -> None:
    """Names of those who published so far as they are compared from now on."""
    connection = op.get_bind()
    for number, name in connection.execute(sa.text("SELECT id, actor FROM rule_change")).all():
        known = sa.text("UPDATE rule_change SET author_key = :key, on_behalf_key = '' WHERE id = :id")
        connection.execute(known, {"key": _person_key(name), "id": number})


def _person_key(name: str) -> str:
    """As `engine.operations.rule_life.people.person_key` was when this was written."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] not in "ZC")


def _sqlite_guards() -> list[str]:
    def refuse(name: str, when: str, condition: str, told: str) -> str:
        table = when.rsplit(" ", 1)[1]
        checked = f"WHEN {condition} " if condition else ""
        written = f"CREATE TRIGGER {table}_{name} BEFORE {when} {checked}BEGIN SELECT RAISE(ABORT, '{told}'); END"
        return written.replace("{differs}", "IS NOT")

    names = {"INSERT ON review": ("own", "twice", "other"), "UPDATE ON rule_change": tuple(
        f"guard_{number}" for number in range(len(_CHANGES)))}  # fmt: skip
    guards = [refuse("no_update", "UPDATE ON review", "", "reviews are never changed")]
    guards.append(refuse("no_delete", "DELETE ON review", "", "reviews are never deleted"))
    gone = "EXISTS (SELECT 1 FROM {0} WHERE id = NEW.id)"
    guards.append(refuse("no_replace", "INSERT ON review", gone.format("review"), "reviews are never replaced"))
    guards.append(refuse("no_delete", "DELETE ON rule_change", "", "rule changes are never deleted"))
    replaced = gone.format("rule_change")
    guards.append(refuse("no_replace", "INSERT ON rule_change", replaced, "rule changes are never replaced"))
    guards.append(refuse("enough", "INSERT ON rule_change", *_ENOUGH))
    for when, checks in (("INSERT ON review", _REVIEWS), ("UPDATE ON rule_change", _CHANGES)):
        for name, (condition, told) in zip(names[when], checks, strict=True):
            guards.append(refuse(f"no_{name}" if when.endswith("review") else name, when, condition, told))
    return guards


def _postgres_guards() -> list[str]:
    def function(name: str, checks: tuple[tuple[str, str], ...]) -> str:
        lines = "".join(f"IF {condition} THEN RAISE EXCEPTION '{told}'; END IF; " for condition, told in checks)
        written = f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {lines}RETURN NEW; END $$"
        return written.replace("{differs}", "IS DISTINCT FROM")

    never = (
        "CREATE FUNCTION rule_life_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'rule changes and reviews are never deleted, reviews never changed'; END $$"
    )
    trigger = "CREATE TRIGGER {} BEFORE {} FOR EACH {} EXECUTE FUNCTION {}()"
    return [
        function("review_check", _REVIEWS),
        function("rule_change_check", _CHANGES),
        function("rule_change_begin", (_ENOUGH,)),
        never,
        trigger.format("review_no_own", "INSERT ON review", "ROW", "review_check"),
        trigger.format("review_no_change", "UPDATE OR DELETE ON review", "ROW", "rule_life_refuse"),
        trigger.format("review_no_truncate", "TRUNCATE ON review", "STATEMENT", "rule_life_refuse"),
        trigger.format("rule_change_guard", "UPDATE ON rule_change", "ROW", "rule_change_check"),
        trigger.format("rule_change_enough", "INSERT ON rule_change", "ROW", "rule_change_begin"),
        trigger.format("rule_change_no_delete", "DELETE ON rule_change", "ROW", "rule_life_refuse"),
        trigger.format("rule_change_no_truncate", "TRUNCATE ON rule_change", "STATEMENT", "rule_life_refuse"),
    ]
