"""An explanation told in a few lines, in English or Chinese."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from engine.decisions.explanation import phrases
from engine.decisions.explanation.outlook import not_reached
from engine.decisions.explanation.values import plain, rough, short, signed
from engine.decisions.record import ChangePart, CriterionResult, Explained, Hold
from engine.vocabulary import PHASE_TEXTS, RISK_TEXTS, UNRATED, HoldCause, Locale, MetricState, SuppressionCause, Text

MOST_LINES: Final = 11
_LOSSES: Final = 3
_MOVED: Final = 2
_UNRATED: Final = Text("not rated yet", "暂未评级")

SUPPRESSED: Final = {
    "CONSENT": Text("no consent", "未获同意"),
    "COOLDOWN": Text("contacted recently", "冷却期内"),
    "CAP": Text("enough contacts already", "触达次数已满"),
    "HOLDOUT": Text("control group", "对照组"),
    "CAPACITY": Text("no capacity left", "容量已满"),
    "PRIORITY": Text("another campaign goes first", "让位于优先级更高的活动"),
}
"""Why a campaign did not reach a customer, in words."""

CAUSE_TEXTS: Final = {
    "BEHAVIOUR": Text("behaviour", "客户行为"),
    "DATA_CORRECTION": Text("corrected data", "数据更正"),
    "RULE": Text("changed rules", "规则变更"),
    "MODEL": Text("model", "模型"),
    "OVERRIDE": Text("override", "人工设定"),
    "TIME": Text("time passing", "时间推移"),
}
"""What was swapped between two decisions, in words."""

_HOLDS: Final = {
    HoldCause.MISSING_DATA: Text("data are missing", "数据缺失"),
    HoldCause.EXIT_MARGIN: Text("it is within the exit margin", "仍在退出余量内"),
    HoldCause.GRACE: Text("the grace period runs", "宽限期未满"),
    HoldCause.MIN_DWELL: Text("the minimum dwell runs", "未满最短停留期"),
    HoldCause.CONFIRM: Text("further dates must confirm it", "等待后续日期确认"),
}


def narrate(explained: Explained, locale: Locale, who: str = "", churn: Text | None = None) -> list[str]:
    """Tell an explanation in fewer than twelve lines.

    Args:
        who: How the customer is called, e.g. `demo:P-0031`; empty: not named.
        churn: What the churn model says, e.g. probability and its two main reasons; None: the band alone.
    """
    teller = _Teller(explained, locale)
    parts: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: teller.tier(who),
        teller.score,
        teller.losses,
        teller.held,
        lambda: teller.risk(churn),
        teller.stage,
        teller.change,
        teller.next_tier,
        teller.campaigns,
        teller.tags,
    )
    return [line for part in parts for line in part()][:MOST_LINES]


class _Teller:
    """Says one thing at a time, or nothing where there is nothing to say."""

    def __init__(self, explained: Explained, locale: Locale) -> None:
        self.explained = explained
        self.locale = locale
        self.zh = locale is Locale.ZH

    def _say(self, en: str, zh: str) -> str:
        return zh if self.zh else en

    def _list(self, parts: list[str]) -> str:
        return ("；" if self.zh else "; ").join(parts)

    def _date(self, instant: datetime) -> str:
        return instant.astimezone(ZoneInfo(self.explained.timezone)).date().isoformat()

    def _key(self, key: str | None) -> str:
        if key is None:
            return f"{UNRATED} ({_UNRATED.en})" if not self.zh else f"{UNRATED}（{_UNRATED.zh}）"
        title = self.explained.titles.get(key, Text(key)).within(self.locale)
        return key if title == key else self._say(f"{key} ({title})", f"{key}（{title}）")

    def tier(self, who: str) -> Iterator[str]:
        """The effective tier, since when, and why."""
        view, explained = self.explained.tier, self.explained
        name = f"{who} · " if who else ""
        line = self._say(
            f"{name}{explained.market}, tier {self._key(view.effective)} since {self._date(view.since)}",
            f"{name}{explained.market}，等级 {self._key(view.effective)}，自 {self._date(view.since)} 起",
        )
        if view.previous is not None and view.previous != view.effective:
            line += self._say(f", before {view.previous}", f"，之前为 {view.previous}")
        why = next((verdict.text.within(self.locale) for verdict in explained.tiers if verdict.result == "TAKEN"), "")
        yield line + (self._say(". ", "。") + why if why else self._say(".", "。")) + self._remark()

    def _remark(self) -> str:
        view = self.explained.tier
        if view.effective != view.computed:
            return self._say(
                f" Set by hand; by the rules it would be {self._key(view.computed)}.",
                f"由人工设定；按规则应为 {self._key(view.computed)}。",
            )
        if view.provisional:
            return self._say(" Provisional until the missing data are there.", "数据缺失，暂定。")
        if view.computed is None:
            return self._say(" Too little is known for a score.", "已知数据不足，无法评分。")
        return ""

    def score(self) -> Iterator[str]:
        """The score, its bounds, how much of it is known."""
        explained = self.explained
        known = plain(round(explained.coverage * 100, 1))
        low, high = short(explained.bounds.low), short(explained.bounds.high)
        if explained.score is None:
            assumed = any(one.state is MetricState.ASSUMED for one in explained.criteria)
            yield self._say(
                f"Score unknown ({known} % of the weights are known); "
                + (
                    f"with what is assumed it would be {low} to {high}." if assumed else f"it could be {low} to {high}."
                ),
                f"得分未知（已知权重 {known} %），" + ("按假定的分值" if assumed else "可能") + f"为 {low} 至 {high}。",
            )
            return
        line = self._say(f"Score {short(explained.score)} of 100", f"得分 {short(explained.score)}（满分 100）")
        if low != high:
            line += self._say(
                f", {low} to {high} with what is missing ({known} % known)",
                f"，计入缺失项为 {low} 至 {high}（已知 {known} %）",
            )
        yield line + self._say(".", "。")

    def losses(self) -> Iterator[str]:
        """The three criteria that cost most points: the book's reasons for what is known, else what was assumed."""
        texts = {reason.criterion: reason.text.within(self.locale) for reason in self.explained.reasons}
        losing = [criterion for criterion in self.explained.criteria if criterion.points_lost > 0]
        worst = sorted(losing, key=lambda criterion: (-criterion.points_lost, criterion.name))[:_LOSSES]
        if worst:
            named = [(texts.get(c.name) or self._lost(c), rough(c.points_lost)) for c in worst]
            parts = [self._say(f"{text} (−{lost})", f"{text}（−{lost}）") for text, lost in named]
            yield self._say("Largest losses of points: ", "失分最多：") + self._list(parts) + self._say(".", "。")

    def _lost(self, criterion: CriterionResult) -> str:
        """A criterion that cost points and that the book gives no reason for."""
        assumed = criterion.state is MetricState.ASSUMED
        return (phrases.assumed(criterion) if assumed else criterion.title).within(self.locale)

    def held(self) -> Iterator[str]:
        """What keeps the customer from moving, until when."""
        for hold in self.explained.held_by:
            yield self._held(hold)

    def _held(self, hold: Hold) -> str:
        if hold.cause is HoldCause.MISSING_DATA:
            return self._kept_unknown(hold)
        why = _HOLDS[hold.cause].within(self.locale)
        until = self._say(f" until {self._date(hold.until)}", f"，至 {self._date(hold.until)}") if hold.until else ""
        return self._say(
            f"Held: {why}; otherwise it would be {hold.tier}."
            if not until
            else f"Held{until}: {why}; then it would be {hold.tier}.",
            f"保持不变：{why}{until}；否则为 {hold.tier}。",
        )

    def _kept_unknown(self, hold: Hold) -> str:
        """Kept for want of data: what else it could be, in agreement with the range of the score."""
        why, missing = _HOLDS[hold.cause].within(self.locale), self._missing(hold)
        if hold.tier == self.explained.tier.computed:
            return self._say(f"Held: {why}{missing}.", f"保持不变：{why}{missing}。")
        return self._say(
            f"Held: {why}{missing}; with them it could be {hold.tier}.",
            f"保持不变：{why}{missing}；补齐后可能为 {hold.tier}。",
        )

    def _missing(self, hold: Hold) -> str:
        titles = {metric.name: metric.title.within(self.locale) for metric in self.explained.metrics}
        names = [titles.get(name, name) for name in hold.metrics]
        if not names:
            return ""
        return self._say(f" ({', '.join(names)})", f"（{'、'.join(names)}）")

    def risk(self, churn: Text | None) -> Iterator[str]:
        """The risk band and what the churn model says."""
        risk = self.explained.risk
        if risk is None and churn is None:
            return
        band = RISK_TEXTS[risk].within(self.locale) if risk is not None else self._say("unknown", "未知")
        more = churn.within(self.locale) if churn is not None else ""
        yield self._say(f"Churn risk {band}", f"流失风险：{band}") + (
            self._say(f": {more}.", f"，{more}。") if more else self._say(".", "。")
        )

    def stage(self) -> Iterator[str]:
        """The lifecycle stage and what it asks for."""
        explained, rule = self.explained, self.explained.stage_rule
        phase = PHASE_TEXTS[explained.phase].within(self.locale)
        title = rule.text.within(self.locale) or explained.stage.value
        if rule.held:
            yield self._say(
                f"Stage {explained.stage} kept: data are missing to tell otherwise ({phase}).",
                f"阶段 {explained.stage} 保持不变：数据缺失（{phase}）。",
            )
        else:
            yield self._say(
                f"Stage {explained.stage}: {title} ({phase}).", f"阶段 {explained.stage}：{title}（{phase}）。"
            )

    def change(self) -> Iterator[str]:
        """What changed since the decision before, score and effective tier in the same parts."""
        parts = [part for part in self.explained.change or () if part.delta or part.tier]
        if parts:
            deltas = [part.delta for part in self.explained.change or () if part.delta is not None]
            told = self._list([self._part(part) for part in parts])
            if len(deltas) < len(self.explained.change or ()):
                yield self._say(f"Since the decision before: {told}.", f"较上次决定：{told}。")
            else:
                delta = signed(sum(deltas))
                yield self._say(
                    f"Since the decision before {delta} points: {told}.", f"较上次决定 {delta} 分：{told}。"
                )

    def _part(self, part: ChangePart) -> str:
        """One cause, e.g. "behaviour +18.8 (Spend +18.8, tier C → B)"."""
        titles = {criterion.name: criterion.title.within(self.locale) for criterion in self.explained.criteria}
        known = part.criteria if part.delta is not None else ()
        moved = sorted((c for c in known if c.delta), key=lambda c: (-abs(c.delta), c.name))
        details = [f"{titles.get(c.name, c.name)} {signed(c.delta)}" for c in moved[:_MOVED]]
        if len(moved) > _MOVED:
            details.append(self._say("others ", "其他 ") + signed(sum(c.delta for c in moved[_MOVED:])))
        if part.tier:
            details.append(
                self._say(f"tier {part.tier_before} → {part.tier}", f"等级 {part.tier_before} → {part.tier}")
            )
        cause = CAUSE_TEXTS[part.cause].within(self.locale)
        number = f" {signed(part.delta)}" if part.delta is not None and moved else ""
        return f"{cause}{number}" + self._say(f" ({', '.join(details)})", f"（{'，'.join(details)}）")

    def next_tier(self) -> Iterator[str]:
        """The first way to the next tier."""
        following = self.explained.next_tier
        if following is None or self.explained.tier.computed is None:
            return
        key = self._key(following.key)
        if not following.ways and any(hold.cause is HoldCause.MISSING_DATA for hold in self.explained.held_by):
            return
        if not following.ways:
            yield not_reached(self.explained, following, self.locale)
            return
        yield (
            self._say("To ", "达到 ")
            + key
            + self._say(": ", "：")
            + following.ways[0].text.within(self.locale).rstrip(".。")
            + self._say(".", "。")
        )

    def campaigns(self) -> Iterator[str]:
        """What the triggered campaigns did."""
        told, unknown = [], 0
        for campaign in self.explained.campaigns:
            title, cause = campaign.title.within(self.locale), campaign.suppressed_by
            if cause is None:
                told.append(self._say(f"{title} ({campaign.channel})", f"{title}（{campaign.channel}）"))
            elif cause == SuppressionCause.UNKNOWN_DATA:
                unknown += 1
            else:
                why = SUPPRESSED[cause].within(self.locale)
                told.append(self._say(f"not {title}: {why}", f"未执行 {title}：{why}"))
        if unknown:
            told.append(self._say(f"{unknown} undecided, data are missing", f"{unknown} 项因数据缺失未判断"))
        if told:
            yield self._say("Campaigns: ", "活动：") + self._list(told) + self._say(".", "。")

    def tags(self) -> Iterator[str]:
        """The labels."""
        titles = [tag.text.within(self.locale) for tag in self.explained.tags]
        if titles:
            yield self._say("Tags: ", "标签：") + ("、" if self.zh else ", ").join(titles) + self._say(".", "。")
