"""Rule files to a linked book, or to every problem they have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from engine.campaigns.model import Campaigns
from engine.errors import Place, Problem, RuleBookError, Severity
from engine.rulebook.book import Book, RuleFile, StageRule
from engine.rulebook.desk import Desk
from engine.rulebook.parts import campaigns, header, lifecycle, market, metrics
from engine.rulebook.parts.header import Header
from engine.rulebook.parts.market import ReadMarket
from engine.rulebook.parts.tiers import tier_keys
from engine.rulebook.revision import hash_of, revision_of
from engine.rulebook.strict import Broken, Findings, Node, SourceText, Table, decode, read_tree
from engine.rulebook.strict.limits import LIMITS, Room
from engine.vocabulary import Market

NEEDED: Final = (header.FILE, metrics.FILE, lifecycle.FILE)
KNOWN: Final = (header.FILE, metrics.FILE, *market.FILES, lifecycle.FILE, campaigns.FILE)
"""The files of a rule folder, in the order they are read."""

Files = Mapping[str, bytes | str]


def load_book(files: Files) -> Book:
    """Check and link a rule folder.

    Args:
        files: Content by path relative to the folder, e.g. `{"b2b.yaml": …}`; texts are taken as UTF-8.

    Raises:
        RuleBookError: With every problem, ordered by place.
    """
    book, problems = check_book(files)
    if book is None:
        raise RuleBookError(problems)
    return book


def load_published(files: Files) -> Book:
    """Link a rule folder that was published once, with the meaning it had then.

    Checks that are stricter now than when it was published are not asked: decisions were made by it.

    Raises:
        RuleBookError: It cannot be linked by these rules of reading any more.
    """
    book, problems = _read(files, Desk(Findings(published=True)))
    if book is None:
        raise RuleBookError(problems)
    return book


def check_book(files: Files) -> tuple[Book | None, tuple[Problem, ...]]:
    """Check and link a rule folder without raising.

    Returns:
        The book (None if there are errors) and every problem, warnings too, ordered by place.
    """
    return _read(files, Desk())


def _read(files: Files, desk: Desk) -> tuple[Book | None, tuple[Problem, ...]]:
    trees, texts = _trees(files, desk)
    _check_files(files, desk)
    if not desk.findings.failed:
        _check_markets(texts, desk)
    book = _link(trees, texts, desk)
    problems = desk.findings.problems
    if desk.findings.failed:
        return None, problems
    return book, problems


def _trees(files: Files, desk: Desk) -> tuple[dict[str, Node], dict[str, SourceText]]:
    """Read every known file as YAML; what cannot be read is `Broken`."""
    trees: dict[str, Node] = {}
    texts: dict[str, SourceText] = {}
    size = sum(len(content) for content in files.values() if len(content) <= LIMITS.bytes)  # larger ones are told alone
    if size > LIMITS.folder_bytes:
        place = Place(sorted(files)[0], 1, 1)
        desk.findings.add("folder_too_large", place, limit=LIMITS.folder_bytes)
        return dict.fromkeys(KNOWN, Broken(place)), texts
    room = Room()
    for path in KNOWN:
        if path not in files:
            continue
        source = decode(path, files[path], desk.findings)
        if source is None:
            trees[path] = Broken(Place(path, 1, 1))
            continue
        texts[path] = source
        trees[path] = read_tree(source, desk.findings, room)
        if path != campaigns.FILE:
            trees[path] = _refused_if_empty(trees[path], desk)
    return trees, texts


def _refused_if_empty(tree: Node, desk: Desk) -> Node:
    """A file with nothing in it is told as such, not as every key it lacks."""
    if not isinstance(tree, Table) or tree.entries:
        return tree
    desk.findings.add("file_empty", tree.place)
    return Broken(tree.place)


def _check_markets(texts: Mapping[str, SourceText], desk: Desk) -> None:
    """Report the file of a market that is missing although other files ask for the market."""
    for path, name in market.FILES.items():
        if path in texts or not any(other in texts for other in market.FILES):
            continue
        for other in (lifecycle.FILE, campaigns.FILE):
            found = re.search(rf"^[^#\n]*(['\"]){name}\1", texts[other].text, re.MULTILINE) if other in texts else None
            if found is not None:
                line = texts[other].text.count("\n", 0, found.end()) + 1
                severity, place = Severity.WARNING, Place(path, 1, 1)
                desk.findings.add(
                    "market_file_missing", place, severity=severity, file=path, market=name, other=other, line=line
                )
                break


def _check_files(files: Files, desk: Desk) -> None:
    """Report files that are missing and files that do not belong to a book."""
    for path in NEEDED:
        if path not in files:
            desk.findings.add("file_missing", Place(path, 1, 1), file=path)
    if not any(path in files for path in market.FILES):
        desk.findings.add("no_market", Place(next(iter(market.FILES)), 1, 1))
    for path in files:
        if path not in KNOWN:
            hint = desk.findings.suggestion(path, KNOWN)
            desk.findings.add("file_unknown", Place(path[:200], 1, 1), file=path, hint=hint)


def _link(trees: Mapping[str, Node], texts: Mapping[str, SourceText], desk: Desk) -> Book | None:
    """Read the parts in an order in which each finds what it refers to."""
    if header.FILE in trees:
        header.read_currency(trees[header.FILE], desk)
    desk.tiers = _tier_keys(trees)
    top = header.read_header(trees[header.FILE], desk) if header.FILE in trees else None
    if metrics.FILE in trees:
        metrics.read_metrics(trees[metrics.FILE], desk)
    else:
        desk.metrics_unread = True
    stages = lifecycle.read_lifecycle(trees[lifecycle.FILE], desk) if lifecycle.FILE in trees else ()
    shared = Campaigns((), (), None)
    if campaigns.FILE in trees:
        shared = campaigns.read_campaigns(trees[campaigns.FILE], desk)
    markets = _markets(trees, stages, shared, desk)
    return _book(top, markets, texts, desk) if top is not None and not desk.findings.failed else None


def _tier_keys(trees: Mapping[str, Node]) -> tuple[str, ...] | None:
    """Tier keys of all markets together; None when those of one cannot be read."""
    found: dict[str, None] = {}
    for path in market.FILES:
        if path in trees:
            keys = tier_keys(trees[path])
            if keys is None:
                return None
            found.update(dict.fromkeys(keys))
    return tuple(found) or None


def _markets(
    trees: Mapping[str, Node], stages: tuple[StageRule, ...], shared: Campaigns, desk: Desk
) -> dict[Market, ReadMarket]:
    return {
        name: market.read_market(trees[path], name, stages, shared, desk)
        for path, name in market.FILES.items()
        if path in trees
    }


def _book(top: Header, markets: Mapping[Market, ReadMarket], texts: Mapping[str, SourceText], desk: Desk) -> Book:
    contents = {path: source.text.encode() for path, source in texts.items()}
    warnings = tuple(problem for problem in desk.findings.problems if problem.severity is not Severity.ERROR)
    return Book(
        revision=revision_of(contents),
        name=top.name,
        title=top.title,
        owner=top.owner,
        currency=top.currency,
        timezone=top.timezone,
        review_by=top.review_by,
        fresh_within_days=top.fresh_within_days,
        approvers=top.approvers,
        approval_days=top.approval_days,
        guardrails=top.guardrails,
        overrides=top.overrides,
        review_queue=top.review_queue,
        metrics=desk.metrics,
        markets={name: read.book for name, read in markets.items()},
        files=tuple(RuleFile(path, texts[path].text, hash_of(contents[path])) for path in sorted(texts)),
        warnings=warnings,
        tests=tuple(test for read in markets.values() for test in read.tests),
        invariants=tuple(invariant for read in markets.values() for invariant in read.invariants),
    )
