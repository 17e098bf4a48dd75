"""Codes of mistakes a caller can correct."""

from __future__ import annotations

from enum import StrEnum

from schema.enums import declare


class ErrorCode(StrEnum):
    """Stable code of a mistake the caller can correct."""

    INVALID = "INVALID"
    REQUIRED = "REQUIRED"
    NOT_FOUND = "NOT_FOUND"
    TOO_MANY = "TOO_MANY"
    CONFLICT = "CONFLICT"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    WRONG_STATE = "WRONG_STATE"
    DUPLICATE = "DUPLICATE"
    UNKNOWN_TIER = "UNKNOWN_TIER"
    UNKNOWN_METRIC = "UNKNOWN_METRIC"
    CURRENCY = "CURRENCY"
    APPROVAL_REQUIRED = "APPROVAL_REQUIRED"
    FOUR_EYES = "FOUR_EYES"
    APPROVAL_VOID = "APPROVAL_VOID"
    GUARDRAIL = "GUARDRAIL"
    FORBIDDEN = "FORBIDDEN"
    RULE_SYNTAX = "RULE_SYNTAX"
    RULE_SCALAR = "RULE_SCALAR"
    RULE_ENCODING = "RULE_ENCODING"
    RULE_LIMIT = "RULE_LIMIT"
    RULE_DUPLICATE_KEY = "RULE_DUPLICATE_KEY"
    RULE_UNKNOWN_KEY = "RULE_UNKNOWN_KEY"
    RULE_MISSING_KEY = "RULE_MISSING_KEY"
    RULE_UNKNOWN_NAME = "RULE_UNKNOWN_NAME"
    RULE_TYPE = "RULE_TYPE"
    RULE_UNIT = "RULE_UNIT"
    RULE_VALUE = "RULE_VALUE"
    RULE_EXPRESSION = "RULE_EXPRESSION"
    RULE_FUNCTION = "RULE_FUNCTION"
    RULE_COST = "RULE_COST"
    RULE_ORDER = "RULE_ORDER"
    RULE_CURVE = "RULE_CURVE"
    RULE_CYCLE = "RULE_CYCLE"
    RULE_TEST_FAILED = "RULE_TEST_FAILED"
    RULE_INVARIANT_FAILED = "RULE_INVARIANT_FAILED"
    RULE_UNREACHABLE = "RULE_UNREACHABLE"
    RULE_ALWAYS = "RULE_ALWAYS"
    RULE_NEVER = "RULE_NEVER"
    RULE_SHADOWED = "RULE_SHADOWED"
    RULE_DIRECTION = "RULE_DIRECTION"
    RULE_UNUSED = "RULE_UNUSED"
    RULE_CONSENT = "RULE_CONSENT"
    RULE_COOLDOWN = "RULE_COOLDOWN"
    RULE_FRAGILE = "RULE_FRAGILE"
    RULE_NOT_DECIDED = "RULE_NOT_DECIDED"


declare(
    ErrorCode,
    "Stable code of a mistake the caller can correct. RULE_* are problems of rule files, each with a page in the "
    "manual; the list grows, nothing changes meaning.",
    INVALID="a value is not acceptable",
    REQUIRED="something needed is missing or empty",
    NOT_FOUND="there is no such thing",
    TOO_MANY="more than one call may bring",
    CONFLICT="`expectedRevision` or `expectedVersion` is not the stored one: read again",
    IDEMPOTENCY_MISMATCH="same idempotency key, other input",
    WRONG_STATE="the thing's state does not allow it",
    DUPLICATE="same record key, other content: send it as a correction",
    UNKNOWN_TIER="the rule book has no such tier",
    UNKNOWN_METRIC="the rule book has no such metric",
    CURRENCY="not a currency, or another one than expected",
    APPROVAL_REQUIRED="this change needs an approval first",
    FOUR_EYES="the author may not approve",
    APPROVAL_VOID="approval voided: content, preview or base moved",
    GUARDRAIL="guardrail crossed: a second approver is needed",
    FORBIDDEN="no right (the sentence names the role)",
    RULE_SYNTAX="not the YAML that rule files are written in",
    RULE_SCALAR="a value that YAML readers take in different ways",
    RULE_ENCODING="not UTF-8, or characters that are not allowed",
    RULE_LIMIT="a file or value is too large or too deep",
    RULE_DUPLICATE_KEY="the same key twice",
    RULE_UNKNOWN_KEY="a key that is not known here",
    RULE_MISSING_KEY="a key that is needed here",
    RULE_UNKNOWN_NAME="a name that is declared nowhere",
    RULE_TYPE="a value of another type than needed",
    RULE_UNIT="units that do not go together",
    RULE_VALUE="a value that is not acceptable",
    RULE_EXPRESSION="not an expression",
    RULE_FUNCTION="no such function, or not these arguments",
    RULE_COST="an expression that costs too much",
    RULE_ORDER="things in the wrong order",
    RULE_CURVE="a curve or bins that do not fit",
    RULE_CYCLE="things that need each other",
    RULE_TEST_FAILED="an inline test failed",
    RULE_INVARIANT_FAILED="an invariant does not hold",
    RULE_UNREACHABLE="a rule nothing can reach",
    RULE_ALWAYS="a condition that always holds",
    RULE_NEVER="a condition that never holds",
    RULE_SHADOWED="an earlier rule takes everything",
    RULE_DIRECTION="a better value gives fewer points",
    RULE_UNUSED="declared and never used, or used without effect",
    RULE_CONSENT="a channel without the consent it needs",
    RULE_COOLDOWN="campaigns that may follow too closely",
    RULE_FRAGILE="one missing metric moves a customer by two tiers",
    RULE_NOT_DECIDED="could not be decided by analysis",
)
