"""What changed since the decision before: facts and rules swapped one after the other, in the fixed order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import numpy as np
from sqlalchemy.orm import Session

from engine.decisions import NONE, States, change_parts, named, states_from_stored, stored_from_outcomes, tier_keys
from engine.decisions import Inputs as Swapped
from engine.decisions.record import ChangePart
from engine.errors import NotKeptError, OtherEngineError, RevisionUnreadableError
from engine.expressions import CAUSE_CODE, Column
from engine.metrics import FromModel, FromValue, second_pass
from engine.operations.facts import Clocks, assemble, metrics_read
from engine.operations.inputs import Decided, Inputs, RunBehind, stored_decision
from engine.operations.states import strictly_before
from engine.store import locate_latest
from engine.store.reading import runs_of_decisions
from engine.vocabulary import UNRATED, UnknownCause


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """What changed since the decision before.

    Attributes:
        since: Number of the decision before.
        since_as_of: The instant it was for.
        since_revision: The rule book it was made by.
        delta: Difference of the scores; None: one of them is unknown, or there are no parts.
        parts: One per cause, in the fixed order; they sum to `delta` exactly, and their tiers lead from the effective
            tier of the one decision to that of the other. Empty: the decision before is of another market, needs
            another engine version or is kept no longer.
    """

    since: int
    since_as_of: datetime
    since_revision: str
    delta: Decimal | None
    parts: tuple[ChangePart, ...]


Made = tuple[RunBehind, Inputs]
"""Decisions of one market with the run that made them."""


def change_between(session: Session, earlier: Decided, decision: Decided) -> ScoreChange:
    """What changed between two decisions of one customer."""
    before = earlier.inputs
    parts: tuple[ChangePart, ...] = ()
    if before.market is decision.inputs.market:
        start, *steps = swapped_inputs(session, (earlier.run, before), (decision.run, decision.inputs))
        parts = change_parts(start, steps, named(tier_keys(before.rules), before.outcomes.effective)[0] or UNRATED)
    deltas = [part.delta for part in parts if part.delta is not None]
    delta = sum(deltas, Decimal(0)) if parts and len(deltas) == len(parts) else None
    return ScoreChange(earlier.number, earlier.run.as_of, before.book.revision, delta, parts)


def decision_before(session: Session, decision: Decided) -> Decided | None:
    """The customer's latest decision for an earlier instant; None: there is none.

    Raises:
        DamagedError: Its chunk does not fit its hash.
        OtherEngineError: Another engine version made it.
        NotKeptError: Its facts are gone by policy.
        RevisionUnreadableError: This version cannot read the rules it was made by.
    """
    number = _number_before(session, decision)
    return None if number < 0 else stored_decision(session, number)


def change_before(session: Session, decision: Decided) -> tuple[ScoreChange | None, Decided | None]:
    """What changed since the customer's decision before, and that decision; None: this is the first.

    A decision before that this version cannot make again, or is kept no longer, cannot be laid open: then it is not
    given, and the change has no parts.

    Raises:
        DamagedError: Its chunk does not fit its hash.
    """
    try:
        earlier = decision_before(session, decision)
    except (OtherEngineError, NotKeptError, RevisionUnreadableError):
        number = _number_before(session, decision)
        run = runs_of_decisions(session, [number])[number]
        return ScoreChange(number, run.as_of, run.revision, None, ()), None
    return (None, None) if earlier is None else (change_between(session, earlier, decision), earlier)


def _number_before(session: Session, decision: Decided) -> int:
    """Number of the customer's latest decision for an earlier instant; -1: there is none."""
    strictly = strictly_before(decision.run.as_of)
    return int(locate_latest(session, np.array([decision.customer_id]), strictly).numbers.item())


