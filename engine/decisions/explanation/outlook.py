"""What would change a tier, told in sentences: why there is no way up, and what would lose the tier."""

from __future__ import annotations

from typing import Final

from engine.decisions.explanation.values import plain, short
from engine.decisions.record import Explained, NextTier, TimeAlone
from engine.vocabulary import Locale, Text

_TOLD: Final = 2


def not_reached(explained: Explained, following: NextTier, locale: Locale) -> str:
    """Why no change of one or two metrics leads to a tier: what stands in the way, or the score attainable."""
    key = _named(following.key, following.title)
    if following.reachable:
        return Text(
            f"No change of one or two metrics alone leads to {key.en}; all together do.",
            f"仅改变一两项指标无法达到 {key.zh}；全部改变才可以。",
        ).within(locale)
    needed = next((verdict.needed for verdict in explained.tiers if verdict.key == following.key), None)
    en, zh = f"{key.en} is not reachable by what can be changed", f"{key.zh} 无法通过可改变的指标达到"
    if following.attainable is not None:
        at_best = short(following.attainable)
        asked = (f", {plain(needed)} asked", f"，要求 {plain(needed)}") if needed is not None else ("", "")
        en, zh = f"{en} (score {at_best} at best{asked[0]})", f"{zh}（得分最高 {at_best}{asked[1]}）"
    told = [(one.called, one.remedy) for one in following.blocked_by[:_TOLD] if one.remedy is not None]
    if told:
        en += "; in the way: " + " ".join(f"{called.en}: {remedy.en}" for called, remedy in told).rstrip(".")
        zh += "；阻碍：" + "".join(f"{called.zh or called.en}：{remedy.zh}" for called, remedy in told).rstrip("。")
    return Text(f"{en}.", f"{zh}。").within(locale)


def told_loss(loss: NextTier | None, locale: Locale) -> list[str]:
    """What would lose the tier, in a line; none in the last tier."""
    if loss is None:
        return []
    if loss.ways:
        return [
            Text(f"It would be lost: {loss.ways[0].text.en}.", f"以下变化会失去等级：{loss.ways[0].text.zh}。").within(
                locale
            )
        ]
    if loss.reachable:
        return [
            Text(
                "No change of one or two metrics alone loses the tier; all together do.",
                "仅改变一两项指标不会失去等级；全部改变才会。",
            ).within(locale)
        ]
    worst = (
        ("", "")
        if loss.attainable is None
        else tuple(text.format(short(loss.attainable)) for text in (" (score {} at worst)", "（得分最低 {}）"))
    )
    return [
        Text(
            f"Nothing that can be changed loses the tier{worst[0]}.", f"可改变的指标不会使其失去等级{worst[1]}。"
        ).within(locale)
    ]


def told_wait(waiting: TimeAlone | None, locale: Locale) -> str:
    """What time alone brings within two years, in a line."""
    stays = Text("If nothing happens, the tier stays as it is for two years.", "若无任何变化，两年内等级不变。")
    return (stays if waiting is None else waiting.text).within(locale)


def _named(key: str, title: Text) -> Text:
    """A tier's key with its title, if that says more."""
    chinese = title.zh or title.en
    return Text(
        key if title.en in ("", key) else f"{key} ({title.en})", key if chinese in ("", key) else f"{key}（{chinese}）"
    )
