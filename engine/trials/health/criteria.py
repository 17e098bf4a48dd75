"""Criteria on a base: those that say nothing, those that are mostly unknown, those that say the same."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.scoring import Criterion
from engine.trials.health.model import RuleHealth
from engine.trials.health.scene import Scene
from engine.vocabulary import POINTS_SCALE, Text

DUPLICATE: Final = 0.9
"""From this rank correlation on two criteria are told to say the same."""
MOSTLY: Final = 0.95
"""From this share on one answer is told to be nearly everybody's."""
SEVERAL: Final = 30
"""For fewer customers no correlation is computed."""
_FULL: Final = 100 * POINTS_SCALE

Flags = NDArray[np.bool_]


def criteria_health(scene: Scene) -> list[RuleHealth]:
    """Every criterion of the scorecard, in its order."""
    outcomes, card = scene.outcomes, scene.rules.scorecard.criteria
    known = outcomes.point_states == 0
    alike = correlations(outcomes.points, known)
    found = []
    for index, criterion in enumerate(card):
        points, mine = outcomes.points[:, index], known[:, index]
        fired = mine & (points > 0)
        other = _closest(alike, index)
        said = _said(points[mine], scene.customers)
        if other is not None:
            said.append(_same(card[other], alike[index, other], int((mine & known[:, other]).sum())))
        found.append(
            RuleHealth(
                item=_item(scene, criterion),
                title=criterion.title,
                place=criterion.place,
                customers=scene.customers,
                fired=int(fired.sum()),
                unknown=int((~mine).sum()),
                overridden=int((fired & scene.by_hand).sum()),
                finding=_together(said),
                correlates_with=None if other is None else _item(scene, card[other]),
                correlation=None if other is None else float(alike[index, other]),
            )
        )
    return found


def correlations(points: NDArray[np.int32], known: Flags) -> NDArray[np.float64]:
    """Rank correlation (Spearman 1904) of every two criteria over customers for whom both are known.

    Args:
        points, known: (customers, criteria)

    Returns:
        (criteria, criteria); NaN where it cannot be told: too few customers, or always the same points.
    """
    from scipy.stats import rankdata

    number = points.shape[1]
    found = np.full((number, number), np.nan)
    for one in range(number):
        for other in range(one):
            both = known[:, one] & known[:, other]
            if both.sum() < SEVERAL:
                continue
            first, second = rankdata(points[both, one]), rankdata(points[both, other])
            if np.ptp(first) > 0 and np.ptp(second) > 0:
                found[one, other] = found[other, one] = np.corrcoef(first, second)[0, 1]
    return found


def _closest(alike: NDArray[np.float64], index: int) -> int | None:
    """The criterion that ranks customers most like this one, if nearly so."""
    row = np.nan_to_num(np.abs(alike[index]))
    best = int(row.argmax())
    return best if row[best] > DUPLICATE else None


def _said(points: NDArray[np.int32], customers: int) -> list[Text]:
    """What the points of those for whom it is known show."""
    if not customers:
        return []
    if not len(points):
        return [Text("Its metric is unknown for everybody: it never counts.", "其指标对所有客户都未知：从未起作用。")]
    said = []
    values, counts = np.unique(points, return_counts=True)
    usual, share = int(values[counts.argmax()]), float(counts.max() / len(points))
    shown = f"{Decimal(usual) / POINTS_SCALE:g}"
    what = {0: Text("no points", " 0 分"), _FULL: Text("full points", "满分")}.get(
        usual, Text(f"the same {shown} points", f"相同的 {shown} 分")
    )
    if share == 1:
        said.append(Text(f"It gives everybody {what.en}: it tells nobody apart.", f"所有客户都得{what.zh}：无法区分。"))
    elif share >= MOSTLY:
        percent = f"{100 * share:.0f}"
        said.append(Text(f"It gives {percent} % {what.en}.", f"{percent}% 的客户得{what.zh}。"))
    if 2 * len(points) < customers:
        percent = f"{100 * (1 - len(points) / customers):.0f}"
        said.append(
            Text(f"Its metric is unknown for {percent} % of the customers.", f"其指标对 {percent}% 的客户未知。")
        )
    return said


def _same(other: Criterion, correlation: float, customers: int) -> Text:
    value = f"{correlation:.2f}".replace("-", "−")
    if correlation > 0:
        return Text(
            f"It says nearly the same as `{other.name}` (rank correlation {value} over {customers} customers).",
            f"与 `{other.name}` 几乎相同（{customers} 位客户的秩相关系数 {value}）。",
        )
    return Text(
        f"It says nearly the opposite of `{other.name}` (rank correlation {value} over {customers} customers).",
        f"与 `{other.name}` 几乎相反（{customers} 位客户的秩相关系数 {value}）。",
    )


def _item(scene: Scene, criterion: Criterion) -> str:
    return f"{scene.rules.market.lower()}.scorecard.criteria.{criterion.name}"


def _together(said: list[Text]) -> Text | None:
    return Text(" ".join(one.en for one in said), "".join(one.zh for one in said)) if said else None
