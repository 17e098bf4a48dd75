"""Types that other nouns point back at, resolved when the schema is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from schema.customers import Customer
    from schema.decisions import Decision
    from schema.dispatches import Dispatch
    from schema.explanations import Explanation
    from schema.granting import Token
    from schema.ledger import LedgerEntry
    from schema.metrics import Metric
    from schema.models import ModelVersion
    from schema.previews import Preview
    from schema.rule_changes import RuleChange
    from schema.rulebooks import Rulebook
    from schema.runs import Run
    from schema.tasks import Task

CustomerLater = Annotated["Customer", strawberry.lazy("schema.customers")]
DecisionLater = Annotated["Decision", strawberry.lazy("schema.decisions")]
DispatchLater = Annotated["Dispatch", strawberry.lazy("schema.dispatches")]
ExplanationLater = Annotated["Explanation", strawberry.lazy("schema.explanations")]
LedgerEntryLater = Annotated["LedgerEntry", strawberry.lazy("schema.ledger")]
MetricLater = Annotated["Metric", strawberry.lazy("schema.metrics")]
ModelVersionLater = Annotated["ModelVersion", strawberry.lazy("schema.models")]
PreviewLater = Annotated["Preview", strawberry.lazy("schema.previews")]
RuleChangeLater = Annotated["RuleChange", strawberry.lazy("schema.rule_changes")]
RulebookLater = Annotated["Rulebook", strawberry.lazy("schema.rulebooks")]
RunLater = Annotated["Run", strawberry.lazy("schema.runs")]
TaskLater = Annotated["Task", strawberry.lazy("schema.tasks")]
TokenLater = Annotated["Token", strawberry.lazy("schema.granting")]
