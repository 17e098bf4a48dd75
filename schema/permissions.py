"""What each field needs: declared for every type once, and for every field that needs more than the type it is on.

A type's permission is that of whoever may hold such a thing; a way in from elsewhere (a root field, a field of a type
that needs less) must ask for it, which `gaps` checks when the schema is built. Fields within one permission then cost
nothing. What is not declared here does not start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

from engine.access import Permission, implies


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


WITH_PARENT: Final = _names(
    "Actor Bounds Budget DamagedChunk Interval Money NamedValue PageInfo Place Tag Tier TierMove TierShare UserError "
    "Viewer "
    "ActorPayload DecidePayload ForgetCustomerPayload OverridePayload RecordCustomerPayload RecordPayload "
    "RecordsPayload RuleChangePayload TaskPayload TokenPayload"
)
"""Types that tell nothing by themselves: whoever may see what they belong to may see them."""

TYPES: Final[Mapping[Permission, frozenset[str]]] = {
    Permission.READ: _names(
        "AlertRaised BaselineScore Campaign ChangePart Churn ChurnReason CriterionDelta CriterionResult Customer "
        "CustomerField CustomerTier Decision Dispatch Explanation FamilyEffect FitParameter GateResult Hold Kpi "
        "Metric MetricChange MetricRecordConnection MetricRecordEdge ModelSnapshot ModelVersion NextTier "
        "OverriddenRule Override OverrideMove OverrideReasonCount OverrideStateCount OverrideStatistics Provenance "
        "Reason Record Review RuleChange RuleEdit RuleFile RuleHit Rulebook RulesPublished Run RunProgress SeenPreview "
        "ScoreChange StatusShare Task TierChanged TierVerdict TimeAlone Way"
    ),
    Permission.ANALYSE: _names(
        "Backtest CampaignVolume DataQualityIssue EditImpact Guardrail Mover Preview Replay Rival RuleHealth "
        "RuleProblem RulebookCheck ScoreBand Shadow ShadowedCustomer TestCoverage TestFailure TestReport"
    ),
    Permission.AUDIT: _names("AuditVerification Checkpoint InclusionProof LedgerEntry"),
    Permission.ADMINISTER: _names("Token"),
}
"""What it takes to hold a thing of a type; pages and their rows are as what they hold."""

FIELDS: Final[Mapping[str, Permission]] = {
    "Query.customer": Permission.READ,
    "Query.customers": Permission.READ,
    "Query.decision": Permission.READ,
    "Query.tierDistribution": Permission.READ,
    "Query.tierMigration": Permission.READ,
    "Query.rulebook": Permission.READ,
    "Query.revisions": Permission.READ,
    "Query.ruleChanges": Permission.READ,
    "Query.checkRulebook": Permission.ANALYSE,
    "Query.whatIf": Permission.ANALYSE,
    "Query.campaigns": Permission.READ,
    "Query.dispatches": Permission.READ,
    "Query.tasks": Permission.READ,
    "Query.overrides": Permission.READ,
    "Query.overrideStatistics": Permission.READ,
    "Query.modelVersions": Permission.READ,
    "Query.auditLog": Permission.AUDIT,
    "Query.verifyAuditLog": Permission.AUDIT,
    "Query.kpis": Permission.READ,
    "Query.dataQualityIssues": Permission.ANALYSE,
    "Query.actors": Permission.SEE_ACTORS,
    "Mutation.recordCustomer": Permission.RECORD,
    "Mutation.recordOrder": Permission.RECORD,
    "Mutation.recordRecords": Permission.RECORD,
    "Mutation.decide": Permission.DECIDE,
    "Mutation.overrideTier": Permission.OVERRIDE,
    "Mutation.approveOverride": Permission.APPROVE,
    "Mutation.endOverride": Permission.OVERRIDE,
    "Mutation.completeTask": Permission.WORK,
    "Mutation.assignTask": Permission.WORK,
    "Mutation.publishRulebook": Permission.PUBLISH,
    "Mutation.unscheduleRulebook": Permission.PUBLISH,
    "Mutation.shadowRulebook": Permission.PROPOSE,
    "Mutation.unshadowRulebook": Permission.PROPOSE,
    "Mutation.proposeRulebook": Permission.PROPOSE,
    "Mutation.approveRulebook": Permission.APPROVE,
    "Mutation.withdrawRulebook": Permission.PROPOSE,
    "Mutation.rollbackRulebook": Permission.PROPOSE,
    "Mutation.forgetCustomer": Permission.FORGET,
    "Mutation.setRoles": Permission.ADMINISTER,
    "Mutation.issueToken": Permission.ADMINISTER,
    "Mutation.revokeToken": Permission.ADMINISTER,
    "Subscription.tierChanged": Permission.READ,
    "Subscription.alertRaised": Permission.READ,
    "Subscription.rulesPublished": Permission.READ,
    "Subscription.runProgress": Permission.READ,
    "Rulebook.tests": Permission.ANALYSE,
    "Rulebook.backtest": Permission.ANALYSE,
    "Rulebook.health": Permission.ANALYSE,
    "Rulebook.suggestThreshold": Permission.ANALYSE,
    "Rulebook.preview": Permission.ANALYSE,
    "Rulebook.findings": Permission.ANALYSE,
    "RuleChange.shadow": Permission.ANALYSE,
    "RuleChange.preview": Permission.ANALYSE,
    "Decision.entry": Permission.AUDIT,
    "Decision.proof": Permission.AUDIT,
    "Decision.replay": Permission.ANALYSE,
}
"""What a root field, or a field that needs more than its type, needs."""

ANYBODY: Final = _names("Query.viewer")
"""Root fields for everybody who is known."""

BY_THEMSELVES: Final[Mapping[str, str]] = {
    "Query.node": "null unless the type's permission is there (`schema.nodes`)",
    "Query.nodes": "null unless the type's permission is there (`schema.nodes`)",
    "LedgerEntry.subject": "null unless the type's permission is there (`schema.nodes`)",
    "ForgetCustomerPayload.entry": "the entry that the caller has just caused",
    "Actor.tokens": "empty but for administrators and oneself",
    "Customer.name": "masked without SEE_PERSONAL and a purpose",
    "Customer.fields": "personal ones masked without SEE_PERSONAL and a purpose",
    "Task.title": "the customer's name in it masked without SEE_PERSONAL",
}
"""Fields that decide for themselves, by more than their name, what of their answer may be seen."""


def of_type(name: str) -> Permission | None:
    """What it takes to hold a thing of a type; None: what it takes to hold its parent.

    Raises:
        LookupError: Nothing is declared for the type.
    """
    if name in WITH_PARENT:
        return None
    for permission, types in TYPES.items():
        if name in types:
            return permission
    for ending in ("Connection", "Edge"):
        if name.endswith(ending):
            return of_type(name.removesuffix(ending))
    raise LookupError(f"no permission is declared for the type {name}")


def of_field(schema: GraphQLSchema, kind: GraphQLObjectType, field: str) -> Permission | None:
    """What a field asks for by itself; None: nothing beyond its type, or it decides for itself.

    Raises:
        LookupError: Nothing is declared for the field.
    """
    key = f"{kind.name}.{field}"
    if key in FIELDS:
        return FIELDS[key]
    if key in ANYBODY or key in BY_THEMSELVES:
        return None
    if kind in (schema.query_type, schema.mutation_type, schema.subscription_type):
        raise LookupError(f"no permission is declared for {key}")
    of_type(kind.name)
    return None


def object_types(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    """The object types of a schema, without those of introspection."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            yield kind


