"""`b2b.yaml` and `b2c.yaml`: everything that applies to one market."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.campaigns.model import Campaigns
from engine.rulebook.blank import demand
from engine.rulebook.book import MarketBook, Reason, Stability, StageRule
from engine.rulebook.checks import InlineTest, Invariant
from engine.rulebook.desk import Desk
from engine.rulebook.keys import Keys
from engine.rulebook.names import Names
from engine.rulebook.parts import lifecycle as lifecycle_file
from engine.rulebook.parts.inline import Fixture, Referred, read_fixtures, read_tests
from engine.rulebook.parts.invariants import read_invariants
from engine.rulebook.parts.scorecards import read_scorecard
from engine.rulebook.parts.tiers import read_force, read_risk, read_stability, read_tiers
from engine.rulebook.strict import Node
from engine.scoring.model import Scorecard
from engine.vocabulary import Market, Text

FILES: Final[Mapping[str, Market]] = {"b2b.yaml": Market.B2B, "b2c.yaml": Market.B2C}


@dataclass(frozen=True, slots=True)
class ReadMarket:
    """What one market file says."""

    book: MarketBook
    tests: tuple[InlineTest, ...]
    invariants: tuple[Invariant, ...]


def read_market(
    node: Node, market: Market, lifecycle: tuple[StageRule, ...], campaigns: Campaigns, desk: Desk
) -> ReadMarket:
    """Read a market file and link it with what both markets share."""
    keys = desk.keys(node, Text("a market file", "市场文件"))
    _check_market(keys, market, desk)
    none: dict[str, Reason] = {}
    reasons = keys.want("reasons", lambda written: _reasons(written, desk), none)
    codes = Names(Text("reason", "原因代码"), desk.findings, reasons)
    tiers = Names(Text("tier", "等级"), desk.findings)
    scorecard = keys.need("scorecard", lambda written: read_scorecard(written, codes, desk))
    found = keys.need("tiers", lambda written: read_tiers(written, tiers, desk))
    forces = Names(Text("force rule", "强制规则"), desk.findings)
    force = keys.want("force", lambda written: read_force(written, forces, tiers, codes, desk), ())
    stability = keys.want("stability", lambda written: read_stability(written, desk), Stability())
    risk = keys.seek("risk", lambda written: read_risk(written, desk))
    book = MarketBook(
        market, scorecard or Scorecard((), 0, keys.place), found or (), force, stability, risk, lifecycle, campaigns,
        reasons,
    )  # fmt: skip
    referred = _referred(book, keys, desk, tiers=tiers, reasons=codes, force=forces)
    fixtures = keys.want("fixtures", lambda written: read_fixtures(written, referred, desk), dict[str, Fixture]())
    tests = keys.want("tests", lambda written: read_tests(written, fixtures, referred, desk), ())
    invariants = keys.want("invariants", lambda written: read_invariants(written, market, tiers, desk), ())
    keys.done()
    return ReadMarket(book, tests, invariants)


def _check_market(keys: Keys, market: Market, desk: Desk) -> None:
    written = keys.need("market", desk.values.choice(tuple(Market)))
    demand(keys.node("market"), const=market.value)
    if written is not None and written != market:
        node = keys.node("market")
        desk.findings.add("market_file", node.place if node else keys.place, expected=market.value)


def _reasons(node: Node, desk: Desk) -> dict[str, Reason]:
    """Texts by reason code."""
    names = Names(Text("reason", "原因代码"), desk.findings)
    found: dict[str, Reason] = {}
    for entry in desk.values.entries(node, Text("the reasons", "原因清单")).values():
        code, text = names.new_key(entry.key), desk.title(entry.value)
        if code is not None:
            found[code] = Reason(code, text or Text(code), entry.key.place)
    return found


def _referred(book: MarketBook, keys: Keys, desk: Desk, *, tiers: Names, reasons: Names, force: Names) -> Referred:
    failed = desk.stages_unread or desk.findings.failed_in(lifecycle_file.FILE)
    staged = bool(book.lifecycle) and not failed
    risks = book.risk.keys if book.risk is not None else () if not keys.has("risk") else None
    return Referred(
        market=book.market,
        tiers=tiers,
        reasons=reasons,
        force=force.given,
        campaigns=desk.campaigns,
        tags=desk.tags,
        consents=desk.consents,
        stages=tuple(dict.fromkeys(line.stage for line in book.lifecycle)) if staged else None,
        phases=tuple(dict.fromkeys(line.phase for line in book.lifecycle)) if staged else None,
        risks=risks,
    )
