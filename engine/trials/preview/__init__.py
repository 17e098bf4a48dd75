"""Preview: what a candidate rule book would change, from the decisions of both books."""

from engine.trials.preview.attribution import Attribution, Impact, attributed, moved_by
from engine.trials.preview.contacts import Volume, contacts
from engine.trials.preview.limits import Judged
from engine.trials.preview.movers import Mover, Movers
from engine.trials.preview.report import Comparison
from engine.trials.preview.sides import Pair, Side
from engine.trials.preview.tally import Band, Cell, cells
from engine.trials.preview.why import Shift, shifts, shifts_between, why

__all__ = [
    "Attribution",
    "Band",
    "Cell",
    "Comparison",
    "Impact",
    "Judged",
    "Mover",
    "Movers",
    "Pair",
    "Shift",
    "Side",
    "Volume",
    "attributed",
    "cells",
    "contacts",
    "moved_by",
    "shifts",
    "shifts_between",
    "why",
]