def gaps(schema: GraphQLSchema) -> list[str]:
    """Fields without a declared permission, ways around one, and declarations of what is not there."""
    found, known = [], set()
    for kind in object_types(schema):
        known.add(kind.name)
        for field in kind.fields:
            known.add(f"{kind.name}.{field}")
            try:
                of_field(schema, kind, field)
            except LookupError as error:
                found.append(str(error))
    declared = {*FIELDS, *ANYBODY, *BY_THEMSELVES, *WITH_PARENT, *(name for names in TYPES.values() for name in names)}
    found += [f"{name} is declared and not there" for name in sorted(declared - known)]
    return found or sorted(_ways_around(schema))


def _ways_around(schema: GraphQLSchema) -> set[str]:
    """Ways from the roots into a type without its permission having been asked for."""
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    waiting: list[tuple[GraphQLObjectType, frozenset[Permission]]] = [(root, frozenset()) for root in roots if root]
    seen, found = set(waiting), set()
    while waiting:
        kind, held = waiting.pop()
        for name, field in kind.fields.items():
            asked = of_field(schema, kind, name)
            now_held = held if asked is None else held | {asked}
            inner = get_named_type(field.type)
            itself = f"{kind.name}.{name}" in BY_THEMSELVES
            for reached in _reached(schema, inner):
                needed = of_type(reached.name)
                if needed is not None and not itself and not any(implies(one, needed) for one in now_held):
                    found.add(f"{kind.name}.{name} leads to {reached.name} without {needed}")
                step = (reached, now_held if needed is None else frozenset((needed,)))
                if step not in seen:
                    seen.add(step)
                    waiting.append(step)
    return found


def _reached(schema: GraphQLSchema, inner: object) -> tuple[GraphQLObjectType, ...]:
    if isinstance(inner, GraphQLInterfaceType):
        return tuple(schema.get_possible_types(inner))
    return (inner,) if isinstance(inner, GraphQLObjectType) else ()
