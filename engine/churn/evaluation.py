"""How a model and its baselines do at instants later than anything it learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from engine.churn.answering import every_answer
from engine.churn.features import build_matrix
from engine.churn.labels import label
from engine.churn.measures import Measures, measure
from engine.churn.opening import OpenModel, open_model
from engine.errors import InputError
from engine.value import AsOf, EventFrame, as_known
from engine.value.frame import Flags, Floats
from engine.vocabulary import Text

_DAY: Final = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Evaluation at one instant.

    Attributes:
        customers: Active then; they are the ones predicted for.
        churned: How many of them bought nothing in the horizon.
        measures: Of the answers customers would have been given.
        rivals: Measures of the others: the baselines, and the trees where a baseline answers.
    """

    as_of: AsOf
    customers: int
    churned: int
    measures: Measures
    rivals: dict[str, Measures]

    def as_dict(self) -> dict[str, Any]:
        """As `model evaluate --json` prints it."""
        rivals = {
            name: {"auc": m.auc, "log_loss": m.log_loss, "brier": m.brier} for name, m in sorted(self.rivals.items())
        }
        moment = self.as_of.moment().isoformat().replace("+00:00", "Z")
        head = {"as_of": moment, "customers": self.customers, "churned": self.churned}
        return head | asdict(self.measures) | {"baselines": rivals}


@dataclass(frozen=True, slots=True)
class Answers:
    """Every answer for the active customers of an instant, and what they then did."""

    by: dict[str, Floats]
    churned: Flags


def evaluate(
    document: str, frame: EventFrame, snapshots: Sequence[AsOf], known_at: int, *, digest: str | None = None
) -> list[Snapshot]:
    """Evaluate a stored model at instants, newest first.

    Args:
        known_at: Microseconds; what happened after a snapshot counts as recorded by then.

    Raises:
        InputError: A snapshot's horizon has not passed by `known_at` (`CHURN_SNAPSHOT_OPEN`), or the labels
            the model learned from reach beyond the snapshot (`CHURN_SNAPSHOT_EARLY`).
        DamagedError: The document cannot be used.
    """
    model = open_model(document, digest)
    settings = model.document.settings
    for snapshot in snapshots:
        if snapshot.at + settings.horizon_days * _DAY > known_at:
            raise InputError(
                Text(f"The {settings.horizon_days} days after {_date(snapshot)} are not over.",
                     f"{_date(snapshot)} 之后的 {settings.horizon_days} 天尚未结束。"),
                Text("Evaluate at an earlier date.", "请选择更早的日期评估。"), "CHURN_SNAPSHOT_OPEN",
            )  # fmt: skip
        if snapshot.day < max(model.document.cut_offs).day + settings.horizon_days:
            raise InputError(
                Text(f"The model learned from what happened after {_date(snapshot)}.",
                     f"模型已学习 {_date(snapshot)} 之后的数据。"),
                Text("Evaluate at a later date, or train as of an earlier one.",
                     "请选择更晚的日期，或以更早日期训练。"),
                "CHURN_SNAPSHOT_EARLY",
            )  # fmt: skip
    return [
        summarise_answers(model, snapshot, answers_at(model, frame, snapshot, known_at))
        for snapshot in sorted(snapshots, reverse=True)
    ]


def answers_at(model: OpenModel, frame: EventFrame, snapshot: AsOf, known_at: int) -> Answers:
    """What everybody would have answered at an instant for the customers active then."""
    document = model.document
    known = as_known(frame, snapshot)
    labels = label(frame, known, snapshot, known_at, document.settings)
    matrix = build_matrix(known, snapshot, document.base, document.layout, document.settings.horizon_days)
    return Answers(every_answer(model, matrix[labels.active]), labels.churned[labels.active])


def summarise_answers(model: OpenModel, snapshot: AsOf, answers: Answers) -> Snapshot:
    """Measures of all answers at one instant."""
    measured = {name: measure(probability, answers.churned) for name, probability in answers.by.items()}
    own = measured.pop(model.document.answers)
    return Snapshot(snapshot, len(answers.churned), int(np.sum(answers.churned)), own, measured)


def _date(as_of: AsOf) -> str:
    return str(np.datetime64(as_of.day, "D"))
