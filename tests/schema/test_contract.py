"""The API is what was agreed: the printed schema, the sketch, and a description on everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from schema.root import the_schema
from tests.schema.sketch import Shape, shapes

OURS = frozenset(
    (
        "EditImpact.needs",
        "EditImpact.contacts",
        "Guardrail.market",
        "GateResult.remedy",
        "Metric.provenance",
        "Mutation.forgetCustomer",
        "NextTier.exhaustive",
        "Mutation.unscheduleRulebook",
        "Mutation.unshadowRulebook",
        *(f"Shadow.{name}" for name in ("endedAt", "running", "revision", "actor", "matrix", "customers", "problem")),
        "DecidePayload.alreadyDecided",
        "DecidePayload.leftOut",
        "DecidePayload.activated",
        "PublishRulebookInput.activateZone",
        "RuleChange.activateZone",
        "RuleChange.publishReason",
        "RuleChange.withdrawReason",
        "RuleChange.failedTests",
        "RuleChange.movedWith",
        "CustomerFilter.purpose",
        "RuleChange.onBehalfOf",
        "Review.onBehalfOf",
        "RuleChange.seen",
        "Preview.damaged",
        "Run.leftOut",
        "Override.approvedAt",
        "Override.computed",
        "Override.onBehalfOf",
        "Override.pendingBecause",
        "Query.overrides",
        "Query.overrideStatistics",
        "AuditVerification.problems",
        "ChangePart.tierBefore",
        "Decision.asKnownAt",
        "Explanation.asKnownAt",
        "Run.asKnownAt",
        "GateResult.title",
        "NextTier.reachable",
        "Reason.cause",
        "Reason.state",
    )
)
"""Fields the sketch lacks, see docs/adr/0005, 0007, 0008, 0009, 0010, 0012, 0013, 0014, 0015 and 0016."""
OUR_VALUES = {
    "TierRoute": {"STEP_DOWN", "STEP_UP", "BEST_POSSIBLE", "WORST_POSSIBLE"},
    "EntryKind": {"RULES_SCHEDULED", "RULES_UNSCHEDULED", "RULES_STOPPED", "RULES_SHADOWED"},
}
"""Values of enumerations the sketch lacks, see docs/adr/0014 and 0015."""
OUR_ARGUMENTS = {"Customer.fields": {"asKnownAt"}, "Customer.churn": {"asOf", "asKnownAt"}}
"""Arguments the sketch lacks; both clocks, as on metrics and decisions."""
OUR_TYPES = frozenset(
    (
        "DamagedChunk",
        "FamilyEffect",
        "FitParameter",
        "ForgetCustomerInput",
        "ForgetCustomerPayload",
        "OverriddenRule",
        "OverrideMove",
        "OverrideReasonCount",
        "OverrideStateCount",
        "OverrideStatistics",
        "Provenance",
        "SeenPreview",
        "ShadowedCustomer",
        "ShadowedCustomerConnection",
        "ShadowedCustomerEdge",
        "UnscheduleRulebookInput",
        "UnshadowRulebookInput",
    )
)
"""Types the sketch lacks, see docs/adr/0007, 0009, 0012, 0015 and 0016."""
PRINTED = Path(__file__).parents[2] / "schema" / "schema.graphql"


def test_the_printed_schema_is_the_schema() -> None:
    schema, _ = the_schema()
    assert PRINTED.read_text(encoding="utf-8") == schema.as_str() + "\n", "print it again: python -m schema.printing"


def test_everything_has_a_description() -> None:
    schema, _ = the_schema()
    without = []
    for name, kind in schema._schema.type_map.items():
        if name.startswith("__") or name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        if not kind.description:
            without.append(name)
        if isinstance(kind, GraphQLEnumType):
            without += [f"{name}.{value}" for value, told in kind.values.items() if not told.description]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field, told in kind.fields.items():
                if not told.description:
                    without.append(f"{name}.{field}")
                arguments = getattr(told, "args", {})
                without += [f"{name}.{field}({arg})" for arg, part in arguments.items() if not part.description]
    assert not without


# What a figure cannot tell is null and not a made-up number: no costs, nobody in the tier, nothing bought
# (docs/adr/0006-what-a-back-test-may-know.md), a score that stays unknown (0008-what-would-change-a-tier.md)
# or is unknown before or after a swap (0013-the-tier-in-the-parts-of-a-change.md).
NULLABLE = {
    "ChangePart.delta": "Decimal",
    "NextTier.attainable": "Decimal",
    **{f"Backtest.{name}": "Interval" for name in ("revenue", "margin", "churn")},
    **{f"{kind}.{name}": "Float" for kind in ("Backtest", "Rival") for name in ("gini", "lift")},
}


@pytest.fixture(scope="module")
def agreed(shared: Path) -> dict[str, Shape]:
    """The whole sketch."""
    return shapes((shared / "schema-sketch.graphql").read_text(encoding="utf-8"))


def _agreed_arguments(found: Shape, name: str, field: str) -> dict[str, str]:
    """The arguments of a field but those the sketch lacks."""
    more = OUR_ARGUMENTS.get(f"{name}.{field}", set())
    return {key: kind for key, kind in found.arguments.get(field, {}).items() if key not in more}


def test_what_the_sketch_lacks_is_listed(agreed: dict[str, Shape]) -> None:
    built = shapes(the_schema()[0].as_str())
    differences = [
        f"{name}.{field}"
        for name, found in built.items()
        if name in agreed
        for field, kind in found.members.items()
        if f"{name}.{field}" not in OURS
        if NULLABLE.get(f"{name}.{field}", agreed[name].members.get(field)) != kind
        or agreed[name].arguments.get(field, {}) != _agreed_arguments(found, name, field)
    ]
    assert differences == []
    assert set(built) - set(agreed) <= {"schema"} | OUR_TYPES


def test_the_sketch_is_there_type_by_type(agreed: dict[str, Shape]) -> None:
    built = shapes(the_schema()[0].as_str())
    differences = []
    for name, wanted in agreed.items():
        if name not in built:
            differences.append(f"{name} is missing")
            continue
        found = built[name]
        values = wanted.values | OUR_VALUES.get(name, set())
        if (found.kind, found.values, found.interfaces) != (wanted.kind, values, wanted.interfaces):
            differences.append(f"{name}: {found.kind} {sorted(found.values ^ values)} {found.interfaces}")
        for field, kind in wanted.members.items():
            if found.members.get(field) != NULLABLE.get(f"{name}.{field}", kind):
                differences.append(f"{name}.{field}: {found.members.get(field)} instead of {kind}")
                continue
            arguments = _agreed_arguments(found, name, field)
            if arguments != wanted.arguments.get(field, {}):
                differences.append(f"{name}.{field}: {arguments} instead of {wanted.arguments[field]}")
    assert not differences, "\n".join(differences)
    assert len(agreed) > 100
