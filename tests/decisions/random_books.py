"""Rule books, facts and states by chance: books of every kind of rule, facts some of which are unknown."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from engine.decisions import NO_DAY, Moment, Outcomes, States
from engine.expressions import Column
from engine.metrics import second_pass
from engine.rulebook.book import Book
from engine.rulebook.plain import book_from_plain
from engine.vocabulary import Market

DAY = 20_000
MOMENT = Moment(datetime(2024, 10, 3, 16, tzinfo=UTC), DAY)
GRIDS = {"v": [0, 300_000, 700_000, 1_000_000], "w": [0, 550_000, 1_000_000], "n": [0, 1, 3, 9], "ok": [0, 1],
         "debt": [0, 90, 181], "churn": [0, 250_000, 900_000]}  # fmt: skip
CONDITIONS = ["ok", "n >= 3", "debt < 91", "n > 0 or ok", "not ok and debt == 0", "score >= 45 and n >= 1",
              "60 > score", "known(n) and n > 2", "score * 2 >= 100", "(n if ok else 2) > 1"]  # fmt: skip
FORCES = ["debt > 180", "ok and n > 5", "debt > 80 and n == 0"]
STAGES = [("PROSPECT", "ACQUIRE", "n == 0"), ("LAPSED", "WIN_BACK", "debt > 180"),
          ("AT_RISK", "RETAIN", "risk in ('HIGH', 'CRITICAL') or tier == 'D'")]  # fmt: skip
TRIGGERS = ["tier in ('A', 'B') and risk == 'HIGH'", "stage == 'LAPSED' or n > 5", "tier == 'C' and debt < 90",
            "phase == 'RETAIN' and market == 'B2C'", "stage == 'AT_RISK'"]  # fmt: skip


@lru_cache(maxsize=256)
def random_book(seed: int, says_what_absence_means: bool = True) -> Book:
    """A book made of every kind of rule, drawn by the seed."""
    draw = np.random.default_rng(seed)
    meanings = ["renormalise", *(["neutral", "worst", "best"] if says_what_absence_means else [])]
    policies = ["hold", "hold", "hold", "pass", "fail"] if says_what_absence_means else ["hold"]

    def some(options: list[Any]) -> Any:
        return options[int(draw.integers(len(options)))]

    def condition(options: list[str]) -> dict[str, Any]:
        allowed = [text for text in options if says_what_absence_means or "known(" not in text]
        return {"when": some(allowed), "on_unknown": some(policies)}

    def meaning() -> dict[str, str]:
        return {"missing": some(meanings)}

    cuts = sorted(draw.choice(np.arange(5, 95, 5), 3, replace=False).tolist(), reverse=True)
    tiers: list[dict[str, Any]] = [{"key": key, "at_least": cut} for key, cut in zip("ABC", cuts, strict=True)]
    for tier in tiers:
        if draw.random() < 0.4:
            tier["gates"] = [{"name": "g", **condition(CONDITIONS)}]
        if draw.random() < 0.4:
            tier["or_when"] = condition(CONDITIONS)
    return book_from_plain({
        "market": "B2C",
        "metrics": {"v": {"type": "points", "actionable": {"direction": "up", "step": 5}}, "w": {"type": "points"},
                    "n": {"type": "count", "actionable": {"direction": "up", "step": 1}}, "ok": {"type": "bool"},
                    "debt": {"type": "days", "actionable": {"direction": "down", "step": 10}},
                    "churn": {"type": "probability"}, "load": {"type": "days", "expr": "debt / n"}},
        "scorecard": {
            "missing": {"default": "renormalise", "min_known_weight": some([1, 50, 60, 80])},
            "criteria": [
                {"name": "v", "metric": "v", "weight": some([3, 7]), "curve": [[0, 0], [40, 50], [100, 100]],
                 "reason": "R_V"},
                {"name": "w", "metric": "w", "weight": some([2, 5]), "curve": [[0, 100], [100, 0]], **meaning(),
                 "reason": "R_W"},
                {"name": "load", "metric": "load", "weight": some([1, 3]), "curve": [[0, 100], [90, 0]], **meaning(),
                 "reason": "R_LOAD"},
                {"name": "n", "metric": "n", "weight": some([1, 4]),
                 "bins": {"edges": [1, 5], "points": [0, 33.3333, 100]}, **meaning()},
            ],
        },
        "tiers": [*tiers, {"key": "D"}],
        "force": [{"name": f"f{i}", "tier": some(["A", "C", "D"]), **condition(FORCES), "reason": "F_RULE"}
                  for i in range(some([0, 1, 2]))],
        "reasons": {code: {"en": f"{code} is bad", "zh": code} for code in ("R_V", "R_W", "R_LOAD", "F_RULE")},
        "stability": {"exit_margin": some([0, 5]), "grace": some(["0d", "28d"]), "min_dwell": some(["0d", "91d"]),
                      "down": some(["one_step", "immediate"]), "up": some(["immediate", "one_step"]),
                      "confirm": some([1, 2])},
        "risk": {"metric": "churn", "bands": {"LOW": 0, "HIGH": 0.25, "CRITICAL": 0.5}},
        "lifecycle": [*({"stage": stage, "phase": phase, "when": when, "on_unknown": some(policies)}
                        for stage, phase, when in STAGES), {"else": "ACTIVE", "phase": "RETAIN"}],
        **({"cap": {"max": 2, "per": "30d"}} if draw.random() < 0.5 else {}),
        "channels": {"sms": {"consent": "marketing_sms"}, "owner_task": {}},
        "triggers": [{"name": f"t{i}", "when": when, "priority": 90 - i, "channel": some(["sms", "owner_task"]),
                      "template": "t", "title": {"en": "t"}} for i, when in enumerate(TRIGGERS)],
        "tags": [{"tag": "big", "when": "n > 2 and tier != 'D'", "title": {"en": "Big"}}],
    })  # fmt: skip


def rules_of(book: Book) -> Any:
    return book.markets[Market.B2C]


def random_columns(book: Book, seed: int, length: int) -> dict[str, Column]:
    """Facts on the grids and off them, a fifth of them unknown for some cause."""
    draw = np.random.default_rng(seed)
    columns = {}
    for name, grid in GRIDS.items():
        values = np.where(draw.random(length) < 0.7, draw.choice(grid, length), draw.integers(0, max(grid) + 1, length))
        causes = np.where(draw.random(length) < 0.2, draw.integers(1, 6, length), 0).astype(np.uint8)
        columns[name] = Column(np.where(causes == 0, values, 0), causes, book.metrics[name].unit)
    return {**columns, **second_pass(book.metrics.values(), columns, length, DAY)}


def random_states(book: Book, seed: int, length: int) -> States:
    """Every kind of state that decisions leave."""
    draw, rules = np.random.default_rng(seed), rules_of(book)
    triggers = len(rules.campaigns.triggers)
    tier = draw.integers(-1, 4, length).astype(np.int16)
    rated = tier >= 0
    forced = np.where(rated, draw.integers(-1, len(rules.force) + 1, length), -1).astype(np.int16)
    forced[forced >= len(rules.force)] = -1
    targets = np.array([*(["A", "B", "C", "D"].index(force.tier) for force in rules.force), 0])
    tier = np.where(forced >= 0, targets[forced], tier).astype(np.int16)
    pending = np.where(rated, draw.integers(0, 3, length), 0).astype(np.int8)
    begun = DAY - draw.integers(1, 60, length)
    waits = pending > 0
    return replace(
        States.first(length, triggers),
        tier=tier,
        since=np.where(rated, DAY - draw.integers(0, 200, length), NO_DAY).astype(np.int32),
        provisional=rated & (forced < 0) & (draw.random(length) < 0.2),
        pending=pending,
        pending_to=np.where(waits, draw.integers(0, 4, length), -1).astype(np.int16),
        pending_since=np.where(waits, begun, NO_DAY).astype(np.int32),
        pending_last=np.where(waits, np.minimum(begun + draw.integers(0, 60, length), DAY), NO_DAY).astype(np.int32),
        pending_dates=np.where(waits, draw.integers(1, 4, length), 0).astype(np.int16),
        forced=forced,
        stage=draw.integers(-1, 7, length).astype(np.int16),
        effective=tier,
        effective_since=np.where(rated, DAY - 100, NO_DAY).astype(np.int32),
        override=np.where(draw.random(length) < 0.1, draw.integers(0, 4, length), -1).astype(np.int16),
        consents=draw.integers(0, 2, length).astype(np.uint32),
        last_contact=np.where(draw.random((length, triggers)) < 0.3, DAY - 10, NO_DAY).astype(np.int32),
        contacts=draw.integers(0, 3, length).astype(np.int16),
        holdout=draw.random((length, triggers)) < 0.1,
        full=draw.random((length, triggers)) < 0.1,
    )


def differing(one: Outcomes, other: Outcomes) -> list[str]:
    return [f.name for f in fields(one) if not np.array_equal(getattr(one, f.name), getattr(other, f.name))]


SEEDS = st.integers(0, 10_000)
BOOKS = st.integers(0, 59)
