"""Kinds of ledger entries."""

from __future__ import annotations

from enum import StrEnum

from schema.enums import declare


class EntryKindName(StrEnum):
    """Kind of a ledger entry."""

    RULES_PROPOSED = "RULES_PROPOSED"
    RULES_APPROVED = "RULES_APPROVED"
    RULES_SCHEDULED = "RULES_SCHEDULED"
    RULES_UNSCHEDULED = "RULES_UNSCHEDULED"
    RULES_STOPPED = "RULES_STOPPED"
    RULES_SHADOWED = "RULES_SHADOWED"
    RULES_PUBLISHED = "RULES_PUBLISHED"
    RULES_ROLLED_BACK = "RULES_ROLLED_BACK"
    RULES_REJECTED = "RULES_REJECTED"
    RULES_WITHDRAWN = "RULES_WITHDRAWN"
    MODEL_TRAINED = "MODEL_TRAINED"
    MODEL_PROMOTED = "MODEL_PROMOTED"
    RUN = "RUN"
    OVERRIDE = "OVERRIDE"
    TASK = "TASK"
    DISPATCH = "DISPATCH"
    IMPORT = "IMPORT"
    RECORD = "RECORD"
    MERGE = "MERGE"
    EXPORT = "EXPORT"
    ERASURE = "ERASURE"
    ROLE = "ROLE"
    TOKEN = "TOKEN"  # noqa: S105 (the kind's name)
    KEY_ROTATED = "KEY_ROTATED"
    PERSONAL_DATA_READ = "PERSONAL_DATA_READ"
    CONFIGURATION = "CONFIGURATION"
    VERIFICATION = "VERIFICATION"


declare(
    EntryKindName,
    "Kind of a ledger entry. Used so far: those of rules, models, runs, overrides, imports, records, tasks, "
    "dispatches, erasures, exports, signing keys, roles, tokens, personal data read.",
    name="EntryKind",
    RULES_PROPOSED="a revision was proposed",
    RULES_APPROVED="a revision was approved",
    RULES_SCHEDULED="an approved revision is to go live at a set time",
    RULES_UNSCHEDULED="a scheduled revision is not to go live by itself any more",
    RULES_STOPPED="a scheduled revision could not go live; somebody has to look",
    RULES_PUBLISHED="a revision went live",
    RULES_ROLLED_BACK="an earlier revision went live again",
    RULES_REJECTED="a revision was refused",
    RULES_WITHDRAWN="a proposal was taken back",
    RULES_SHADOWED="a candidate began or ceased to decide beside the live rules",
    MODEL_TRAINED="a model was trained",
    MODEL_PROMOTED="a model version was given a name",
    RUN="customers were decided",
    OVERRIDE="a tier was set by hand, approved, refused, ended or expired",
    TASK="a task was given to somebody or closed, or a run put decisions before a person",
    DISPATCH="dispatches left",
    IMPORT="files were imported",
    RECORD="records, predictions or estimates were written",
    MERGE="two customers were found to be one",
    EXPORT="data left the system",
    ERASURE="a person was erased, or decisions older than they are kept were removed",
    ROLE="roles of an actor changed",
    TOKEN="a token was issued or revoked",  # noqa: S106 (a description)
    KEY_ROTATED="a signing key was replaced",
    PERSONAL_DATA_READ="personal data were shown unmasked",
    CONFIGURATION="a setting changed",
    VERIFICATION="the ledger was checked",
)
