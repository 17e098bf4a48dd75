"""What a book promises about itself, in words: tests and invariants."""

from __future__ import annotations

from collections.abc import Iterator

from engine.rulebook.addresses import Addresses
from engine.rulebook.book import Book
from engine.rulebook.checks import Invariant, NeverLowers, NobodyIs
from engine.rulebook.telling.conditions import Speaker
from engine.rulebook.telling.header import share
from engine.rulebook.telling.names import Words
from engine.rulebook.telling.phrases import Line, listed, say
from engine.vocabulary import Market, Text


def tell_checks(book: Book, market: Market, words: Words, places: Addresses) -> Iterator[Line]:
    """How many tests there are, and every invariant."""
    tests = [test for test in book.tests if test.market is market]
    if tests:
        one = Text("1 test says what must come out for a made-up customer.")
        form = ("{n} tests say what must come out for made-up customers.", "{n} 个测试用例写明了假想客户应得的结果。")
        many = say(*form, n=len(tests))
        text = Text(one.en, many.zh) if len(tests) == 1 else many
        yield Line(text, places.place(market.value.lower(), "tests"), 1)
    for invariant in book.invariants:
        if invariant.market is market:
            yield Line(_invariant(invariant, words), invariant.place, 1)


def _invariant(invariant: Invariant, words: Words) -> Text:
    match invariant:
        case NeverLowers():
            return _never(invariant, words)
        case NobodyIs():
            return _nobody(invariant, words)
    form = ("Tier {tiers} holds between {low} and {high} of the rated customers.",
            "等级 {tiers} 占已评级客户的 {low} 至 {high}。")  # fmt: skip
    tiers = listed([Text(tier, tier) for tier in invariant.tiers], Text(" and ", "、"))
    many = (form[0].replace("Tier {tiers} holds", "Tiers {tiers} together hold"), form[1].replace("占", "合计占"))
    low, high = share(invariant.low), share(invariant.high)
    return say(*(many if len(invariant.tiers) > 1 else form), tiers=tiers, low=low, high=high)


def _never(invariant: NeverLowers, words: Words) -> Text:
    return say(
        "{more} of {metric} never lowers the {what}.",
        "{metric}{more}绝不会使{what}下降。",
        more=Text("More", "更高") if invariant.more else Text("Less", "更低"),
        metric=words.name(invariant.metric),
        what=Text("score", "得分") if invariant.score else Text("tier", "等级"),
    )


def _nobody(invariant: NobodyIs, words: Words) -> Text:
    """Whom the rules never (or always) give some tiers."""
    tiers = listed([Text(tier, tier) for tier in invariant.tiers], Text(" or ", " 或 "))
    what = Speaker(words).condition(invariant.condition.node)
    if not invariant.holds:
        form = ("Of every customer whom the rules give tier {tiers} it is true that {what}.",
                "凡按规则评为等级 {tiers} 的客户，均满足：{what}。")  # fmt: skip
    elif invariant.inside:
        form = ("No customer gets tier {tiers} by the rules if {what}.", "若{what}，则按规则绝不会评为等级 {tiers}。")
    else:
        form = ("Every customer gets tier {tiers} by the rules if {what}.", "若{what}，则按规则必评为等级 {tiers}。")
    return say(*form, tiers=tiers, what=what)
