"""What `touchstone explain --records` tells of each metric: its records, or what a stored number was made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from engine.decisions.record import MetricValue
from engine.expressions.amounts import worded
from engine.operations.explaining import ExplainedDecision
from engine.operations.metric_values import Contributed, metric_provenance, metric_records
from engine.operations.provenance import Input, Provenance
from engine.operations.publishing import book_of
from engine.store.reading import Kind, global_id, records_by_ids, runs_of_decisions
from engine.vocabulary import Locale, Text

_SHOWN: Final = 3
"""Records named in a line; `--json` has all."""


@dataclass(frozen=True, slots=True)
class MetricBehind:
    """A metric as the decision saw it, with what stands behind it.

    Attributes:
        keys: Of its records and those of its inputs, by row number.
    """

    metric: MetricValue
    records: tuple[Contributed, ...]
    provenance: Provenance | None
    keys: dict[int, str]

    def document(self) -> dict[str, Any]:
        """The `--json` shape."""
        records = [self._record(one.record_id, one.value) for one in self.records]
        found = None if self.provenance is None else self._provenance(self.provenance)
        metric = self.metric
        known = {"metric": metric.name, "value": metric.value, "unit": metric.unit.value}
        return {**known, "records": records, "provenance": found}

    def _record(self, number: int, part: str | None) -> dict[str, Any]:
        return {"id": global_id(Kind.RECORD, number), "key": self.keys[number], "value": part}

    def _provenance(self, found: Provenance) -> dict[str, Any]:
        return {
            "method": found.method,
            "formula": _both(found.formula),
            "as_of": found.as_of.isoformat(),
            "recorded_at": found.recorded_at.isoformat(),
            "digest": found.digest,
            "fitted_at": None if found.fitted_at is None else found.fitted_at.isoformat(),
            "fitted_on": found.fitted_on,
            "parameters": {one.name: one.value for one in found.parameters},
            "inputs": [self._input(one) for one in found.inputs],
            "contributions": [
                {"family": one.family, "features": list(one.features), "effect": one.effect}
                for one in found.contributions
            ],
            "stored": found.stored,
            "again": found.again,
            "identical": found.identical,
        }

    def _input(self, one: Input) -> dict[str, Any]:
        records = [self._record(record.record_id, record.part) for record in one.records]
        named = {"name": one.name, "title": _both(one.title), "value": one.value, "unit": one.unit.value}
        return {**named, "records": records}

    def lines(self, locale: Locale) -> Iterator[str]:
        """For a person."""
        metric = self.metric
        said = worded(metric.value, metric.unit, metric.currency or "", kind=True).within(locale)
        title = metric.title.within(locale)
        named = self._named([one.record_id for one in self.records], locale)
        yield _joined(title, said, named, locale)
        if self.provenance is not None:
            yield from self._made(self.provenance, metric.currency or "", locale)

    def _made(self, found: Provenance, currency: str, locale: Locale) -> Iterator[str]:
        zh = locale is Locale.ZH
        yield f"    {found.formula.within(locale)}"
        for one in found.inputs:
            said = worded(one.value, one.unit, currency, kind=True).within(locale)
            named = self._named([record.record_id for record in one.records], locale)
            yield "    " + _joined(f"{one.name} ({one.title.within(locale)})", said, named, locale)
        if found.digest is not None and found.fitted_at is not None:
            on, day = found.fitted_on or 0, f"{found.fitted_at:%Y-%m-%d}"
            yield (
                f"    模型 {found.digest}，截至 {day}（UTC），基于 {on:,} 行拟合"
                if zh
                else f"    fit {found.digest} as of {day} (UTC), on {on:,} rows"
            )
        if found.parameters:
            yield "    " + ", ".join(f"{one.name} = {one.value}" for one in found.parameters)
        if found.contributions:
            yield "    " + ", ".join(f"{one.family} {float(one.effect):+.4f}" for one in found.contributions)
        same = ("一致" if zh else "the same") if found.identical else ("不一致" if zh else "NOT the same")
        yield (
            f"    已存 {found.stored}，重算 {found.again}：{same}"
            if zh
            else f"    stored {found.stored}, computed again {found.again}: {same}"
        )

    def _named(self, numbers: list[int], locale: Locale) -> str:
        """The newest records by key."""
        if not numbers:
            return ""
        newest = ("、" if locale is Locale.ZH else ", ").join(self.keys[one] for one in numbers[-_SHOWN:][::-1])
        more = len(numbers) - _SHOWN
        if more <= 0:
            return newest
        return f"{newest} 等 {len(numbers)} 条" if locale is Locale.ZH else f"{newest} and {more} more"


def _joined(title: str, said: str, named: str, locale: Locale) -> str:
    colon = "：" if locale is Locale.ZH else ": "
    return f"{title}{colon}{said}" + (f" ← {named}" if named else "")


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh or text.en}


def metrics_behind(session: Session, answer: ExplainedDecision) -> list[MetricBehind]:
    """Every metric a stored decision read, with what stands behind it as that run knew it.

    Raises:
        DamagedError: A fit or model does not fit its digest.
    """
    number = answer.decision_id or 0
    run, book = runs_of_decisions(session, [number])[number], book_of(session, answer.explained.revision)
    found = []
    for metric in answer.explained.metrics:
        asked = (answer.customer_id, metric.name, run.as_of, run.as_known_at, book)
        records, provenance = tuple(metric_records(session, *asked)), metric_provenance(session, *asked)
        inputs = () if provenance is None else provenance.inputs
        behind = {one.record_id for one in records} | {one.record_id for each in inputs for one in each.records}
        keys = {number: view.key for number, view in records_by_ids(session, sorted(behind)).items()}
        found.append(MetricBehind(metric, records, provenance, keys))
    return found
