"""What a back-test means, in a sentence or three, for people."""

from __future__ import annotations

from collections.abc import Sequence

from engine.trials.backtest.judging import Judged, Rival, best_rival
from engine.trials.backtest.rivals import RIVALS
from engine.vocabulary import Text

_FEW = 30
"""With fewer customers in a tier its figures are a hint at most."""


def verdict(judged: Judged) -> Text:
    """How the ladder did: the top tier's lift, whether it is monotone, and whether something simpler does as well."""
    top = judged.top
    if top is None:
        return Text(
            "Nobody had a tier: too little was known by then to decide by these rules.",
            "没有客户获得等级：当时已知的数据不足以按这些规则评级。",
        )
    if top.lift is None:
        return Text("Nobody with a tier bought anything later.", "有等级的客户之后都没有购买。")
    said = [_top(judged), _ladder(judged), _against(judged)]
    return Text(" ".join(one.en for one in said if one.en), "".join(one.zh for one in said if one.zh))


def overall(judged: Sequence[Judged]) -> Text:
    """What several instants say together; of one, what it says."""
    if len(judged) == 1:
        return verdict(judged[0])
    tops = [(one.top.tier, one.top.lift) for one in judged if one.top is not None and one.top.lift is not None]
    if not tops:
        return verdict(judged[-1])
    number, held = len(judged), sum(one.monotone and one.top is not None for one in judged)
    lifts = sorted(lift for _, lift in tops)
    keys = list(dict.fromkeys(tier for tier, _ in tops))
    low, high = f"{lifts[0]:.1f}", f"{lifts[-1]:.1f}"
    en, zh = (low, low) if low == high else (f"{low} to {high}", f"{low} 至 {high}")
    return Text(
        f"Over {number} instants: monotone at {held}; {' or '.join(keys)} customers later brought {en} times the "
        "average.",
        f"{number} 个时点中 {held} 个等级次序成立；{'或'.join(keys)} 级客户之后的人均销售额是平均值的 {zh} 倍。",
    )


def _top(judged: Judged) -> Text:
    top = judged.top
    assert top is not None
    assert top.lift is not None
    few = top.customers < _FEW
    return Text(
        _nobody_above(judged).en
        + f"{top.tier} customers later brought {top.lift:.1f} times the average"
        + (f" (only {top.customers} of them: a hint, no proof)." if few else "."),
        _nobody_above(judged).zh
        + f"{top.tier} 级客户之后的人均销售额是平均值的 {top.lift:.1f} 倍"
        + (f"（仅 {top.customers} 位，只能参考）。" if few else "。"),
    )


def _nobody_above(judged: Judged) -> Text:
    """Said when the best tiers held nobody."""
    top, best = judged.top, judged.best
    if top is None or top.tier == best:
        return Text("")
    return Text(f"Nobody was in {best}. ", f"当时没有 {best} 级客户。")


def _ladder(judged: Judged) -> Text:
    if judged.monotone:
        return Text("The ladder is monotone.", "等级越高，之后带来的越多。")
    rises = judged.beyond_chance or judged.rises
    en = " and ".join(f"{worse} brought more than {better}" for better, worse in rises)
    zh = "、".join(f"{worse} 高于 {better}" for better, worse in rises)
    if judged.beyond_chance:
        return Text(f"The ladder is not monotone: {en}, beyond chance.", f"等级次序不成立：{zh}，且超出偶然。")
    return Text(
        f"The ladder is not monotone: {en}, though their intervals meet.",
        f"等级次序不成立：{zh}，但区间重叠，可能出于偶然。",
    )


def _against(judged: Judged) -> Text:
    rival = best_rival(judged.rivals)
    if rival is None or rival.behind is None or judged.gini is None:
        return Text("")
    name, ours = RIVALS[rival.name], judged.gini
    en, zh = f"Gini {rival.gini:.2f}, the score's {ours:.2f}", f"基尼 {rival.gini:.2f}，得分 {ours:.2f}"
    if rival.behind.low > 0:
        return Text(
            f"No simple ranking does as well; the best, {name.en}, is behind ({en}).",
            f"没有简单排序能做到这一点；其中最好的{name.zh}也较差（{zh}）。",
        )
    if rival.behind.high < 0:
        return Text(
            f"{_begin(rival)} alone would have ranked customers better ({en}).", f"仅用{name.zh}排序会更好（{zh}）。"
        )
    return Text(f"{_begin(rival)} alone would rank as well ({en}).", f"仅用{name.zh}排序效果相当（{zh}）。")


def _begin(rival: Rival) -> str:
    name = RIVALS[rival.name].en
    return name[:1].upper() + name[1:]
