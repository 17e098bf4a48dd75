"""Whether a book's tests notice small changes of its rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.rulebook.addresses import Addresses
from engine.rulebook.book import Book
from engine.trials.frames import TestFrame, frames_of
from engine.trials.moved_conditions import moved_in_market, moved_in_shared
from engine.trials.mutants import MarketMutants, Mutant
from engine.trials.report import Mutation, Survivor
from engine.trials.running import failing, passing_tests


def mutation_of(book: Book) -> Mutation:
    """Move every number of the rules by a step, up and down, and look whether a test fails that passed.

    Moved are weights, values and points of curves, edges and points of bins, `min_known_weight`, `at_least`,
    numbers in conditions and in calculated metrics, stability, risk bands, cooldowns and the cap. Not moved is
    what no test can see: windows of records, capacities, costs, hours and holdouts. Changes that provably change
    nothing are counted apart. Tests that fail as the rules stand notice nothing.
    """
    frames = frames_of(replace(book, tests=passing_tests(book)))
    noticed, same, survived = 0, 0, list[Survivor]()
    for mutant in mutants_of(book):
        if mutant.same:
            same += 1
        elif _notices(frames, mutant):
            noticed += 1
        else:
            survived.append(Survivor(mutant.place, mutant.text))
    survived.sort(key=lambda one: one.place)
    return Mutation(noticed + len(survived), noticed, same, tuple(survived))


def mutants_of(book: Book) -> Iterator[Mutant]:
    """Every small change of a book, built on the linked book; no file is read anew for it."""
    at = Addresses(book)
    for rules in book.markets.values():
        made = MarketMutants(book, rules, at)
        yield from made.all()
        yield from moved_in_market(made)
    yield from moved_in_shared(book, at)


def _notices(frames: Sequence[TestFrame], mutant: Mutant) -> bool:
    """Some test fails with the change."""
    for frame in frames:
        rules = mutant.markets.get(frame.market)
        if rules is None:
            continue
        changed = frame if mutant.metrics is None else frame.with_metrics(mutant.metrics)
        if failing(rules, changed) is not None:
            return True
    return False
