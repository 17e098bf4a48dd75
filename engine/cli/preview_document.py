"""A preview as one JSON document; the keys are a contract."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from engine.cli.commands.rules.group import edits_as_json
from engine.cli.explanation import told_as_json
from engine.operations.previewing import Preview
from engine.trials.preview import Attribution, Band, Judged, Mover, Volume, shifts, why
from engine.vocabulary import UNRATED, Text, Unit, scale_of


def preview_as_json(done: Preview, attribution: Attribution | None, shown: int) -> dict[str, Any]:
    """The `--json` shape of `touchstone rules preview`; shares, points and money are decimal strings.

    Args:
        attribution: None: it was not asked for.
        shown: So many movers.
    """
    found = done.comparison
    return {
        "base": found.live.revision,
        "candidate": found.candidate.revision,
        "as_of": done.as_of.isoformat(),
        "as_known_at": done.clocks.as_known_at.isoformat(),
        "snapshot": found.snapshot,
        "customers": found.customers,
        "left_out": done.left_out,
        "damaged": [one.as_dict() for one in done.damaged],
        "stale_sources": [stale.source for stale in done.stale],
        "moved": found.moved,
        "moved_down": found.moved_down,
        "held_by_stability": sum(found.held.values()),
        "held_by": {cause.value: count for cause, count in found.held.items()},
        "newly_unknown": found.newly_unknown,
        "matrix": [
            {
                "market": cell.market.value,
                "from": cell.before or UNRATED,
                "to": cell.after or UNRATED,
                "customers": cell.customers,
            }
            for cell in found.matrix
        ],
        "guardrails": [_guardrail(judged) for judged in found.guardrails],
        "attribution": None if attribution is None else _attribution(attribution),
        "interaction": None if attribution is None else attribution.interaction,
        "campaigns": [_volume(volume, done) for volume in found.campaigns],
        "scores": [_band(band) for band in found.scores],
        "movers": [_mover(mover, done, attribution) for mover in found.movers.first(shown)],
    }


def amount(minor: int, currency: str) -> Decimal:
    """Money in major units, exact."""
    scale = scale_of(Unit.MONEY, currency)
    return (Decimal(minor) / scale).quantize(Decimal(1) / scale)


def _text(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh or text.en}


def _guardrail(judged: Judged) -> dict[str, Any]:
    place = judged.guardrail.place
    return {
        "name": judged.guardrail.name,
        "market": None if judged.market is None else judged.market.value,
        "limit": f"{judged.limit:f}",
        "found": f"{judged.found:f}",
        "moved": judged.moved,
        "customers": judged.customers,
        "crossed": judged.crossed,
        "file": place.file,
        "line": place.line,
    }


def _attribution(attribution: Attribution) -> list[dict[str, Any]]:
    return [
        {"edits": edits_as_json(impact.edits), "moved": impact.moved, "contacts": impact.contacts}
        for impact in attribution.impacts
    ]


def _volume(volume: Volume, done: Preview) -> dict[str, Any]:
    live, candidate = done.comparison.live.currency, done.comparison.candidate.currency
    return {
        "campaign": volume.campaign,
        "title": _text(volume.title),
        "before": volume.before,
        "after": volume.after,
        "gained": volume.gained,
        "lost": volume.lost,
        "cost_before": f"{amount(volume.cost_before, live):f}",
        "cost_after": f"{amount(volume.cost_after, candidate):f}",
        "currency": candidate,
    }


def _band(band: Band) -> dict[str, Any]:
    return {"market": band.market.value, "from": band.low, "before": band.before, "after": band.after}


def _mover(mover: Mover, done: Preview, attribution: Attribution | None) -> dict[str, Any]:
    return {
        "customer": mover.ref,
        "market": mover.market.value,
        "from": mover.before or UNRATED,
        "to": mover.after or UNRATED,
        "down": mover.down,
        "revenue_12m": f"{amount(mover.revenue, done.comparison.live.currency):f}",
        "why": _text(why(mover)),
        "shifts": [{"criterion": shift.criterion, "delta": f"{shift.delta:f}"} for shift in shifts(mover)],
        "edits": _edits(mover, attribution),
        "live": told_as_json(mover.live),
        "candidate": told_as_json(mover.candidate),
    }


def _edits(mover: Mover, attribution: Attribution | None) -> Sequence[str] | None:
    """Addresses of the edits each of which alone moves the customer so; empty: only several together do."""
    if attribution is None or attribution.too_many:
        return None
    return [edit.item for impact in attribution.impacts if impact.explains(mover) for edit in impact.edits]
