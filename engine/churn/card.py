"""The model card: what a model is, what it learned from, how it did, in words and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.churn.document import Document
from engine.churn.matrix import Training
from engine.churn.settings import MODEL
from engine.value import AsOf
from engine.vocabulary import Text


def model_card(
    document: Document, digest: str, why: Text | None, evaluation: list[dict[str, Any]], rows: Training
) -> dict[str, Any]:
    """Card of a trained model as JSON values.

    Args:
        why: Why a baseline answers; None: the trees do.
        evaluation: Snapshots, newest first, all later than any cut-off.
    """
    settings = document.settings
    won = None if document.answers == MODEL else document.answers
    return {
        "name": "churn",
        "digest": digest,
        "label": _both(label_text(document)),
        "horizon_days": settings.horizon_days,
        "active_days": settings.active_days,
        "gap_days": settings.gap_days,
        "trained_at": _instant(document.trained_at),
        "cut_offs": [_instant(cut_off) for cut_off in sorted(document.cut_offs, reverse=True)],
        "features": list(document.layout.names),
        "levels": {category.name: list(category.levels) for category in document.layout.categories},
        "baseline_won": won,
        "baseline_won_because": None if why is None else _both(why),
        "counts": {
            "rows": len(rows.keys),
            "churned_rows": int(rows.churned.sum()),
            "customers": len(np.unique(rows.keys)),
            "churned_customers": len(np.unique(rows.keys[rows.churned])),
            "sampled_share": round(rows.sampled, 6),
        },
        "matrix": document.matrix,
        "parameters": None if document.trees is None else document.trees.parameters,
        "evaluation": evaluation,
    }


def label_text(document: Document) -> Text:
    """What the model predicts, in words."""
    settings = document.settings
    return Text(
        f"No purchase in the {settings.horizon_days} days from the cut-off, "
        f"for customers who bought in the {settings.active_days} days before it.",
        f"截止日前 {settings.active_days} 天内有购买的客户，在截止日起 {settings.horizon_days} 天内没有再购买。",
    )


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def _instant(as_of: AsOf) -> str:
    return as_of.moment().isoformat().replace("+00:00", "Z")
