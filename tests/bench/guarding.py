"""What asking for permissions and counting costs adds to the query of a profile: with both, beside without either."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import Any
from unittest.mock import patch

from sqlalchemy import select
from strawberry.schema.config import StrawberryConfig

from engine.store.tables import CustomerRow, IdentityRow
from engine.vocabulary import Locale
from schema import root
from schema.context import Context, Services
from schema.limits import CachedDocuments, DocumentCache
from schema.scalars import SCALARS
from tests.bench.filled import BEFORE, decided
from tests.bench.measure import Measured

CUSTOMERS = 2_000
ASKED = 300
PROFILE = """query Profile($ref: Ref!) { customer(ref: $ref) {
  ref name market owner score stage phase risk tags { key title }
  tier { effective { key title } computed { key } previous { key } since provisional }
  churn { status probability reasons { text value } }
  decisions(first: 5) { edges { node { asOf score tier { effective { key } } } } }
} }"""


class _Uncounted(CachedDocuments):
    """Documents from the cache, admitted without a look at what they cost."""

    def _admit(self, schema: Any, document: Any) -> None:
        """Everything is let in."""

    def get_results(self) -> dict[str, Any]:
        """Nothing is told."""
        return {}


def measure() -> Measured:
    """Per cent of processor time, the median of pairs of the same question."""
    with decided(CUSTOMERS) as database:
        with database.write() as session:
            customers = list(session.execute(select(CustomerRow.id, CustomerRow.ref).limit(ASKED)).tuples())
            session.add_all(IdentityRow(ref=ref, customer_id=number, recorded_at=BEFORE) for number, ref in customers)
        refs = [ref for _, ref in customers]
        services = Services(database, partial(datetime.now, UTC), "bench")
        guarded, bare = root.build_schema(DocumentCache()), _without()
        with asyncio.Runner() as runner:
            pairs = [tuple(_seconds(runner, schema, services, ref) for schema in (guarded, bare)) for ref in refs]
    added = median(one / other for one, other in pairs[ASKED // 10 :]) - 1
    without = median(other for _, other in pairs) * 1000
    detail = f"{without:.2f} ms without; {ASKED} profiles asked for both ways in turn"
    return Measured("permissions and costs of a profile query", round(added * 100, 1), "%", 15, False, detail)


def _without() -> root.TouchstoneSchema:
    """The schema without permissions and without costs."""
    cache = DocumentCache()
    with patch.object(root, "guard", lambda _: None):
        return root.TouchstoneSchema(
            query=root.Query,
            mutation=root.Mutation,
            subscription=root.Subscription,
            extensions=[lambda: _Uncounted(cache)],
            config=StrawberryConfig(scalar_map=SCALARS),
        )


def _seconds(runner: asyncio.Runner, schema: root.TouchstoneSchema, services: Services, ref: str) -> float:
    context = Context(services, Locale.EN, "bench")
    started = time.process_time()
    answer = runner.run(schema.execute(PROFILE, variable_values={"ref": ref}, context_value=context))
    spent = time.process_time() - started
    if answer.errors or answer.data["customer"]["ref"] != ref:
        raise AssertionError(f"no profile of {ref}: {answer.errors}")
    return spent
