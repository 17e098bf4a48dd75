"""All analyses in order, and running them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from engine.errors import Problem
from engine.rulebook.book import Book
from engine.trials.analysis.contacts import campaigns_without_consent, short_cooldowns
from engine.trials.analysis.gates import constant_conditions, contradicting_gates
from engine.trials.analysis.measures import unattainable_numbers, wrong_directions
from engine.trials.analysis.missing import fragile_metrics
from engine.trials.analysis.order import lifecycle_lines, shadowed_force
from engine.trials.analysis.saying import folded
from engine.trials.analysis.search import Purse
from engine.trials.analysis.study import NODES, Study, study_of
from engine.trials.analysis.tiers import unreachable_tiers
from engine.trials.analysis.triggers import impossible_triggers, waiting_campaigns
from engine.trials.analysis.unused import unread_fields, unused_metrics
from engine.trials.analysis.weights import weightless_criteria


@dataclass(frozen=True, slots=True)
class Subject:
    """What is analysed.

    Attributes:
        markets: A study of each market.
        run_days: Days from one run to the next; None: not known.
    """

    book: Book
    markets: tuple[Study, ...]
    run_days: int | None


def _each(analysis: Callable[[Study], Iterator[Problem]]) -> Callable[[Subject], Iterator[Problem]]:
    """An analysis of one market, for every market."""

    def analysed(subject: Subject) -> Iterator[Problem]:
        for study in subject.markets:
            yield from analysis(study)

    return analysed


ANALYSES: Final[tuple[Callable[[Subject], Iterator[Problem]], ...]] = (
    _each(unreachable_tiers),
    _each(constant_conditions),
    _each(contradicting_gates),
    _each(shadowed_force),
    lambda subject: lifecycle_lines(subject.markets),
    lambda subject: impossible_triggers(subject.markets),
    lambda subject: waiting_campaigns(subject.markets),
    _each(wrong_directions),
    lambda subject: unattainable_numbers(subject.markets),
    _each(weightless_criteria),
    _each(fragile_metrics),
    lambda subject: campaigns_without_consent(subject.markets),
    lambda subject: short_cooldowns(subject.markets, subject.run_days),
    lambda subject: unused_metrics(subject.book, subject.markets),
    lambda subject: unread_fields(subject.book, subject.markets),
)
"""Every analysis; they share what may be spent on searching."""


def analyse(book: Book, run_days: int | None = None, nodes: int = NODES) -> tuple[Problem, ...]:
    """Look for rules that cannot do what they say.

    Args:
        run_days: Days from one run to the next, as far as somebody knows: for cooldowns.
        nodes: How many nodes of rules may be looked at in all: more takes longer and decides more.

    Returns:
        Warnings and notes by place, each with a customer that shows it where one is needed.
    """
    purse = Purse(nodes)
    subject = Subject(book, tuple(study_of(book, rules, purse) for rules in book.markets.values()), run_days)
    found: list[Problem] = []
    for analysis in ANALYSES:
        found += folded(analysis(subject))
    return tuple(sorted(found, key=lambda problem: (problem.place, problem.code, problem.message.en)))
