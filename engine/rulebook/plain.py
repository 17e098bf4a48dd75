"""A book of one market from plain data, e.g. from a JSON case: written as YAML and loaded like any other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from engine.rulebook.book import Book
from engine.rulebook.loader import load_book
from engine.vocabulary import Market

_MARKET_KEYS: Final = (
    "market", "scorecard", "tiers", "force", "stability", "risk", "reasons", "fixtures", "tests", "invariants",
)  # fmt: skip
_CAMPAIGN_KEYS: Final = ("channels", "defaults", "cap", "triggers", "tags")
_HEADER_KEYS: Final = ("title", "review_by", "sources", "approval", "guardrails", "overrides", "review_queue")
_SHARED_KEYS: Final = ("name", "owner", "currency", "timezone", "metrics", "lifecycle")
_ELSE: Final = [{"else": "ACTIVE", "phase": "RETAIN"}]


def book_from_plain(data: Mapping[str, object]) -> Book:
    """Load one market's keys as in DESIGN section 4, given as plain data.

    Args:
        data: `market`, `currency`, `timezone`, `metrics`, the keys of a market file, `lifecycle` (a list;
            empty or absent: everybody is ACTIVE) and the keys of `campaigns.yaml`.

    Raises:
        RuleBookError: The data does not make a book; places refer to the YAML written from it.
        ValueError: A key belongs to no file.
    """
    unknown = set(data) - {*_MARKET_KEYS, *_CAMPAIGN_KEYS, *_HEADER_KEYS, *_SHARED_KEYS}
    if unknown:
        raise ValueError(f"Keys that belong to no file: {', '.join(sorted(unknown))}")
    market = Market(str(data["market"]))
    top: dict[str, object] = {
        "touchstone": 1,
        "name": data.get("name", "plain"),
        "owner": data.get("owner", "nobody"),
        "currency": data.get("currency", "CNY"),
        "timezone": data.get("timezone", "Asia/Shanghai"),
        **{key: data[key] for key in _HEADER_KEYS if key in data},
    }
    files: dict[str, object] = {
        "rulebook.yaml": top,
        "metrics.yaml": {"metrics": data.get("metrics", {})},
        f"{market.value.lower()}.yaml": {key: data[key] for key in _MARKET_KEYS if key in data},
        "lifecycle.yaml": {"lifecycle": data.get("lifecycle") or _ELSE},
    }
    campaigns = {key: data[key] for key in _CAMPAIGN_KEYS if key in data}
    if campaigns:
        files["campaigns.yaml"] = campaigns
    return load_book({path: written(content) + "\n" for path, content in files.items()})


def written(value: object) -> str:
    """Plain data as strict YAML: flow style, texts in double quotes, numbers without exponent.

    >>> written({"curve": [[0, 0.5]], "on": "x"})
    '{"curve": [[0, 0.5]], "on": "x"}'
    """
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int | float | Decimal):
        return f"{Decimal(str(value)):f}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(key))}: {written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(written(item) for item in value) + "]"
    return json.dumps(str(value), ensure_ascii=False)
