"""Metrics of one customer as of an instant, with the records behind them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

import strawberry

from engine.errors import Place as BookPlace
from engine.operations.provenance import Provenance as Made
from engine.store.reading import records_by_ids, slice_of
from engine.vocabulary import MetricState, Unit, UnknownCause
from schema.basics import Place
from schema.context import Info
from schema.describing import answered, described, spoken, told
from schema.metric_sources import MetricSource, inputs_of, provenance_of, records_behind
from schema.provenance import Provenance
from schema.records import Record
from schema.relay import After, Before, First, Last, Paged, PageInfo, Row, page_bounds
from schema.scalars import Value
from schema.slices import cut

NamesArgument = Annotated[list[str] | None, strawberry.argument(description="Null: all.")]


async def _total(root: Paged, info: Info) -> int:
    """Records behind the metric, exact."""
    return await root.count(info)


@described
class MetricRecordEdge:
    """One row of a page."""

    cursor: str = told("Names this row, for `after` and `before`.")
    node: Record = told("The record.")
    contribution: Value | None = told(
        "What the record brought in, e.g. its net amount for a sum; null where the take has no parts (median, latest)."
    )


@described
class MetricRecordConnection:
    """A page."""

    edges: list[MetricRecordEdge] = told("Rows in list order.")
    page_info: PageInfo = told("Bounds of this page.")
    total_count: int = answered(_total)


async def _records(
    root: MetricSource,
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Paged:
    """The records it was computed from; they recompute to `value`. Empty where their source is too old to be believed
    (`cause` STALE), and for fields, predictions, estimates and expressions (then see `inputs`)."""
    behind = await records_behind(info, root)
    page = cut(behind, slice_of(first, after, last, before))
    records = await asyncio.gather(*(info.context.load(records_by_ids, number) for number, _ in page.rows))
    rows = [
        Row(cursor, record, contribution)
        for cursor, record, (_, contribution) in zip(page.cursors, records, page.rows, strict=True)
    ]

    async def counted(_info: Info) -> int:
        return len(behind)

    return Paged(rows, page_bounds(page), counted)


async def _inputs(root: MetricSource, info: Info) -> list[MetricSource]:
    """The metrics an `expr` reads, or the numbers a stored estimate or prediction was made from, each with its
    records."""
    return await inputs_of(info, root)


async def _provenance(root: MetricSource, info: Info) -> Made | None:
    """Of a stored estimate or prediction; null: it is none, or none was stored by then."""
    return await provenance_of(info, root)


def _place(root: MetricSource) -> BookPlace:
    """Where the rule book declares it."""
    return root.told.place


@described
class Metric:
    """A typed quantity of one customer as of an instant."""

    name: str = told("As in the rule book.")
    title: str = spoken("title", "Name for people.")
    value: Value | None = told("Null iff UNKNOWN.")
    unit: Unit = told("How to read `value`.")
    currency: str | None = told("ISO 4217, iff `unit` is MONEY.")
    state: MetricState = told("What is known about it.")
    cause: UnknownCause | None = told("Null iff KNOWN.")
    as_of: datetime = told("The instant.")
    place: Place | None = answered(_place)
    records: MetricRecordConnection = answered(_records)
    inputs: list[Metric] = answered(_inputs)
    provenance: Provenance | None = answered(_provenance)
