"""The training matrix: customers × cut-offs, in an order that depends on nothing but their keys and days."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.churn.catalogue import FEATURES, SEASON_MONTHS
from engine.churn.features import Base, Category, Layout, Matrix, build_matrix, learn_base
from engine.churn.labels import label
from engine.churn.settings import ChurnSettings
from engine.value import AsOf, EventFrame, as_known
from engine.value.frame import Flags, Integers


@dataclass(frozen=True, slots=True)
class Training:
    """Rows to learn from.

    Attributes:
        values: (rows, features), sorted by cut-off and key.
        churned: (rows,).
        keys: (rows,) of the customers.
        base: Learned at the latest cut-off; kept with the model to read customers by later.
        sampled: Share of the customers that was drawn.
    """

    values: Matrix
    churned: Flags
    keys: Integers
    layout: Layout
    base: Base
    sampled: float

    def digest(self) -> str:
        """SHA-256 over column names, shape, values and labels."""
        head = json.dumps([self.layout.names, self.values.shape]).encode()
        body = np.ascontiguousarray(self.values, "<f4").tobytes()
        return hashlib.sha256(head + body + self.churned.tobytes()).hexdigest()


def lay_out(known: EventFrame, cut_offs: Sequence[AsOf]) -> Layout:
    """Pin the columns: features whose source has something in it, categories with the levels in use."""
    months = {np.datetime64(cut_off.day, "D").astype("datetime64[M]").astype(int) % 12 for cut_off in cut_offs}
    numbers = tuple(
        feature.name
        for feature in FEATURES.values()
        if (
            feature.signal is None
            or (feature.signal in known.signals and len(known.signals[feature.signal].customer) > 0)
        )
        and (feature.name != "month" or len(months) >= SEASON_MONTHS)
    )
    categories = []
    for name in sorted(known.attributes):
        attribute = known.attributes[name]
        used = sorted({attribute.levels[code] for code in np.unique(attribute.codes).tolist() if code >= 0})
        if used:
            categories.append(Category(name, tuple(used)))
    return Layout(numbers, tuple(categories))


def training_rows(frame: EventFrame, cut_offs: Sequence[AsOf], known_at: int, settings: ChurnSettings) -> Training:
    """Build the training rows of a frame whose customers are in the order of their keys.

    What is known of all customers together (usual gap, BG/NBD) is learned afresh at every cut-off, from
    what was known then: nothing in a row lies after its cut-off.
    """
    latest = max(cut_offs)
    layout = lay_out(as_known(frame, latest), cut_offs)
    parts: list[tuple[Matrix, Flags, Integers]] = []
    base = learn_base(as_known(frame, latest), latest)
    for cut_off in sorted(cut_offs):
        known = as_known(frame, cut_off)
        labels = label(frame, known, cut_off, known_at, settings)
        own = base if cut_off == latest else learn_base(known, cut_off)
        values = build_matrix(known, cut_off, own, layout, settings.horizon_days)
        parts.append((values[labels.active], labels.churned[labels.active], frame.keys[labels.active]))
    values, churned, keys = (np.concatenate([part[index] for part in parts]) for index in range(3))
    share = min(1.0, settings.max_rows / max(len(keys), 1))
    drawn = hashed(keys, 1) < share
    return Training(
        np.asarray(values, np.float32)[drawn], np.asarray(churned, np.bool_)[drawn], keys[drawn], layout, base, share
    )


def hashed(keys: Integers, salt: int) -> NDArray[np.float64]:
    """A number in [0, 1) for every key (splitmix64): equal keys, equal numbers, on every machine."""
    value = keys.astype(np.uint64) + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    value = value ^ (value >> np.uint64(31))
    return (value >> np.uint64(11)).astype(np.float64) / 2.0**53
