"""Promise 1: missing data never promotes, demotes or contacts anybody, unless the book says what absence means."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from engine.decisions import (
    CAMPAIGN_DISPATCH,
    CAMPAIGN_QUIET,
    SUPPRESSIONS,
    Outcomes,
    States,
    decide,
    take_rows,
)
from engine.decisions.rows import repeated_row
from engine.expressions import Column, Expression
from engine.metrics import second_pass
from engine.rulebook.book import Book
from engine.scoring import MissingPolicy
from engine.vocabulary import SuppressionCause
from tests.decisions.random_books import BOOKS, DAY, GRIDS, MOMENT, SEEDS, random_book, random_states, rules_of
from tests.promises.sizes import hold, sizes

UNKNOWN_DATA = 2 + SUPPRESSIONS.index(SuppressionCause.UNKNOWN_DATA)
READS = {"load": {"debt", "n"}, "risk": {"churn"}}


def conditions(book: Book) -> Iterable[tuple[Expression, bool]]:
    """Every condition of the rules, and whether it says what to do where it is unknown."""
    rules = rules_of(book)
    gates = [gate for tier in rules.tiers for gate in (*tier.gates, *([tier.or_when] if tier.or_when else []))]
    for rule in [*gates, *rules.force, *(line for line in rules.lifecycle if line.when is not None)]:
        yield rule.when, rule.on_unknown != "hold" or "known(" in rule.when.text
    for rule in [*rules.campaigns.triggers, *rules.campaigns.tags]:
        yield rule.when, rule.on_unknown == "pass"


def silent(book: Book) -> list[str]:
    """Metrics whose absence the book gives no meaning, neither itself nor through what is made of them."""
    criteria = rules_of(book).scorecard.criteria
    of_score = set().union(*(READS.get(one.metric, {one.metric}) for one in criteria))
    spoken = {one.metric for one in criteria if one.missing is not MissingPolicy.RENORMALISE}
    for when, says in conditions(book):
        spoken |= set(when.names) if says else set()
    reads = {**READS, "score": of_score, "tier": set(GRIDS), "stage": set(GRIDS), "phase": set(GRIDS)}
    spoken |= set().union(*(reads.get(name, set()) for name in spoken))
    return sorted(set(GRIDS) - spoken)


@dataclass(frozen=True)
class Hidden:
    """One customer with some facts unknown, decided; and with every completion of them from the grids."""

    book: Book
    states: States
    columns: dict[str, Column]
    outcomes: Outcomes
    every: Outcomes

    def pinned(self) -> Outcomes:
        """Every completion, with the tier by hand that is effective without it."""
        states = replace(self.states, override=self.outcomes.effective)
        return decide(rules_of(self.book), self.columns, repeated_row(states, len(self.every.tier)), MOMENT)


def frame(book: Book, facts: dict[str, int], hidden: list[str], cause: int) -> dict[str, Column]:
    """Every completion of the hidden facts, and last the customer itself, whose hidden facts are unknown."""
    completions = list(itertools.product(*(GRIDS[name] for name in hidden)))
    rows, columns = len(completions) + 1, {}
    for name in GRIDS:
        values, causes = np.full(rows, max(facts[name], 0), np.int64), np.zeros(rows, np.uint8)
        if name in hidden:
            values[:-1] = [completion[hidden.index(name)] for completion in completions]
            values[-1], causes[-1] = 0, cause
        elif facts[name] < 0:
            causes[:] = cause
        columns[name] = Column(values, causes, book.metrics[name].unit)
    return {**columns, **second_pass(book.metrics.values(), columns, rows, DAY)}


def hide(book: Book, facts: dict[str, int], wanted: set[str], cause: int, seed: int) -> Hidden | None:
    """None: nothing wanted may be hidden, for the book gives every absence a meaning.

    A fact below zero is unknown in every completion, which is only done where the book says what that means.
    """
    silence = silent(book)
    hidden = sorted(wanted & set(silence))
    if not hidden:
        return None
    known = {name: abs(value) if name in silence else value for name, value in facts.items()}
    columns, states = frame(book, known, hidden, cause), random_states(book, seed, 1)
    rows = len(columns["v"])
    outcomes = decide(rules_of(book), columns, repeated_row(states, rows), MOMENT)
    completed = {name: column.take(slice(0, rows - 1)) for name, column in columns.items()}
    own, every = slice(rows - 1, rows), slice(0, rows - 1)
    return Hidden(book, states, completed, take_rows(outcomes, own), take_rows(outcomes, every))


def tier_moves_only_where_all_would(case: Hidden) -> None:
    """A tier moves only if every value of what is missing would move it so far."""
    stored, after, every = int(case.states.tier[0]), int(case.outcomes.tier[0]), case.every.tier
    if 0 <= after < stored:
        assert every.min() >= 0
        assert every.max() <= after
    if 0 <= stored < after:
        assert every.min() >= after
    if stored >= 0:
        assert after >= 0
    elif after >= 0 and (case.every.forced < 0).all():
        # The first tier: nobody is given a better one than is sure, and it is marked unless all agree.
        rated = every[every >= 0]
        assert rated.size == 0 or rated.max() <= after
        assert case.outcomes.provisional[0] or (rated == after).all()


def stage_moves_only_where_all_would(case: Hidden, pinned: Outcomes) -> None:
    """A stage follows from what is known, or it is the stored one, or it is marked open."""
    if case.outcomes.stage_held[0]:
        assert case.outcomes.stage[0] == case.states.stage[0]
    elif not case.outcomes.stage_open[0]:
        assert (pinned.stage == case.outcomes.stage[0]).all()


def contacts_only_whom_all_would(case: Hidden, completions: Outcomes) -> None:
    """A trigger or tag that holds would hold with every completion; whoever is contacted would be contacted."""
    rules = rules_of(case.book).campaigns
    holds = ~np.isin(case.outcomes.campaigns[0], [CAMPAIGN_QUIET, UNKNOWN_DATA])
    assert not (holds & np.isin(completions.campaigns, [CAMPAIGN_QUIET, UNKNOWN_DATA])).any()
    assert not (case.outcomes.tags[0] & ~completions.tags).any()
    sent, sent_by_all = case.outcomes.campaigns[0] == CAMPAIGN_DISPATCH, completions.campaigns == CAMPAIGN_DISPATCH
    marketing = np.array([trigger.marketing for trigger in rules.triggers])
    assert sent_by_all[:, sent & ~marketing].all()
    # One marketing contact a decision: another campaign may be the one, but somebody is not contacted for it.
    if (sent & marketing).any():
        assert sent_by_all[:, marketing].any(axis=1).all()


def missing_data_does_nothing(
    book_seed: int, says: bool, facts: dict[str, int], wanted: set[str], cause: int, seed: int
) -> None:
    case = hide(random_book(book_seed, says_what_absence_means=says), facts, wanted, cause, seed)
    if case is None:
        return
    tier_moves_only_where_all_would(case)
    if case.outcomes.effective[0] >= 0:
        pinned = case.pinned()
        stage_moves_only_where_all_would(case, pinned)
        contacts_only_whom_all_would(case, pinned)
    if case.outcomes.provisional[0] and case.states.override[0] < 0:
        contacts_only_whom_all_would(case, case.every)
    unrated = case.every.effective == case.outcomes.effective[0]
    contacts_only_whom_all_would(case, take_rows(case.every, unrated))


FACTS = st.fixed_dictionaries({
    name: st.sampled_from([*grid, *(-value for value in grid if value)]) for name, grid in GRIDS.items()
})  # fmt: skip
DRAWN = {
    "book_seed": BOOKS,
    "says": st.booleans(),
    "facts": FACTS,
    "wanted": st.sets(st.sampled_from(sorted(GRIDS)), min_size=1),
    "cause": st.integers(1, 5),
    "seed": SEEDS,
}


@sizes(250, 10_000)
def test_missing_data_never_moves_or_contacts_anybody(size: int) -> None:
    hold(missing_data_does_nothing, size, **DRAWN)


def test_there_is_something_to_hide_in_most_books_and_something_happens() -> None:
    """The property is not empty: customers move, stay and are contacted although something is unknown."""
    seen = {"silent": 0, "moved": 0, "stayed": 0, "contacted": 0, "provisional": 0, "held": 0}
    draw = np.random.default_rng(1)
    for seed in range(150):
        facts = {name: int(draw.choice(grid)) for name, grid in GRIDS.items()}
        wanted = set(draw.choice(sorted(GRIDS), int(draw.integers(1, 4)), replace=False).tolist())
        case = hide(random_book(seed % 60, seed % 2 == 0), facts, wanted, 2, seed)
        if case is None:
            continue
        seen["silent"] += 1
        stored, after = int(case.states.tier[0]), int(case.outcomes.tier[0])
        seen["moved"] += 0 <= stored != after
        seen["stayed"] += stored == after and bool((case.every.tier != stored).any())
        seen["contacted"] += bool((case.outcomes.campaigns[0] == CAMPAIGN_DISPATCH).any())
        seen["provisional"] += bool(case.outcomes.provisional[0])
        seen["held"] += bool(case.outcomes.stage_held[0])
    assert min(seen.values()) >= 10, seen
