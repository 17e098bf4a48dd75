"""After the stored tier: override, risk band, stage and tags."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.decisions.model import NO_DAY, NONE, RISKS, STAGES, Codes, Days, Flags, Moment, States
from engine.decisions.reading import FALSE, TRUE, UNKNOWN, Reading
from engine.expressions.columns import Columns
from engine.rulebook.book import MarketBook
from engine.vocabulary import Phase

PHASES = tuple(Phase)
_RISK = {risk.value: index for index, risk in enumerate(RISKS)}


@dataclass(frozen=True, slots=True)
class Staged:
    """The lifecycle's answer, (customers,); fields as in `Outcomes`."""

    stage: Codes
    rule: Codes
    held: Flags
    open: Flags


def override(states: States, tier: Codes, moment: Moment) -> tuple[Codes, Days]:
    """The effective tier: the one set by hand where there is one, with the local day it became effective."""
    effective = np.where(states.override >= 0, states.override, tier).astype(np.int16)
    same = (states.effective == effective) & (states.effective_since != NO_DAY)
    return effective, np.where(same, states.effective_since, moment.day).astype(np.int32)


def band(book: MarketBook, columns: Columns, length: int) -> NDArray[np.int8]:
    """The risk band, an index in RISKS: the last one whose lower edge is reached; NONE where unknown."""
    column = columns.get(book.risk.metric) if book.risk is not None else None
    if book.risk is None or column is None:
        return np.full(length, NONE, np.int8)
    codes = np.array([NONE, *(_RISK[key] for key in book.risk.keys)], np.int8)
    reached = np.searchsorted(np.array(book.risk.edges, np.int64), column.values, side="right")
    return np.where(column.causes == 0, codes[reached], np.int8(NONE))


def stage(book: MarketBook, states: States, given: Columns, reading: Reading, unsure: Columns | None = None) -> Staged:
    """Walk the lifecycle: the first line that holds gives the stage.

    At an unknown line with `hold` a customer keeps the stored stage; without one the line counts as false
    and the stage is marked open. A stored stage the book no longer has counts as none. A line whose answer
    rests on a provisional tier counts, but marks the stage open too.

    Args:
        given: The names lines see beside the facts.
        unsure: The same with provisional tiers unknown; None: there are none.
    """
    length = reading.length
    found = np.full(length, NONE, np.int16)
    rule = np.full(length, NONE, np.int16)
    held, open_ = np.zeros(length, np.bool_), np.zeros(length, np.bool_)
    has = np.zeros(len(STAGES) + 1, np.bool_)  # the last is for no stage, −1
    has[[STAGES.index(line.stage) for line in book.lifecycle]] = True
    known = has[states.stage]
    for index, line in enumerate(book.lifecycle):
        undecided = rule == NONE
        if not undecided.any():
            break
        matches = undecided
        if line.when is not None:
            truth = reading.truths(line.when, given)
            if unsure is not None and "tier" in line.when.names:
                open_ |= undecided & (truth != UNKNOWN) & (reading.truths(line.when, unsure) == UNKNOWN)
            matches = undecided & (truth != FALSE if line.on_unknown == "pass" else truth == TRUE)
            if line.on_unknown == "hold":
                unknown = undecided & (truth == UNKNOWN)
                open_ |= unknown
                keeps = unknown & known
                held |= keeps
                found[keeps], rule[keeps] = states.stage[keeps], index
        found[matches], rule[matches] = STAGES.index(line.stage), index
    return Staged(found, rule, held, open_)


def phase_codes(book: MarketBook, stages: Codes, rules: Codes, held: Flags) -> Codes:
    """The phase of every stage, an index in `tuple(Phase)`: of the line that gave it, for a held stage of the
    first line that has it; NONE without a stage."""
    by_line = [*(PHASES.index(line.phase) for line in book.lifecycle), NONE]
    by_stage = [NONE] * (len(STAGES) + 1)
    for line, phase in zip(reversed(book.lifecycle), reversed(by_line[:-1]), strict=True):
        by_stage[STAGES.index(line.stage)] = phase
    return np.where(held, np.array(by_stage, np.int16)[stages], np.array(by_line, np.int16)[rules])


def tag(book: MarketBook, given: Columns, reading: Reading) -> Flags:
    """The tags that hold, (customers, tags)."""
    rules = book.campaigns.tags
    truths = reading.table([rule.when for rule in rules], given)
    passes = np.array([rule.on_unknown == "pass" for rule in rules], np.bool_)
    flags: Flags = (truths == TRUE) | ((truths == UNKNOWN) & passes)
    return flags
