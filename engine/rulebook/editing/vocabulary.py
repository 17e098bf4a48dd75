"""The names of a book that rule files refer to, each with its title."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from engine.campaigns.model import Campaigns
from engine.metrics.sources import SOURCES
from engine.rulebook.book import Book, MarketBook
from engine.rulebook.desk import UNIT_TEXTS
from engine.rulebook.parts import campaigns
from engine.rulebook.parts import market as market_part
from engine.rulebook.parts.scorecards import UNSCORED
from engine.rulebook.strict import Findings, SourceText, Table, read_tree
from engine.rulebook.telling.names import SOURCE_TEXTS
from engine.rulebook.telling.scorecards import MISSING_TEXTS
from engine.rulebook.telling.tiers import UNKNOWN_TEXTS
from engine.vocabulary import MARKET_TEXTS, PHASE_TEXTS, RISK_TEXTS, UNRATED, Market, Text

Titles = Mapping[str, Text]

PER_MARKET: Final = ("tier", "reason", "force rule", "fixture", "earlier fixture")
"""Kinds of names that each market has of its own."""


KINDS: Final[Mapping[str, Text]] = {
    "metric in that fixture": Text("metric", "指标"),
    "fixture": Text("fixture", "样例"),
    "earlier fixture": Text("earlier fixture", "在前的样例"),
    "scored metric": Text("numeric metric", "数值型指标"),
    "tier": Text("tier", "等级"),
    "reason": Text("reason", "原因代码"),
    "force rule": Text("force rule", "强制规则"),
    "channel": Text("channel", "渠道"),
    "campaign": Text("campaign", "活动"),
    "tag": Text("tag", "标签"),
}
"""Kinds of names a book declares; new ones may come."""


def names_of(book: Book, market: Market | None) -> dict[str, Titles]:
    """Names by kind; of tiers, reasons and force rules those of one market, or (None) of all.

    Kinds are called as the readers of rule files call them.
    """
    chosen = [rules for name, rules in book.markets.items() if market in (None, name)]
    shared = next((rules.campaigns for rules in book.markets.values()), Campaigns((), (), None))
    consents = {trigger.channel.consent: Text("") for trigger in shared.triggers if trigger.channel.consent}
    metrics = {name: metric.title for name, metric in book.metrics.items()}
    fixtures = {
        name: Text("") for path, one in market_part.FILES.items() if market in (None, one)
        for name in _declared(book, path, "fixtures")
    }  # fmt: skip
    return {
        "metric in that fixture": metrics,
        "fixture": fixtures,
        "earlier fixture": fixtures,
        "scored metric": {name: one.title for name, one in book.metrics.items() if one.unit not in UNSCORED},
        "tier": _all(chosen, lambda rules: ((tier.key, tier.title) for tier in rules.tiers)),
        "reason": _all(chosen, lambda rules: ((code, reason.text) for code, reason in rules.reasons.items())),
        "force rule": _all(chosen, lambda rules: ((rule.name, rule.title) for rule in rules.force)),
        "channel": dict.fromkeys(_declared(book, campaigns.FILE, "channels"), Text("")),
        "campaign": {trigger.name: trigger.title for trigger in shared.triggers},
        "template": {trigger.template: trigger.title for trigger in shared.triggers},
        "tag": {tag.name: tag.title for tag in shared.tags},
        "consent purpose": consents,
        "source": {name: SOURCE_TEXTS[name] for name in SOURCES},
    }


def titles_of(book: Book) -> dict[str, Text]:
    """The fixed words of rule files, each with what it means."""
    stages = {rule.stage.value: rule.title for rules in book.markets.values() for rule in reversed(rules.lifecycle)}
    words: list[Mapping[str, Text]] = [
        stages,
        {UNRATED: Text("not rated yet", "暂未评级")},
        {key.value: text for key, text in PHASE_TEXTS.items()},
        {key.value: text for key, text in RISK_TEXTS.items()},
        {key.value: text for key, text in MARKET_TEXTS.items()},
        {key.value: text for key, text in UNIT_TEXTS.items()},
        {key.value: text for key, text in MISSING_TEXTS.items()},
        UNKNOWN_TEXTS,
    ]
    return {word: text for part in words for word, text in part.items()}


def _all(chosen: Iterable[MarketBook], read: Callable[[MarketBook], Iterable[tuple[str, Text]]]) -> Titles:
    return {name: title for rules in chosen for name, title in read(rules)}


def _declared(book: Book, path: str, key: str) -> tuple[str, ...]:
    """Names that stand as keys below a key of a file, in use or not."""
    for file in book.files:
        if file.path == path:
            tree = read_tree(SourceText.of(file.path, file.text), Findings())
            entry = tree.entries.get(key) if isinstance(tree, Table) else None
            return tuple(entry.value.entries) if entry is not None and isinstance(entry.value, Table) else ()
    return ()
