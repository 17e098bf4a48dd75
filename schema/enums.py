"""Enumerations: the engine's words with their descriptions, and the API's own lists."""

from __future__ import annotations

from enum import EnumMeta
from typing import TypeVar

import strawberry

from engine.access import Role
from engine.errors import Severity
from engine.vocabulary import (
    ChurnStatus,
    HoldCause,
    Locale,
    Market,
    MetricState,
    Phase,
    RecordKind,
    Risk,
    Stage,
    SuppressionCause,
    Truth,
    Unit,
    UnknownCause,
)

E = TypeVar("E", bound=EnumMeta)


def declare(enumeration: E, description: str, *, name: str | None = None, **values: str) -> E:
    """Make an enumeration part of the API, under its own name unless another is given; every value needs words.

    Raises:
        TypeError: A value has no description, or a description no value.
    """
    made = strawberry.enum(enumeration, name=name, description=description)
    definition = made.__strawberry_definition__  # type: ignore[attr-defined]
    if {value.name for value in definition.values} != set(values):
        raise TypeError(f"the values of {definition.name} and their descriptions differ")
    for value in definition.values:
        value.description = values[value.name]
    return made


declare(Locale, "Language of texts for people.", EN="English", ZH="Chinese (中文)")
declare(Market, "Which market a customer belongs to (客户类型).", B2B="companies", B2C="persons")
declare(
    Stage,
    "Lifecycle stage.",
    PROSPECT="has not bought yet",
    CONVERTING="is about to buy",
    ACTIVE="buys in its usual rhythm",
    AT_RISK="still buys, may leave",
    LAPSED="has stopped buying",
    LOST="is not expected back by itself",
    REACTIVATED="bought again after having lapsed",
)
declare(
    Phase,
    "What the stage asks for.",
    ACQUIRE="获客: win a first purchase",
    CONVERT="转化: turn interest into a purchase",
    RETAIN="维护: keep the customer",
    WIN_BACK="挽回: bring a lapsed customer back",
)
declare(
    Risk,
    "Risk band of the churn probability; its edges are in the rule book.",
    LOW="lowest band",
    WATCH="worth watching",
    HIGH="likely to leave",
    CRITICAL="most likely to leave",
)
declare(
    Unit,
    "How a value is to be read. MONEY has a currency and is in major units; RATIO and PROBABILITY are fractions of 1.",
    MONEY="money in major units of a currency",
    RATIO="a fraction or quotient",
    PROBABILITY="from 0 to 1",
    COUNT="whole number",
    DAYS="whole days",
    MONTHS="whole months",
    POINTS="from 0 to 100",
    BOOL="true or false",
    TEXT="text",
    DATE="calendar date",
)
declare(
    MetricState,
    "What is known about a metric. ASSUMED: unknown, but the rule book says what its absence means.",
    KNOWN="it has a value",
    ASSUMED="unknown, with a meaning the rule book gives to absence",
    UNKNOWN="it has no usable value",
)
declare(
    UnknownCause,
    "Why a metric is unknown.",
    MISSING="no record or field",
    STALE="older than the book allows",
    OUT_OF_RANGE="beyond its declared bounds, or beyond exact numbers",
    DIVISION_BY_ZERO="its expression divides by zero",
    CURRENCY="mixed currencies without a rate",
)
declare(
    Truth, "Three-valued truth (strong Kleene).", TRUE="it holds", FALSE="it does not hold", UNKNOWN="data are missing"
)
declare(
    ChurnStatus,
    "Where the churn probability comes from; UNAVAILABLE: there is none.",
    MODEL="the trained model",
    FALLBACK_BGNBD="the purchase-rhythm model (BG/NBD)",
    FALLBACK_SEGMENT="the rate of similar customers",
    UNAVAILABLE="there is no probability",
)
declare(
    HoldCause,
    "What kept a customer from moving.",
    MISSING_DATA="what is unknown could decide either way",
    EXIT_MARGIN="the score is below, but within the margin",
    GRACE="the move has not been certain for long enough",
    MIN_DWELL="the customer is too new in the tier",
    CONFIRM="not enough deciding dates agree yet",
)
declare(
    SuppressionCause,
    "Why a campaign did not reach a customer.",
    CONSENT="no consent for the channel",
    COOLDOWN="contacted by this campaign too recently",
    CAP="enough marketing contacts in the window",
    QUIET_HOURS="outside the hours for contacts",
    HOLDOUT="in the group left alone to measure the effect",
    CAPACITY="the day's or the owner's capacity is used up",
    PRIORITY="a campaign of higher priority reached the customer",
    UNKNOWN_DATA="the trigger reads something unknown",
)
declare(
    RecordKind,
    "Kind of a stored record.",
    ORDER="an order",
    CONTRACT="a contract",
    OPPORTUNITY="a sales opportunity",
    INTERACTION="a contact with the customer",
    TICKET="a service ticket",
    SURVEY_RESPONSE="an answer to a survey",
    REFERRAL="a recommendation to somebody new",
    COST="a cost the customer caused",
    CONSENT="a consent given, denied or withdrawn",
    CAMPAIGN_TOUCH="what became of a campaign contact",
)
declare(
    Severity,
    "How bad a finding is; an ERROR forbids publishing or deciding.",
    ERROR="must be repaired",
    WARNING="should be looked at",
    INFO="good to know",
)
declare(
    Role,
    "What an actor may do; the matrix is in the manual (docs/access.md).",
    VIEWER="sees customers (personal data masked), decisions, rules and figures",
    ANALYST="tries what-ifs, previews and back-tests; closes tasks",
    AUTHOR="proposes rule changes",
    APPROVER="approves what others proposed",
    OPERATOR="records, decides, sets tiers by hand, publishes what is approved",
    AUDITOR="reads and verifies the ledger",
    PRIVACY="sees personal data for a purpose, on record",
    ADMIN="grants roles, issues and revokes tokens",
)
