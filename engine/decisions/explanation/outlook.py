"""What would change a tier, told in sentences: why there is no way up, and what would lose the tier."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from engine.decisions.explanation.values import plain, points, short
from engine.decisions.record import Explained, NextTier, TimeAlone, Way
from engine.vocabulary import Locale, Text

_TOLD: Final = 2


def not_reached(explained: Explained, following: NextTier, locale: Locale) -> str:
    """Why no change of one or two metrics leads to a tier: what stands in the way, or the score attainable.

    That it cannot be reached is said only where everything that can make a difference was tried.
    """
    key = _named(following.key, following.title)
    if following.reachable:
        return no_pair(following, key).within(locale)
    en, zh = f"{key.en} is not reachable by what can be changed", f"{key.zh} 无法通过可改变的指标达到"
    if not following.exhaustive:
        en, zh = f"No way to {key.en} was found among the changes tried", f"在已尝试的改变中未找到达到 {key.zh} 的途径"
    because = _because(following, _asked(explained, following.key))
    return Text(f"{en}{because.en}.", f"{zh}{because.zh}。").within(locale)


def no_pair(following: NextTier, key: Text) -> Text:
    """That one or two changes do not lead to a tier, as far as that is known, and what does."""
    if following.exhaustive:
        en, zh = f"No change of one or two metrics alone leads to {key.en}", f"仅改变一两项指标无法达到 {key.zh}"
    else:
        en = f"No change of one or two metrics was found that leads to {key.en}"
        zh = f"未找到仅改变一两项指标即可达到 {key.zh} 的途径"
    more = ("; changes of more of them together do", "；同时改变更多指标才可以") if following.reachable else ("", "")
    return Text(f"{en}{more[0]}.", f"{zh}{more[1]}。")


def _asked(explained: Explained, key: str) -> Decimal | None:
    """The score that takes a tier, which is more than what keeps it; None: it is not known or the last one."""
    tiers = () if explained.case is None else explained.case.rules.tiers
    return next((points(tier.at_least) for tier in tiers if tier.key == key and tier.at_least is not None), None)


def _because(following: NextTier, asked: Decimal | None) -> Text:
    """What keeps a tier out of reach: conditions, and the score where it is not enough."""
    en, zh, best = "", "", following.attainable
    enough = best is not None and asked is not None and best >= asked
    if best is not None and not enough:
        asked_en, asked_zh = ("", "") if asked is None else (f", {plain(asked)} asked", f"，要求 {plain(asked)}")
        en, zh = f" (score {short(best)} at best{asked_en})", f"（得分最高 {short(best)}{asked_zh}）"
    told = [(one.called, one.remedy) for one in following.blocked_by[:_TOLD] if one.remedy is not None]
    if told:
        en += "; in the way: " + " ".join(f"{called.en}: {remedy.en}" for called, remedy in told).rstrip(".")
        zh += "；阻碍：" + "".join(f"{called.zh or called.en}：{remedy.zh}" for called, remedy in told).rstrip("。")
    elif enough:
        en, zh = "; what it asks for was never met all at once", "；其各项要求从未同时满足"
    return Text(en, zh)


def told_loss(loss: NextTier | None, locale: Locale) -> list[str]:
    """What would lose the tier, in a line; none in the last tier."""
    if loss is None:
        return []
    said = _lost_by(loss.ways[0]) if loss.ways else _not_lost(loss)
    return [said.within(locale)]


def _lost_by(way: Way) -> Text:
    return Text(f"It would be lost: {way.text.en}.", f"以下变化会失去等级：{way.text.zh}。")


def _not_lost(loss: NextTier) -> Text:
    """That one or two changes do not lose the tier, as far as that is known."""
    if loss.reachable:
        more = Text("; changes of more of them together do.", "；同时改变更多指标才会。")
        if loss.exhaustive:
            en, zh = "No change of one or two metrics alone loses the tier", "仅改变一两项指标不会失去等级"
        else:
            en, zh = (
                "No change of one or two metrics was found that loses the tier",
                "未找到仅改变一两项指标即会失去等级的情形",
            )
        return Text(f"{en}{more.en}", f"{zh}{more.zh}")
    en, zh = "Nothing that can be changed loses the tier", "可改变的指标不会使其失去等级"
    if not loss.exhaustive:
        en, zh = "None of the changes tried loses the tier", "已尝试的改变均不会使其失去等级"
    if loss.attainable is not None:
        en, zh = f"{en} (score {short(loss.attainable)} at worst)", f"{zh}（得分最低 {short(loss.attainable)}）"
    return Text(f"{en}.", f"{zh}。")


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
