"""What changed since the decision before: facts and rules swapped one after the other, in the fixed order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
from sqlalchemy.orm import Session

from engine.decisions import Inputs as Swapped
from engine.decisions import change_parts
from engine.decisions.record import ChangePart
from engine.errors import NotKeptError, OtherEngineError, RevisionUnreadableError
from engine.expressions import CAUSE_CODE, Column
from engine.metrics import FromModel, FromValue, second_pass
from engine.operations.facts import Clocks, assemble, metrics_read
from engine.operations.inputs import Decided, Inputs, stored_decision
from engine.operations.states import strictly_before
from engine.store import locate_latest
from engine.store.reading import runs_of_decisions
from engine.vocabulary import UnknownCause


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """What changed since the decision before.

    Attributes:
        since: Number of the decision before.
        since_as_of: The instant it was for.
        since_revision: The rule book it was made by.
        delta: Difference of the scores; None: one of them is unknown, or the decision before needs another engine
            version or is kept no longer. Then there are no parts.
        parts: One per cause, in the fixed order; they sum to `delta` exactly.
    """

    since: int
    since_as_of: datetime
    since_revision: str
    delta: Decimal | None
    parts: tuple[ChangePart, ...]


def change_between(session: Session, earlier: Decided, decision: Decided) -> ScoreChange:
    """What changed between two decisions of one customer."""
    before = earlier.inputs
    parts = None
    if before.market is decision.inputs.market:
        steps = _steps(session, decision, earlier)
        parts = change_parts(Swapped(before.rules, before.columns, before.states, before.moment), steps)
    delta = None if parts is None else sum((part.delta for part in parts), Decimal(0))
    return ScoreChange(earlier.number, earlier.run.as_of, before.book.revision, delta, parts or ())


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


def _steps(session: Session, decision: Decided, earlier: Decided) -> list[Swapped]:
    """Inputs after each swap: behaviour, data correction, rule, model, override, time.

    What the customer did between the two instants counts as done on the eve of the earlier one, so that the
    clock can be moved last; what was recorded later about the time before is data correction.
    """
    before, after, old, new = earlier.inputs, decision.inputs, earlier.run, decision.run
    learned = {"done_by": new.as_of, "done_known_at": new.as_known_at}
    done = Clocks(old.as_of, old.as_known_at, **learned)
    corrected = Clocks(old.as_of, new.as_known_at, **learned)
    same_model = old.model_digest == new.model_digest
    behaved, modelled = _predictions(before, after, same_model), _predictions(before, after, same_model=True)
    first = _facts(session, before, decision.customer_id, done, behaved, before.moment.day)
    second = _facts(session, before, decision.customer_id, corrected, behaved, before.moment.day)
    third = second
    if after.book.revision != before.book.revision:
        third = _facts(session, after, decision.customer_id, corrected, behaved, before.moment.day)
    fourth = third
    if not same_model:
        fourth = _facts(session, after, decision.customer_id, corrected, modelled, before.moment.day)
    return [
        Swapped(before.rules, first, before.states, before.moment),
        Swapped(before.rules, second, before.states, before.moment),
        Swapped(after.rules, third, after.states, before.moment),
        Swapped(after.rules, fourth, after.states, before.moment),
        Swapped(after.rules, fourth, after.states, before.moment),
        Swapped(after.rules, after.columns, after.states, after.moment),
    ]


def _facts(
    session: Session, inputs: Inputs, customer: int, clocks: Clocks, predictions: Mapping[str, Column], day: int
) -> dict[str, Column]:
    """What score and tier read, by other clocks and with other predictions; expressions follow them."""
    names = metrics_read(inputs.book, inputs.market, aftermath=False)
    found = assemble(session, inputs.book, inputs.market, clocks, [customer], names)
    columns = {**found.columns, **{name: predictions[name] for name in found.columns if name in predictions}}
    metrics = [metric for metric in inputs.book.metrics.values() if metric.name in columns]
    derived = second_pass(metrics, columns, 1, day)
    return {**columns, **derived}


def _predictions(before: Inputs, after: Inputs, same_model: bool) -> dict[str, Column]:
    """Predictions and estimates as they became; the old ones where another model speaks or age is the reason."""
    chosen: dict[str, Column] = {}
    for inputs in (before, after):
        for name, column in inputs.columns.items():
            origin = inputs.book.metrics[name].origin
            if not isinstance(origin, (FromModel, FromValue)):
                continue
            other_model = isinstance(origin, FromModel) and not same_model
            stale = int(column.causes[0]) == CAUSE_CODE[UnknownCause.STALE]
            if inputs is before or name not in chosen or not (other_model or stale):
                chosen[name] = column
    return chosen
