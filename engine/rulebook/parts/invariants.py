"""`invariants:` of a market: sentences of a few forms that must always hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engine.rulebook.blank import Blank
from engine.rulebook.checks import Invariant, NeverLowers, NobodyIs, ShareBetween
from engine.rulebook.desk import Desk
from engine.rulebook.names import Names
from engine.rulebook.parts.scorecards import scored_metric_named
from engine.rulebook.strict import Node, Scalar
from engine.vocabulary import SHARE_SCALE, Market, Text

_KEY: Final = r"[A-Za-z][A-Za-z0-9_]*"
_TIERS: Final = rf"(?P<tiers>{_KEY}(?:\s+or\s+{_KEY})*)"
_PERCENT: Final = r"(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,4})?"
_CONDITION: Final = r"(?P<condition>.+)"


@dataclass(frozen=True, slots=True)
class _Sentence:
    """An invariant on its way from the file."""

    found: re.Match[str]
    scalar: Scalar
    market: Market
    tiers: Names
    desk: Desk

    @property
    def text(self) -> str:
        return " ".join(self.scalar.text.split())

    def part(self, name: str) -> str:
        return self.found[name]

    def known_tiers(self) -> tuple[str, ...] | None:
        """The tiers named, without repetition; None after a report."""
        names = {found[0]: found.start() for found in re.finditer(_KEY, self.part("tiers"), re.ASCII)}
        names.pop("or", None)
        for name, offset in names.items():
            if name not in self.tiers:
                hint, kind = self.desk.findings.suggestion(name, self.tiers.given), Text("tier", "等级")
                place = self.scalar.origin(self.found.start("tiers") + offset)
                self.desk.findings.add("unknown_name", place, kind=kind, name=name, hint=hint)
                return None
        return tuple(names)


def _never(sentence: _Sentence) -> Invariant | None:
    metric = scored_metric_named(sentence.part("metric"), sentence.scalar, sentence.desk)
    if metric is None:
        return None
    # "more X never raises" and "less X never lowers" say the same
    more = (sentence.part("way") == "more") == (sentence.part("moves") == "lowers")
    score = sentence.part("what") == "score"
    return NeverLowers(sentence.market, metric.name, more, sentence.text, sentence.scalar.place, score)


def _share(sentence: _Sentence) -> Invariant | None:
    tiers = sentence.known_tiers()
    written = {name: sentence.part(name) for name in ("between", "and", "least", "most")}
    low, high = written["between"] or written["least"] or "0", written["and"] or written["most"] or "100"
    low_share, high_share = (int(Decimal(text) * (SHARE_SCALE // 100)) for text in (low, high))
    if low_share > high_share or high_share > SHARE_SCALE:
        name = next(name for name in ("and", "most", "least") if written[name])
        place = sentence.scalar.origin(sentence.found.start(name))
        least = f"{low}%" if written["between"] else "0%"
        sentence.desk.findings.add("out_of_range", place, text=f"{written[name]}%", low=least, high="100%")
        return None
    if tiers is None:
        return None
    return ShareBetween(sentence.market, tiers, low_share, high_share, sentence.text, sentence.scalar.place)


def _nobody(holds: bool, inside: bool) -> Callable[[_Sentence], Invariant | None]:
    """A sentence whose only violation is a customer with a condition (not) holding, in (or outside) some tiers."""

    def read(sentence: _Sentence) -> Invariant | None:
        desk, found = sentence.desk, sentence.found
        tiers = sentence.known_tiers()
        when = desk.condition_within(sentence.scalar, found.start("condition"), found.end("condition"))
        if tiers is None or when is None:
            return None
        return NobodyIs(sentence.market, when, holds, tiers, inside, sentence.text, sentence.scalar.place)

    return read


_FORMS: Final = tuple(
    (re.compile(pattern.replace(" ", r"\s+"), re.ASCII | re.DOTALL), read)
    for pattern, read in (
        (
            r"(?P<way>more|less) (?P<metric>[a-z][a-z0-9_]*) never (?P<moves>lowers|raises) the (?P<what>tier|score)",
            _never,
        ),
        (
            rf"share\(\s*{_TIERS}\s*\) (?:between (?P<between>{_PERCENT})% and (?P<and>{_PERCENT})%"
            rf"|at least (?P<least>{_PERCENT})%|at most (?P<most>{_PERCENT})%)",
            _share,
        ),
        (rf"nobody with {_CONDITION} is in {_TIERS}", _nobody(holds=True, inside=True)),
        (rf"everybody with {_CONDITION} is in {_TIERS}", _nobody(holds=True, inside=False)),
        (rf"every {_TIERS} has {_CONDITION}", _nobody(holds=False, inside=True)),
    )
)
"""What can be said, and who reads it; anything else is refused with the list of forms."""

_FREE: Final = "|".join(f"(?:{form.pattern})" for form, _ in _FORMS).replace(".+", r"[\s\S]+")
_WRITTEN: Final = f"^(?:{re.sub(r'[(][?]P<[a-z]+>', '(', _FREE)})\\s*$"
"""All of it as one pattern for editors, which know no names of groups."""


def read_invariants(node: Node, market: Market, tiers: Names, desk: Desk) -> tuple[Invariant, ...]:
    """Read the sentences that must always hold."""
    found: list[Invariant] = []
    for item in desk.values.items(node, "invariants"):
        if isinstance(item, Blank):
            item.note({"type": "string", "pattern": _WRITTEN})
        scalar = desk.values.scalar(item)
        invariant = _invariant(scalar, market, tiers, desk) if scalar is not None else None
        if invariant is not None:
            found.append(invariant)
    return tuple(found)


def _invariant(scalar: Scalar, market: Market, tiers: Names, desk: Desk) -> Invariant | None:
    for form, read in _FORMS:
        found = form.fullmatch(scalar.text.rstrip())
        if found is not None:
            return read(_Sentence(found, scalar, market, tiers, desk))
    desk.findings.add("invariant", scalar.place, text=scalar.text)
    return None
