"""Edits as sentences in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.vocabulary import Text

_FILES: Final[Mapping[str, Text]] = {
    "b2b": Text("B2B", "B2B"),
    "b2c": Text("B2C", "B2C"),
    "metrics": Text("Metrics", "指标"),
    "lifecycle": Text("Lifecycle", "生命周期"),
    "campaigns": Text("Campaigns", "活动"),
    "rulebook": Text("Rule book", "规则总表"),
}
_SILENT: Final = frozenset(("scorecard", "criteria", "triggers", "metrics", "lifecycle"))
"""Steps of an address that a reader does not need."""

_KINDS: Final[Mapping[str, Text]] = {
    "tiers": Text("tier", "等级"),
    "gates": Text("gate", "门槛"),
    "force": Text("force rule", "强制规则"),
    "tests": Text("test", "测试"),
    "fixtures": Text("fixture", "样例"),
    "tags": Text("tag", "标签"),
    "channels": Text("channel", "渠道"),
    "reasons": Text("reason", "原因"),
}
"""Lists whose items are introduced by what they are."""

_KEYS: Final[Mapping[str, Text]] = {
    "weight": Text("weight", "权重"),
    "curve": Text("curve", "曲线"),
    "bins": Text("bins", "分段"),
    "edges": Text("edges", "边界"),
    "points": Text("points", "分数"),
    "metric": Text("metric", "指标"),
    "missing": Text("missing", "缺失处理"),
    "default": Text("default", "默认"),
    "min_known_weight": Text("least known weight (%)", "最低已知权重（%）"),
    "at_least": Text("starts at", "起点分"),
    "or_when": Text("also when", "或当"),
    "gates": Text("gates", "门槛"),
    "when": Text("when", "条件"),
    "on_unknown": Text("if unknown", "未知时"),
    "tier": Text("tier", "等级"),
    "reason": Text("reason", "原因"),
    "title": Text("title", "标题"),
    "stability": Text("stability", "稳定性"),
    "exit_margin": Text("exit margin", "退出余量"),
    "grace": Text("grace", "宽限期"),
    "min_dwell": Text("least stay", "最短停留"),
    "down": Text("down", "降级方式"),
    "up": Text("up", "升级方式"),
    "confirm": Text("confirmations", "确认次数"),
    "risk": Text("risk", "流失风险"),
    "bands": Text("bands", "档位"),
    "force": Text("force rules", "强制规则"),
    "tiers": Text("tiers", "等级"),
    "tests": Text("tests", "测试"),
    "invariants": Text("invariants", "不变式"),
    "fixtures": Text("fixtures", "样例"),
    "scorecard": Text("scorecard", "评分卡"),
    "order": Text("order", "顺序"),
    "take": Text("takes", "取值"),
    "from": Text("from", "来源"),
    "where": Text("where", "筛选"),
    "within": Text("window", "时间窗口"),
    "type": Text("type", "类型"),
    "empty": Text("without records", "无记录时"),
    "expr": Text("calculated as", "计算式"),
    "priority": Text("priority", "优先级"),
    "channel": Text("channel", "渠道"),
    "template": Text("template", "模板"),
    "cooldown": Text("cooldown", "冷却期"),
    "holdout": Text("holdout", "对照组"),
    "percent": Text("percent", "百分比"),
    "per_day": Text("per day", "每日上限"),
    "due": Text("due within", "办理期限"),
    "unit_cost": Text("unit cost", "单位成本"),
    "cap": Text("cap", "触达上限"),
    "consent": Text("consent", "同意"),
    "phase": Text("phase", "时期"),
    "currency": Text("currency", "货币"),
    "timezone": Text("time zone", "时区"),
    "owner": Text("owner", "负责人"),
    "review_by": Text("review by", "复审日期"),
    "guardrails": Text("guardrails", "护栏"),
    "approval": Text("approval", "审批"),
    "sources": Text("sources", "数据来源"),
    "fresh_within": Text("fresh within", "数据时效"),
}


def sentence(path: tuple[str, ...], before: str | None, after: str | None) -> Text:
    """Say an edit in words.

    >>> sentence(("b2b", "scorecard", "criteria", "churn_risk", "weight"), "5", "8").en
    'B2B · churn_risk: weight 5 → 8'
    >>> sentence(("b2b", "tiers", "A", "at_least"), "70", "72").zh
    'B2B · 等级 A：起点分 70 → 72'
    """
    return Text(_sentence(path, before, after, "en"), _sentence(path, before, after, "zh"))


def _sentence(path: tuple[str, ...], before: str | None, after: str | None, language: str) -> str:
    file, where, key = _steps(path, language)
    begin = " · ".join([file, *where])
    colon, added, removed = (": ", "added", "removed") if language == "en" else ("：", "新增", "删除")
    if before is not None and after is not None:
        return f"{begin}{colon}{key} {_short(before)} → {_short(after)}"
    shown = after if after is not None else before or ""
    change = added if after is not None else removed
    listing = f" ({_short(shown)})" if len(shown) <= 80 else ""
    return f"{begin}{colon}{key} {change}{listing}"


def _steps(path: tuple[str, ...], language: str) -> tuple[str, list[str], str]:
    """File, things on the way, and the key or thing itself, in words."""
    file = getattr(_FILES[path[0]], language) if path[0] in _FILES else path[0]
    if len(path) == 1:
        return file, [], {"en": "file", "zh": "文件"}[language]
    steps: list[str] = []
    for index, step in enumerate(path[1:-1], 1):
        if step in _SILENT or (step in _KINDS and index < len(path) - 1):
            continue
        steps.append(_name(path[index - 1], step, language))
    parent = path[-2]
    last = _name(parent, path[-1], language) if parent in _KINDS else _word(path[-1], language)
    return file, steps, last


def _name(parent: str, step: str, language: str) -> str:
    """A thing with what it is, e.g. `tier A`."""
    kind = _KINDS.get(parent)
    return f"{getattr(kind, language)} {step}" if kind and step != "order" else _word(step, language)


def _word(key: str, language: str) -> str:
    found = _KEYS.get(key)
    return getattr(found, language) if found else key


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}…"
