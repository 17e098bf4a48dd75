"""Rule books tried on facts without deciding anything: inline tests and invariants."""

from engine.trials.report import TestFailure, TestReport
from engine.trials.running import Base, run_tests

__all__ = ["Base", "TestFailure", "TestReport", "run_tests"]
