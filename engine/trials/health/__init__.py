"""Health: how every rule does on a base of customers: never fires, says the same as another, is set aside."""

from engine.trials.health.book import dead_here, rule_health, shared_findings
from engine.trials.health.criteria import correlations
from engine.trials.health.model import RuleHealth

__all__ = ["RuleHealth", "correlations", "dead_here", "rule_health", "shared_findings"]