def swapped_inputs(session: Session, earlier: Made, later: Made) -> list[Swapped]:
    """Inputs before and after each swap: behaviour, data correction, rule, model, override, time.

    What the customers did between the two instants counts as done on the eve of the earlier one, so that the
    clock can be moved last; what was recorded later about the time before is data correction. All start from the state
    the earlier decision left, which is the state of the later one: from the state before it a fall would be told where
    the customer was held.

    Args:
        earlier, later: Decisions of the same customers, by rising row number, in one market.
    """
    (old, before), (new, after) = earlier, later
    learned = {"done_by": new.as_of, "done_known_at": new.as_known_at}
    done = Clocks(old.as_of, old.as_known_at, **learned)
    told = Clocks(old.as_of, new.as_known_at, **learned)
    same_rules, same_model = after.book.revision == before.book.revision, old.model_digest == new.model_digest
    held, said = _predictions(before, after, same_model), _predictions(before, after, same_model=True)
    day = before.moment.day
    by_new = _by_override_of(before, after)

    start = Swapped(before.rules, before.columns, by_new if same_rules else _left_by(before), before.moment)
    behaved = replace(start, columns=_facts(session, before, done, held, day))
    corrected = ruled = replace(start, columns=_facts(session, before, told, held, day))
    if not same_rules:
        ruled = Swapped(after.rules, _facts(session, after, told, held, day), by_new, before.moment)
    modelled = ruled
    if not same_model:
        modelled = replace(ruled, columns=_facts(session, after, told, said, day))
    overridden = modelled if by_new is after.states else replace(modelled, states=after.states)
    passed = Swapped(after.rules, after.columns, after.states, after.moment)
    return [start, behaved, corrected, ruled, modelled, overridden, passed]


def _left_by(decided: Inputs) -> States:
    """The states decisions left, as far as tiers depend on it, by their own rules and with the overrides they had."""
    override = named(tier_keys(decided.rules), decided.states.override)
    return states_from_stored(decided.rules, stored_from_outcomes(decided.rules, decided.outcomes), override)


def _by_override_of(before: Inputs, after: Inputs) -> States:
    """The later decisions' states with the overrides of the earlier ones; a tier that is no more is no override."""
    keys = [*tier_keys(after.rules)]
    codes = {key: code for code, key in enumerate(keys) if key is not None}
    overridden = named(tier_keys(before.rules), before.states.override)
    override = np.array([NONE if key is None else codes.get(key, NONE) for key in overridden], np.int16)
    same = override.tolist() == after.states.override.tolist()
    return after.states if same else replace(after.states, override=override)


def _facts(
    session: Session, inputs: Inputs, clocks: Clocks, predictions: Mapping[str, Column], day: int
) -> dict[str, Column]:
    """What score and tier read, by other clocks and with other predictions; expressions follow them."""
    names = metrics_read(inputs.book, inputs.market, aftermath=False)
    found = assemble(session, inputs.book, inputs.market, clocks, inputs.customers, names)
    columns = {**found.columns, **{name: predictions[name] for name in found.columns if name in predictions}}
    metrics = [metric for metric in inputs.book.metrics.values() if metric.name in columns]
    derived = second_pass(metrics, columns, len(inputs.customers), day)
    return {**columns, **derived}


def _predictions(before: Inputs, after: Inputs, same_model: bool) -> dict[str, Column]:
    """Predictions and estimates as they became; the old ones where another model speaks or age is the reason."""
    chosen: dict[str, Column] = {}
    for inputs in (before, after):
        for name, column in inputs.columns.items():
            origin = inputs.book.metrics[name].origin
            if not isinstance(origin, (FromModel, FromValue)):
                continue
            if inputs is before or name not in chosen:
                chosen[name] = column
            elif same_model or not isinstance(origin, FromModel):
                chosen[name] = _unless_stale(chosen[name], column)
    return chosen


def _unless_stale(old: Column, new: Column) -> Column:
    """The new values, but the old one where the new one is unknown for its age alone."""
    stale = new.causes == CAUSE_CODE[UnknownCause.STALE]
    if not stale.any():
        return new
    if stale.all():
        return old
    values, causes = np.where(stale, old.values, new.values), np.where(stale, old.causes, new.causes)
    return replace(new, values=values, causes=causes)
