"""The words of Touchstone, each with one meaning, and the scales numbers are stored in.

Everything else imports from here; this module imports nothing of the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Locale(StrEnum):
    """Language of texts for people."""

    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True)
class Text:
    """A text for people in both languages; a missing Chinese text falls back to the English one."""

    en: str
    zh: str = ""

    def within(self, locale: Locale) -> str:
        """Give the text in one language.

        >>> Text("Key", "重点客户").within(Locale.ZH)
        '重点客户'
        """
        return self.zh if locale is Locale.ZH and self.zh else self.en


class Market(StrEnum):
    """Which market a customer belongs to (客户类型): companies or persons."""

    B2B = "B2B"
    B2C = "B2C"


class Stage(StrEnum):
    """Lifecycle stage."""

    PROSPECT = "PROSPECT"
    CONVERTING = "CONVERTING"
    ACTIVE = "ACTIVE"
    AT_RISK = "AT_RISK"
    LAPSED = "LAPSED"
    LOST = "LOST"
    REACTIVATED = "REACTIVATED"


class Phase(StrEnum):
    """What a stage asks for: 获客, 转化, 维护, 挽回."""

    ACQUIRE = "ACQUIRE"
    CONVERT = "CONVERT"
    RETAIN = "RETAIN"
    WIN_BACK = "WIN_BACK"


class Risk(StrEnum):
    """Band of the churn probability; its edges are in the rule book."""

    LOW = "LOW"
    WATCH = "WATCH"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class Unit(StrEnum):
    """How a value is to be read; also the `type:` of a metric in rule files."""

    MONEY = "money"
    RATIO = "ratio"
    PROBABILITY = "probability"
    COUNT = "count"
    DAYS = "days"
    MONTHS = "months"
    POINTS = "points"
    BOOL = "bool"
    TEXT = "text"
    DATE = "date"


class MetricState(StrEnum):
    """What is known about a metric; ASSUMED: unknown, but the rule book says what its absence means."""

    KNOWN = "known"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


class UnknownCause(StrEnum):
    """Why a metric is unknown."""

    MISSING = "missing"
    STALE = "stale"
    OUT_OF_RANGE = "out_of_range"
    DIVISION_BY_ZERO = "division_by_zero"
    CURRENCY = "currency"


class Truth(StrEnum):
    """Three-valued truth (strong Kleene)."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class ChurnStatus(StrEnum):
    """Where a churn probability comes from; UNAVAILABLE: there is none."""

    MODEL = "MODEL"
    FALLBACK_BGNBD = "FALLBACK_BGNBD"
    FALLBACK_SEGMENT = "FALLBACK_SEGMENT"
    UNAVAILABLE = "UNAVAILABLE"


class HoldCause(StrEnum):
    """What kept a customer from moving."""

    MISSING_DATA = "missing_data"
    EXIT_MARGIN = "exit_margin"
    GRACE = "grace"
    MIN_DWELL = "min_dwell"
    CONFIRM = "confirm"


class SuppressionCause(StrEnum):
    """Why a triggered campaign did not reach a customer."""

    CONSENT = "CONSENT"
    COOLDOWN = "COOLDOWN"
    CAP = "CAP"
    QUIET_HOURS = "QUIET_HOURS"
    HOLDOUT = "HOLDOUT"
    CAPACITY = "CAPACITY"
    PRIORITY = "PRIORITY"
    UNKNOWN_DATA = "UNKNOWN_DATA"


class RecordKind(StrEnum):
    """Kind of a stored record."""

    ORDER = "ORDER"
    CONTRACT = "CONTRACT"
    OPPORTUNITY = "OPPORTUNITY"
    INTERACTION = "INTERACTION"
    TICKET = "TICKET"
    SURVEY_RESPONSE = "SURVEY_RESPONSE"
    REFERRAL = "REFERRAL"
    COST = "COST"
    CONSENT = "CONSENT"
    CAMPAIGN_TOUCH = "CAMPAIGN_TOUCH"


class EntryKind(StrEnum):
    """Kind of a ledger entry; one operation writes one."""

    RULES_PROPOSED = "RULES_PROPOSED"
    RULES_APPROVED = "RULES_APPROVED"
    RULES_REJECTED = "RULES_REJECTED"
    RULES_WITHDRAWN = "RULES_WITHDRAWN"
    RULES_SCHEDULED = "RULES_SCHEDULED"
    RULES_UNSCHEDULED = "RULES_UNSCHEDULED"
    RULES_STOPPED = "RULES_STOPPED"
    RULES_SHADOWED = "RULES_SHADOWED"
    RULES_PUBLISHED = "RULES_PUBLISHED"
    RULES_ROLLED_BACK = "RULES_ROLLED_BACK"
    MODEL_TRAINED = "MODEL_TRAINED"
    MODEL_PROMOTED = "MODEL_PROMOTED"
    RUN = "RUN"
    OVERRIDE = "OVERRIDE"
    TASK = "TASK"
    DISPATCH = "DISPATCH"
    IMPORT = "IMPORT"
    RECORD = "RECORD"
    EXPORT = "EXPORT"
    KEY_ROTATED = "KEY_ROTATED"
    ERASURE = "ERASURE"
    ROLE = "ROLE"
    TOKEN = "TOKEN"  # noqa: S105  (the kind's name)
    PERSONAL_DATA_READ = "PERSONAL_DATA_READ"


MARKET_TEXTS: Final = {Market.B2B: Text("company", "企业"), Market.B2C: Text("person", "个人")}
"""What a customer of a market is, in words."""

PHASE_TEXTS: Final = {
    Phase.ACQUIRE: Text("acquire", "获客"),
    Phase.CONVERT: Text("convert", "转化"),
    Phase.RETAIN: Text("retain", "维护"),
    Phase.WIN_BACK: Text("win back", "挽回"),
}
"""Phases in words."""

RISK_TEXTS: Final = {
    Risk.LOW: Text("low", "低"),
    Risk.WATCH: Text("to be watched", "需关注"),
    Risk.HIGH: Text("high", "高"),
    Risk.CRITICAL: Text("critical", "极高"),
}
"""Risk bands in words."""

UNRATED: Final = "UNRATED"
"""Key that stands for "no tier" in rules, filters and reports."""
UNRATED_TEXT: Final = Text("not rated yet", "暂未评级")
"""No tier, in words."""

YEARS: Final = (1900, 2200)
"""First and last year an instant asked about may lie in."""

POINTS_SCALE: Final = 10_000
"""Points and scores are whole numbers of 0.0001."""

SHARE_SCALE: Final = 1_000_000
"""Ratios and probabilities are whole numbers of 0.000001."""

EXACT_LIMIT: Final = 2**53
"""Beyond this a double no longer holds every integer; such a result is unknown (out of range)."""

_EXPONENTS: Final = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}


def minor_exponent(currency: str) -> int:
    """Digits after the point of a currency's minor unit (ISO 4217).

    >>> minor_exponent("CNY"), minor_exponent("JPY")
    (2, 0)
    """
    return _EXPONENTS.get(currency, 2)


def scale_of(unit: Unit, currency: str) -> int:
    """How many stored units make one of `unit`; 1 for whole numbers, truths, texts and dates.

    >>> scale_of(Unit.MONEY, "CNY"), scale_of(Unit.POINTS, "CNY"), scale_of(Unit.DAYS, "CNY")
    (100, 10000, 1)
    """
    if unit is Unit.MONEY:
        return int(10 ** minor_exponent(currency))
    if unit in (Unit.RATIO, Unit.PROBABILITY):
        return SHARE_SCALE
    return POINTS_SCALE if unit is Unit.POINTS else 1
