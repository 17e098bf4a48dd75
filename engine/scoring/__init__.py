"""Scorecards: points of criteria to a score with bounds and contributions, exact.

score_columns(card, columns, length) -> Scored      many customers
score_one(card, facts) -> ScoredOne                 one customer, with contributions
"""

from engine.scoring.columnar import Scored, score_columns
from engine.scoring.model import Criterion, MissingPolicy, Scorecard
from engine.scoring.policy import LARGEST_WEIGHT, assumed_points
from engine.scoring.single import CriterionScore, ScoredOne, lost_points, score_one

__all__ = [
    "LARGEST_WEIGHT",
    "Criterion",
    "CriterionScore",
    "MissingPolicy",
    "Scorecard",
    "Scored",
    "ScoredOne",
    "assumed_points",
    "lost_points",
    "score_columns",
    "score_one",
]
