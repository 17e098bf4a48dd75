"""Static analysis of a rule book: what can never happen, each finding with a customer that shows it.

analyse(book, run_days=None) -> findings by place
"""

from engine.trials.analysis.analyses import ANALYSES, analyse

__all__ = ["ANALYSES", "analyse"]
