"""A change of rules where others have to approve: proposed by one, approved by as many others as it takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engine.operations.publishing import Published
from engine.operations.rule_life import Person, Proposal, Verdict, propose, publish_change, review, roll_back
from engine.store import Database


def back_again(database: Database, revision: str, reason: str, now: datetime) -> Published:
    """Publish an old revision again where nobody has to approve."""
    done = roll_back(database, revision, Person.named("crm-ops"), reason, now).published
    assert done is not None
    return done


def publish_approved(database: Database, files: Mapping[str, str | bytes], reason: str, now: datetime) -> Published:
    """Bring rule files live as the live book asks for it."""
    proposed = propose(database, Proposal(files, reason), Person.named("crm-ops"), now)
    for number in range(proposed.needed):
        review(database, Verdict(proposed.change_id, True), Person.named(f"approver-{number}"), now)
    return publish_change(database, proposed.change_id, "crm-ops", reason, now)
