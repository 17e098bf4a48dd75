"""Rule books tried on facts without deciding anything: inline tests and invariants, and how much they hold."""

from engine.trials.claims import Base, metrics_asked
from engine.trials.coverage import coverage_of
from engine.trials.mutation import mutation_of
from engine.trials.report import Coverage, Missing, Mutation, Survivor, TestFailure, TestReport
from engine.trials.running import run_tests

__all__ = [
    "Base",
    "Coverage",
    "Missing",
    "Mutation",
    "Survivor",
    "TestFailure",
    "TestReport",
    "coverage_of",
    "metrics_asked",
    "mutation_of",
    "run_tests",
]
