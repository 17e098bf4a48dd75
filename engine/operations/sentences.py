"""What a ledger entry says, one sentence: by its kind and what its body holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.vocabulary import Text

Body = Mapping[str, Any]


def sentence(kind: str, actor: str, reason: str | None, body: Body) -> Text:
    """One sentence about an entry.

    Args:
        body: What was written about the operation; a part that is not there is not told.
    """
    said = _SENTENCES.get(kind)
    told = said(body) if said is not None else Text(kind.lower().replace("_", " "), kind)
    because = Text("", "") if reason is None else Text(f": {reason}", f"：{reason}")
    return Text(f"{actor} {told.en}{because.en}", f"{actor} {told.zh}{because.zh}")


def _run(body: Body) -> Text:
    decided, changed = body.get("decided", 0), body.get("changed", 0)
    left_out = sum(one["customers"] for one in body.get("left_out", ()))
    en = f", {left_out} left out for damaged chunks" if left_out else ""
    zh = f"，因数据块损坏未评级 {left_out} 位" if left_out else ""
    return Text(
        f"decided {decided} customers, {changed} changed{en}", f"决定了 {decided} 位客户，变化 {changed} 位{zh}"
    )


def _imported(body: Body) -> Text:
    added, corrected, held = body.get("added", 0), body.get("corrected", 0), body.get("quarantined", 0)
    name = body.get("mapping", "")
    return Text(
        f"imported {name}: {added} added, {corrected} corrected, {held} quarantined",
        f"导入 {name}：新增 {added}，更正 {corrected}，隔离 {held}",
    )


def _recorded(body: Body) -> Text:
    if "predicted" in body:
        made = sum(body["predicted"].values())
        return Text(f"stored {made} predictions", f"写入了 {made} 个预测")
    if "estimated" in body:
        return Text("stored value estimates", "写入了价值估计")
    if "customer" in body:
        return Text("made a customer", "新建了客户") if body.get("created") else Text("edited a customer", "修改了客户")
    written = len(body.get("records", ()))
    return Text(f"wrote {written} records", f"写入了 {written} 条记录")


def _sent(body: Body) -> Text:
    sent = sum(body.get("sent", {}).values())
    return Text(f"sent {sent} dispatches", f"发出了 {sent} 个触达")


def _overridden(body: Body) -> Text:
    if body.get("ended"):
        return Text("ended a tier set by hand", "结束了人工评级")
    tier = body.get("tier", "—")
    if body.get("expired"):
        return Text(f"noted that the tier {tier} set by hand has expired", f"记录人工评级 {tier} 已到期")
    if "approved" in body:
        if body["approved"]:
            return Text(f"approved the tier {tier} set by hand", f"批准了人工评级 {tier}")
        return Text(f"refused the tier {tier} set by hand", f"驳回了人工评级 {tier}")
    if body.get("pending"):
        return Text(
            f"asked for the tier {tier} by hand; a second person has to agree", f"申请人工评为 {tier}，待第二人批准"
        )
    return Text(f"set the tier {tier} by hand", f"人工评为 {tier}")


def _closed(body: Body) -> Text:
    if "made" in body:
        made, gone = len(body["made"]), len(body["gone"])
        return Text(
            f"put {made} decisions before a person; of {gone} reviews the reason is gone",
            f"将 {made} 个决定交由人工复核；{gone} 件复核的原因已消失",
        )
    if "assignee" in body:
        name = body["assignee"]
        if name is None:
            return Text("gave a task back", "退回了任务")
        return Text(f"gave a task to {name}", f"将任务分派给 {name}")
    state = body.get("state", "—")
    return Text(f"closed a task as {state}", f"以 {state} 关闭了任务")


def _taken_away(body: Body) -> Text:
    if "customer" in body:
        return Text("erased a person", "抹除了一位客户")
    gone = sum(body.get("dropped", {}).values())
    return Text(f"removed {gone} decisions", f"移除了 {gone} 个决定")


def _granted(body: Body) -> Text:
    roles = ", ".join(role.lower() for role in body.get("roles", ())) or "–"
    name = body.get("actor", "—")
    return Text(f"set the roles of {name} to {roles}", f"将 {name} 的角色设为 {roles}")


def _token(body: Body) -> Text:
    name = body.get("actor", "—")
    if body.get("revoked"):
        return Text(f"revoked a token of {name}", f"吊销了 {name} 的令牌")
    return Text(f"issued a token to {name}", f"为 {name} 签发了令牌")


def _looked(body: Body) -> Text:
    if "customers" not in body:
        return Text("saw personal data unmasked", "查看了个人数据")
    count, found = len(body["customers"]), body.get("found")
    if found is not None:
        whom = "nobody" if not found else "one customer" if found == 1 else f"{found} customers"
        return Text(f"looked into names and found {whom}", f"查找了姓名，找到 {found} 位客户")
    whom = "one customer" if count == 1 else f"{count} customers"
    return Text(f"saw personal data of {whom} unmasked", f"查看了 {count} 位客户的个人数据")


def _of_change(en: str, zh: str, whose: str | None = None) -> Callable[[Body], Text]:
    """What was done with a rule change, by its number; a later round than the first is told, and for whom.

    Args:
        whose: Member that names for whom; None: for whom is not told.
    """

    def said(body: Body) -> Text:
        number, again = body.get("change", "—"), body.get("round", 1)
        late = Text("", "") if again == 1 else Text(f" (round {again})", f"（第 {again} 轮）")
        other = None if whose is None else body.get(whose)
        for_whom = Text("", "") if other is None else Text(f" for {other}", f"（代 {other}）")
        return Text(
            f"{en} rule change {number}{late.en}{for_whom.en}",
            zh.format(f"规则变更 {number}") + late.zh + for_whom.zh,
        )

    return said


def _published(body: Body) -> Text:
    number, edits = body.get("change", "—"), len(body.get("edits", ()))
    some = "1 edit" if edits == 1 else f"{edits} edits"
    by = ", ".join(body.get("approved_by", ()))
    en, zh = (f", approved by {by}", f"，由 {by.replace(', ', '、')} 批准") if by else ("", "")
    return Text(f"made rule change {number} live, {some}{en}", f"使规则变更 {number} 生效，修改 {edits} 处{zh}")


def _shadowed(body: Body) -> Text:
    if body.get("ended"):
        return Text("ended deciding beside the live rules", "结束了双轨并行")
    return Text("let a candidate decide beside the live rules", "启动了候选规则的双轨并行")


def _fixed(en: str, zh: str) -> Callable[[Body], Text]:
    def said(_body: Body) -> Text:
        return Text(en, zh)

    return said


_SENTENCES: Final[Mapping[str, Callable[[Body], Text]]] = {
    "RULES_PROPOSED": _of_change("proposed", "提交了{}", "on_behalf_of"),
    "RULES_APPROVED": _of_change("approved", "批准了{}", "reviewer_for"),
    "RULES_REJECTED": _of_change("refused", "驳回了{}", "reviewer_for"),
    "RULES_WITHDRAWN": _of_change("took back", "撤回了{}", "withdrawn_for"),
    "RULES_SCHEDULED": _of_change("scheduled", "安排了{}的定时生效"),
    "RULES_UNSCHEDULED": _of_change("unscheduled", "取消了{}的定时生效"),
    "RULES_STOPPED": _of_change("stopped the scheduled", "中止了{}的定时生效"),
    "RULES_PUBLISHED": _published,
    "RULES_ROLLED_BACK": _of_change("published an earlier rule book again by", "通过{}回滚了规则库"),
    "RULES_SHADOWED": _shadowed,
    "MODEL_TRAINED": _fixed("trained a model", "训练了模型"),
    "MODEL_PROMOTED": _fixed("made a model version live", "启用了模型版本"),
    "RUN": _run,
    "OVERRIDE": _overridden,
    "TASK": _closed,
    "DISPATCH": _sent,
    "IMPORT": _imported,
    "RECORD": _recorded,
    "ERASURE": _taken_away,
    "EXPORT": _fixed("exported the ledger", "导出了账本"),
    "KEY_ROTATED": _fixed("announced the key that signs the ledger", "公布了签署账本的密钥"),
    "ROLE": _granted,
    "TOKEN": _token,
    "PERSONAL_DATA_READ": _looked,
}
