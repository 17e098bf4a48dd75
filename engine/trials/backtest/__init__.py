"""Back-test: a rule book as if it had decided at past instants, judged by what customers did afterwards."""

from engine.trials.backtest.brought import Brought, brought_after
from engine.trials.backtest.judging import Judged, Rival, TierFollowed, best_rival, judge
from engine.trials.backtest.playing import Play, rank_of
from engine.trials.backtest.rivals import RIVALS, rival_ranks
from engine.trials.backtest.statistics import (
    Interval,
    Order,
    bootstrap_mean,
    gini,
    gini_difference,
    lift,
    top_lift,
    wilson,
)
from engine.trials.backtest.words import overall, verdict

__all__ = [
    "RIVALS",
    "Brought",
    "Interval",
    "Judged",
    "Order",
    "Play",
    "Rival",
    "TierFollowed",
    "best_rival",
    "bootstrap_mean",
    "brought_after",
    "gini",
    "gini_difference",
    "judge",
    "lift",
    "overall",
    "rank_of",
    "rival_ranks",
    "top_lift",
    "verdict",
    "wilson",
]
