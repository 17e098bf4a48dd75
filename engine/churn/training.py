"""Training: plan, rows, baselines, trees, calibration, choice, document, card."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.churn.baselines import baseline_probabilities, fit_baselines
from engine.churn.boosting import PARAMETERS, load_trees, margins, train_trees
from engine.churn.card import model_card
from engine.churn.choice import (
    Choice,
    choose_by_folds,
    choose_by_snapshots,
    choose_without_trees,
    is_small,
    too_few,
)
from engine.churn.document import Document, Trees, write_document
from engine.churn.evaluation import Answers, answers_at, summarise_answers
from engine.churn.logistic import apply_line, fit_line
from engine.churn.matrix import Training, hashed, training_rows
from engine.churn.opening import OpenModel, build
from engine.churn.plan import plan_instants
from engine.churn.settings import MODEL, ChurnSettings
from engine.errors import InputError
from engine.value import AsOf, EventFrame, canonical
from engine.value.frame import Floats
from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A trained model.

    Attributes:
        document: Canonical JSON; the same for any order of customers and events and any number of threads.
        digest: SHA-256 of the document, in hex.
        card: What it is, what it learned from, how it did; JSON values, texts as `{"en", "zh"}`.
    """

    document: str
    digest: str
    card: dict[str, Any]


def train(
    frame: EventFrame, as_of: AsOf, zone: str, settings: ChurnSettings | None = None, *, threads: int = 1
) -> TrainedModel:
    """Train a churn model on what was known at an instant.

    Args:
        frame: Customers of both markets, with the attribute `market`.
        zone: The book's time zone; cut-offs are midnights there.
        threads: Of XGBoost; changes the time it takes and nothing else.

    Raises:
        InputError: The history is too short for one cut-off with its horizon (`CHURN_HISTORY`), or no
            customer was active at any cut-off as known then (`CHURN_NOBODY_ACTIVE`).
    """
    settings = settings or ChurnSettings()
    frame = canonical(frame)
    plan = plan_instants(frame, as_of, settings)
    if not plan.cut_offs:
        raise _too_short(settings)
    cut_offs = tuple(AsOf.midnight(day, zone) for day in plan.cut_offs)
    rows = training_rows(frame, cut_offs, as_of.at, settings)
    if not len(rows.keys):
        raise _nobody_active()
    start = _start(rows, cut_offs, as_of, settings)
    document, choice = _learn(start, rows, bool(plan.snapshots), threads)
    return _judge(frame, document, choice, rows, [AsOf.midnight(day, zone) for day in plan.snapshots])


def _start(rows: Training, cut_offs: tuple[AsOf, ...], as_of: AsOf, settings: ChurnSettings) -> Document:
    """The document with its baselines, before any trees."""
    baselines = fit_baselines(rows.values, rows.churned, rows.layout)
    matrix = {
        "rows": len(rows.keys), "columns": len(rows.layout.names), "churners": int(rows.churned.sum()),
        "sha256": rows.digest(),
    }  # fmt: skip
    return Document(settings, as_of, cut_offs, rows.layout, rows.base, baselines, MODEL, None, matrix)


def _learn(document: Document, rows: Training, judged: bool, threads: int) -> tuple[Document, Choice]:
    """Add trees and calibration; the choice is final but for large data with later snapshots (`judged`)."""
    settings, baselines = document.settings, document.baselines
    churners, stayers = (len(np.unique(rows.keys[mask])) for mask in (rows.churned, ~rows.churned))
    if too_few(churners, stayers):
        choice = choose_without_trees(baselines, churners, stayers)
        return replace(document, answers=choice.answers), choice
    margin, rivals = _out_of_fold(rows, settings, threads)
    calibration = fit_line(margin, rows.churned)
    body = train_trees(rows.values, rows.churned, rows.layout, settings.trees, threads)
    document = replace(document, trees=Trees(body, calibration, PARAMETERS | {"trees": settings.trees}))
    choice = Choice(MODEL)
    if is_small(churners, len(rows.keys)) or not judged:
        choice = choose_by_folds(rivals | {MODEL: apply_line(calibration, margin)}, rows.churned)
    return replace(document, answers=choice.answers), choice


def _out_of_fold(rows: Training, settings: ChurnSettings, threads: int) -> tuple[Floats, dict[str, Floats]]:
    """Margins of trees, and answers of baselines, each for customers they did not learn from."""
    fold = (hashed(rows.keys, 2) * settings.folds).astype(np.int64)
    margin = np.zeros(len(rows.keys))
    rivals: dict[str, Floats] = {}
    for index in range(settings.folds):
        out, kept = fold == index, fold != index
        if not out.any():
            continue
        values, churned = rows.values[kept], rows.churned[kept]
        booster = load_trees(train_trees(values, churned, rows.layout, settings.trees, threads))
        margin[out] = margins(booster, rows.values[out], rows.layout)
        baselines = fit_baselines(values, churned, rows.layout)
        for name, answer in baseline_probabilities(baselines, rows.values[out], rows.layout).items():
            rivals.setdefault(name, np.full(len(margin), 0.5))[out] = answer
    return margin, rivals


def _judge(
    frame: EventFrame, document: Document, choice: Choice, rows: Training, snapshots: list[AsOf]
) -> TrainedModel:
    """Look at the later snapshots, let a baseline win if it did, write document and card."""
    model = build(document, "")
    at = document.trained_at.at
    answers = [answers_at(model, frame, snapshot, at) for snapshot in snapshots]
    if document.trees is not None and choice.why is None and answers:
        choice = choose_by_snapshots([(answer.by, answer.churned) for answer in answers])
        document = replace(document, answers=choice.answers)
    text, digest = write_document(document)
    final = OpenModel(digest, document, model.booster, model.tables)
    evaluation = _summaries(final, snapshots, answers)
    return TrainedModel(text, digest, model_card(document, digest, choice.why, evaluation, rows))


def _summaries(model: OpenModel, snapshots: list[AsOf], answers: list[Answers]) -> list[dict[str, Any]]:
    pairs = sorted(zip(snapshots, answers, strict=True), key=lambda pair: pair[0], reverse=True)
    return [summarise_answers(model, snapshot, answer).as_dict() for snapshot, answer in pairs]


def _too_short(settings: ChurnSettings) -> InputError:
    needed = settings.min_history_days + settings.horizon_days + settings.gap_days
    return InputError(
        Text(
            f"The known history is too short to learn churn over {settings.horizon_days} days from it.",
            f"已知历史过短，无法学习 {settings.horizon_days} 天的流失。",
        ),
        Text(
            f"Import at least {needed} days of orders that were recorded by then, or choose a shorter horizon.",
            f"请导入至少 {needed} 天（且当时已记录）的订单，或缩短期限。",
        ),
        "CHURN_HISTORY",
    )


def _nobody_active() -> InputError:
    return InputError(
        Text("At none of the cut-offs was any customer known to be active.", "所有截止日均无当时已知的活跃客户。"),
        Text(
            "If the orders were imported later than they happened, give the mapping a clock rule for recorded_at.",
            "若订单是事后导入的，请在映射中为 recorded_at 设置时钟规则。",
        ),
        "CHURN_NOBODY_ACTIVE",
    )
